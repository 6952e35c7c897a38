#include "http/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>

#include "base/text.h"
#include "http/tls.h"

namespace cloister::http {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

Error unreachable(const HttpsUrl& url, std::string_view why) {
    return Error(ErrorCode::unavailable, url.host + ":" + std::to_string(url.port) + ": " + std::string(why));
}

class Socket {
 public:
    explicit Socket(int fd) : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    int fd() const { return fd_; }
    // False when the deadline passed first.
    bool wait(short events, Deadline deadline) const {
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
            if (left.count() <= 0) return false;
            pollfd waited{fd_, events, 0};
            const int ready = ::poll(&waited, 1, static_cast<int>(left.count()));
            if (ready > 0) return true;
            if (ready < 0 && errno != EINTR) return false;
        }
    }

 private:
    int fd_;
};

// OpenSSL writes with write(2), which raises SIGPIPE when the server has gone: held back in this thread for the time of
// a request, and taken if it came.
class NoSigpipe {
 public:
    NoSigpipe() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~NoSigpipe() {
        if (sigismember(&before_, SIGPIPE) == 0) {
            const timespec now{0, 0};
            while (sigtimedwait(&pipe_, nullptr, &now) > 0) {
            }
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    NoSigpipe(const NoSigpipe&) = delete;
    NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
    sigset_t pipe_{};
    sigset_t before_{};
};

bool is_address(const std::string& host) {
    in6_addr any{};
    return ::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

// An error number, or nothing when connected.
std::optional<int> connect_within(const Socket& socket, const addrinfo& to, Deadline deadline) {
    if (::connect(socket.fd(), to.ai_addr, to.ai_addrlen) == 0) return std::nullopt;
    if (errno != EINPROGRESS) return errno;
    if (!socket.wait(POLLOUT, deadline)) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error == 0 ? std::nullopt : std::optional(error);
}

Result<Socket> open_connection(const HttpsUrl& url, Deadline deadline) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int status = ::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &found);
        status != 0)
        return unreachable(url, ::gai_strerror(status));
    const std::unique_ptr<addrinfo, FreeWith<::freeaddrinfo>> addresses(found);
    int error = EADDRNOTAVAIL;
    for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
        Socket socket(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (socket.fd() < 0) continue;
        const auto failed = connect_within(socket, *at, deadline);
        if (!failed) return socket;
        error = *failed;
    }
    return unreachable(url, std::strerror(error));
}

Result<TlsContext> make_context(const ClientOptions& options) {
    ERR_clear_error();
    TlsContext context(SSL_CTX_new(TLS_client_method()));
    CLOISTER_ASSERT(context != nullptr && SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const int loaded = options.ca_file.empty()
                           ? SSL_CTX_set_default_verify_paths(context.get())
                           : SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(), nullptr);
    ERR_clear_error();
    if (loaded != 1)
        return Error(ErrorCode::invalid_argument, "no PEM certificates could be read from " + options.ca_file.string());
    return context;
}

Result<TlsSession> make_session(SSL_CTX* context, const HttpsUrl& url, const Socket& socket) {
    TlsSession session(SSL_new(context));
    CLOISTER_ASSERT(session != nullptr && SSL_set_fd(session.get(), socket.fd()) == 1);
    X509_VERIFY_PARAM* const param = SSL_get0_param(session.get());
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool named = is_address(url.host) ? X509_VERIFY_PARAM_set1_ip_asc(param, url.host.c_str()) == 1
                                            : X509_VERIFY_PARAM_set1_host(param, url.host.c_str(), 0) == 1 &&
                                                  SSL_set_tlsext_host_name(session.get(), url.host.c_str()) == 1;
    if (!named) return Error(ErrorCode::invalid_argument, "not a host name: " + url.host);
    return session;
}

// Repeats a step of TLS until it is done. Gives its result, 0 when the connection ended cleanly.
template <class Step>
Result<int> complete(SSL* session, const HttpsUrl& url, const Socket& socket, Deadline deadline, Step step) {
    for (;;) {
        ERR_clear_error();
        const int result = step();
        if (result > 0) return result;
        switch (SSL_get_error(session, result)) {
            case SSL_ERROR_ZERO_RETURN: return 0;
            case SSL_ERROR_WANT_READ:
                if (!socket.wait(POLLIN, deadline)) return unreachable(url, "no answer in time");
                break;
            case SSL_ERROR_WANT_WRITE:
                if (!socket.wait(POLLOUT, deadline)) return unreachable(url, "no answer in time");
                break;
            default: {
                const long verified = SSL_get_verify_result(session);
                ERR_clear_error();
                if (verified != X509_V_OK)
                    return unreachable(
                        url, std::string("its certificate does not hold: ") + X509_verify_cert_error_string(verified));
                return unreachable(url, "the connection broke off");
            }
        }
    }
}

bool is_clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Result<HttpsUrl> parse_https_url(std::string_view text) {
    const auto wrong = [] {
        return Error(ErrorCode::invalid_argument, "a server's address is https://host or https://host:port");
    };
    constexpr std::string_view kScheme = "https://";
    if (to_lower_ascii(text.substr(0, kScheme.size())) != kScheme || !is_clean(text)) return wrong();
    text.remove_prefix(kScheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    if (text.find_first_of("/?#@") != std::string_view::npos) return wrong();
    HttpsUrl url;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return wrong();
        url.host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!is_address(url.host)) return wrong();
    } else {
        const std::size_t colon = text.find(':');
        url.host = text.substr(0, colon);
        if (colon != std::string_view::npos) port = text.substr(colon);
    }
    if (url.host.empty()) return wrong();
    if (port.empty()) return url;
    const auto parsed = port.front() == ':' ? number(port.substr(1)) : std::nullopt;
    if (!parsed || *parsed == 0 || *parsed > 65'535) return wrong();
    url.port = static_cast<std::uint16_t>(*parsed);
    return url;
}

Result<ClientAnswer> parse_answer(std::string_view bytes) {
    const auto broken = [](std::string_view what) {
        return Error(ErrorCode::unavailable, "not a whole HTTP answer: " + std::string(what));
    };
    const std::size_t head = bytes.find("\r\n\r\n");
    if (head == std::string_view::npos) return broken("its head does not end");
    ClientAnswer answer;
    std::optional<std::uint64_t> length;
    bool first = true;
    std::string_view rest = bytes.substr(0, head);
    while (first || !rest.empty()) {
        const std::size_t end = rest.find("\r\n");
        const std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
        if (first) {
            const auto status = line.size() >= 12 && line.starts_with("HTTP/1.1 ") ? number(line.substr(9, 3))
                                                                                   : std::optional<std::uint64_t>();
            if (!status || *status < 200 || *status > 599) return broken("its status line");
            answer.status = static_cast<int>(*status);
            first = false;
            continue;
        }
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return broken("a header line");
        const std::string name = to_lower_ascii(line.substr(0, colon));
        if (name == "transfer-encoding") return broken("a transfer encoding that was not asked for");
        if (name != "content-length") continue;
        const auto parsed = number(trim(line.substr(colon + 1)));
        if (!parsed || (length && *length != *parsed)) return broken("its length");
        length = parsed;
    }
    const std::string_view body = bytes.substr(head + 4);
    // A body without a length would end wherever somebody cuts the connection.
    if (answer.status != 204 && !length) return broken("it does not say its length");
    if (length.value_or(0) != body.size()) return broken("it is cut off");
    answer.body = body;
    return answer;
}

Result<ClientAnswer> get(const HttpsUrl& url, std::string_view target, std::string_view bearer,
                         const ClientOptions& options) {
    if (!target.starts_with('/') || !is_clean(target) || !is_clean(bearer))
        return Error(ErrorCode::invalid_argument, "a request target or token holds blanks or control characters");
    const NoSigpipe no_sigpipe;
    const Deadline deadline = std::chrono::steady_clock::now() + options.timeout;
    CLOISTER_ASSIGN_OR_RETURN(const TlsContext context, make_context(options));
    CLOISTER_ASSIGN_OR_RETURN(const Socket socket, open_connection(url, deadline));
    CLOISTER_ASSIGN_OR_RETURN(const TlsSession session, make_session(context.get(), url, socket));
    SSL* const ssl = session.get();
    CLOISTER_RETURN_IF_ERROR(complete(ssl, url, socket, deadline, [&] { return SSL_connect(ssl); }));

    const bool v6 = url.host.find(':') != std::string::npos;
    std::string request = "GET " + std::string(target) +
                          " HTTP/1.1\r\nHost: " + (v6 ? "[" + url.host + "]" : url.host) + ":" +
                          std::to_string(url.port) + "\r\nConnection: close\r\n";
    if (!bearer.empty()) request += "Authorization: Bearer " + std::string(bearer) + "\r\n";
    request += "\r\n";
    CLOISTER_RETURN_IF_ERROR(complete(
        ssl, url, socket, deadline, [&] { return SSL_write(ssl, request.data(), static_cast<int>(request.size())); }));
    std::string bytes;
    std::array<char, 16'384> piece;
    for (;;) {
        CLOISTER_ASSIGN_OR_RETURN(const int count, complete(ssl, url, socket, deadline, [&] {
                                      return SSL_read(ssl, piece.data(), static_cast<int>(piece.size()));
                                  }));
        if (count == 0) return parse_answer(bytes);
        bytes.append(piece.data(), static_cast<std::size_t>(count));
        if (bytes.size() > options.limit_bytes) return Error(ErrorCode::too_large, "the server's answer is too large");
    }
}

}  // namespace cloister::http
