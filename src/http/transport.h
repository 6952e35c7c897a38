// The bytes of one connection, with or without TLS, over a non-blocking socket. Nothing here waits: an operation that
// cannot go on says for what, and the connection asks again when the socket is ready.
//
// Threads  The connection's own.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "http/tls.h"

namespace cloister::http {

enum class Io { done, wants_read, wants_write, ended, failed };

class Transport {
 public:
    // Borrows `fd`, which must outlive it. `context` may be null: no TLS.
    Transport(int fd, SSL_CTX* context);
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    bool is_tls() const { return session_ != nullptr; }
    Io handshake();
    // `count` says how many bytes were read or written when the result is done, and is 0 otherwise.
    Io read(std::span<char> into, std::size_t& count);
    Io write(std::string_view from, std::size_t& count);
    // Says goodbye (close_notify) if the socket takes it at once, then ends our direction.
    void finish_writing();
    // Reads and forgets what the peer still sends, below TLS. ended: the peer has finished too.
    Io discard(std::span<char> scratch, std::size_t& count);
    // The socket was reported readable; until then, reads after a short one answer wants_read without a system call.
    void now_readable() { drained_ = false; }
    // Bytes that were received but not read yet, for which no readiness will be reported.
    bool has_buffered() const { return session_ != nullptr && SSL_has_pending(session_.get()) == 1; }

    // For the BIO: bare socket calls.
    Io receive(char* into, std::size_t size, std::size_t& count);
    Io transmit(const char* from, std::size_t size, std::size_t& count);

 private:
    Io tls_outcome(int returned);

    int fd_;
    bool drained_ = false;
    bool broken_ = false;  // TLS failed: close_notify must not be sent
    TlsSession session_;
};

}  // namespace cloister::http
