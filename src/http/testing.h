// For this folder's tests: a blocking client on loopback, plain or TLS, that shows exactly what the server sent.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "http/server.h"
#include "http/sweep.h"
#include "http/tls.h"

namespace cloister::http::testing {

class Client {
 public:
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    }
    ~Client() { close(); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // True when the handshake succeeds; the server's certificate must verify against `trusted` for localhost.
    bool start_tls(const std::filesystem::path& trusted, int max_version = TLS1_3_VERSION, std::string alpn = "") {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_max_proto_version(context_.get(), max_version);
        EXPECT_EQ(SSL_CTX_load_verify_locations(context_.get(), trusted.c_str(), nullptr), 1);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        session_.reset(SSL_new(context_.get()));
        SSL_set1_host(session_.get(), "localhost");
        if (!alpn.empty()) {
            alpn.insert(alpn.begin(), static_cast<char>(alpn.size()));
            SSL_set_alpn_protos(session_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                                static_cast<unsigned>(alpn.size()));
        }
        SSL_set_fd(session_.get(), fd_);
        return SSL_connect(session_.get()) == 1;
    }
    SSL* session() const { return session_.get(); }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = session_ ? SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()))
                                       : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return;  // the server closed; what it said before can still be read
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    void send_end() { ::shutdown(fd_, SHUT_WR); }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    bool is_readable() {
        pollfd one{fd_, POLLIN, 0};
        return ::poll(&one, 1, 10) == 1;
    }

    // One answer, headers and body; what comes after it stays for the next call. Empty at the end of the stream.
    std::string read_answer(bool is_head = false) {
        std::size_t end = std::string::npos;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
            if (!fill()) return std::exchange(buffer_, {});
        std::size_t size = end + 4;
        const std::size_t length = buffer_.substr(0, end).find("\r\nContent-Length: ");
        if (length != std::string::npos && !is_head) size += std::stoul(buffer_.substr(length + 18));
        while (buffer_.size() < size)
            if (!fill()) return std::exchange(buffer_, {});
        std::string answer = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return answer;
    }
    // Everything until the server closes.
    std::string read_all() {
        while (fill()) {
        }
        return std::exchange(buffer_, {});
    }

 private:
    bool fill() {
        char bytes[4096];
        const ssize_t n =
            session_ ? SSL_read(session_.get(), bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
        if (n <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(n));
        return true;
    }

    int fd_;
    std::string buffer_;
    Handle<SSL_CTX, SSL_CTX_free> context_;
    TlsSession session_;
};

inline int status_of(const std::string& answer) { return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0; }
inline std::string body_of(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "" : answer.substr(end + 4);
}
inline bool has_line(const std::string& answer, std::string_view line) {
    return answer.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

}  // namespace cloister::http::testing
