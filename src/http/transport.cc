#include "http/transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/assert.h"

namespace cloister::http {
namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the peer has gone. Ours sends with
// MSG_NOSIGNAL, so that the process's signal disposition is nobody's business here.
Transport& transport_of(BIO* bio) { return *static_cast<Transport*>(BIO_get_data(bio)); }

int bio_result(Io outcome, std::size_t count, BIO* bio) {
    BIO_clear_retry_flags(bio);
    if (outcome == Io::done) return static_cast<int>(count);
    if (outcome == Io::wants_read) BIO_set_retry_read(bio);
    if (outcome == Io::wants_write) BIO_set_retry_write(bio);
    if (outcome == Io::ended) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return outcome == Io::ended ? 0 : -1;
}

int bio_read(BIO* bio, char* into, int size) {
    std::size_t count = 0;
    const Io outcome = transport_of(bio).receive(into, static_cast<std::size_t>(size), count);
    return bio_result(outcome, count, bio);
}

int bio_write(BIO* bio, const char* from, int size) {
    std::size_t count = 0;
    const Io outcome = transport_of(bio).transmit(from, static_cast<std::size_t>(size), count);
    return bio_result(outcome, count, bio);
}

long bio_ctrl(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return 0;
}

BIO_METHOD* bio_method() {
    static const Handle<BIO_METHOD, BIO_meth_free> method = [] {
        Handle<BIO_METHOD, BIO_meth_free> made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection"));
        CLOISTER_ASSERT(made != nullptr && BIO_meth_set_read(made.get(), bio_read) == 1 &&
                        BIO_meth_set_write(made.get(), bio_write) == 1 && BIO_meth_set_ctrl(made.get(), bio_ctrl) == 1);
        return made;
    }();
    return method.get();
}

}  // namespace

Transport::Transport(int fd, SSL_CTX* context) : fd_(fd) {
    if (context == nullptr) return;
    session_.reset(SSL_new(context));
    BIO* const bio = BIO_new(bio_method());
    CLOISTER_ASSERT(session_ != nullptr && bio != nullptr);
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(session_.get(), bio, bio);
    SSL_set_accept_state(session_.get());
}

Io Transport::receive(char* into, std::size_t size, std::size_t& count) {
    count = 0;
    if (drained_) return Io::wants_read;
    ssize_t n = 0;
    do n = ::recv(fd_, into, size, 0);
    while (n < 0 && errno == EINTR);
    if (n == 0) return Io::ended;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Io::wants_read : Io::failed;
    count = static_cast<std::size_t>(n);
    drained_ = count < size;
    return Io::done;
}

Io Transport::transmit(const char* from, std::size_t size, std::size_t& count) {
    count = 0;
    ssize_t n = 0;
    do n = ::send(fd_, from, size, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Io::wants_write : Io::failed;
    count = static_cast<std::size_t>(n);
    return Io::done;
}

Io Transport::tls_outcome(int returned) {
    switch (SSL_get_error(session_.get(), returned)) {
        case SSL_ERROR_NONE: return Io::done;
        case SSL_ERROR_WANT_READ: return Io::wants_read;
        case SSL_ERROR_WANT_WRITE: return Io::wants_write;
        case SSL_ERROR_ZERO_RETURN: return Io::ended;
        default: break;
    }
    broken_ = true;
    ERR_clear_error();
    return Io::failed;
}

Io Transport::handshake() {
    if (!session_) return Io::done;
    ERR_clear_error();
    return tls_outcome(SSL_do_handshake(session_.get()));
}

Io Transport::read(std::span<char> into, std::size_t& count) {
    if (!session_) return receive(into.data(), into.size(), count);
    ERR_clear_error();
    count = 0;
    return tls_outcome(SSL_read_ex(session_.get(), into.data(), into.size(), &count));
}

Io Transport::write(std::string_view from, std::size_t& count) {
    if (!session_) return transmit(from.data(), from.size(), count);
    ERR_clear_error();
    count = 0;
    return tls_outcome(SSL_write_ex(session_.get(), from.data(), from.size(), &count));
}

void Transport::finish_writing() {
    if (session_ && !broken_ && SSL_is_init_finished(session_.get())) {
        SSL_shutdown(session_.get());
        ERR_clear_error();
    }
    ::shutdown(fd_, SHUT_WR);
}

Io Transport::discard(std::span<char> scratch, std::size_t& count) {
    return receive(scratch.data(), scratch.size(), count);
}

}  // namespace cloister::http
