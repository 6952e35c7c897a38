// The HTTP server: TLS, HTTP/1.1 with keep-alive and pipelining, limits, time-outs and graceful drain. Handlers see
// plain Request and Response; Asio, Beast and OpenSSL stay inside this folder.
//
// One io_context per thread, one acceptor handing sockets out in turn. A handler is called on the connection's thread
// and must not block: long work goes to a worker pool and answers through the Responder, from any thread.
//
// Limits   ServerOptions; every one has its reason there.
// Threads  Server's methods may be called from any thread; Responder may be used once, from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/function.h"
#include "base/result.h"

namespace cloister::http {

struct Request {
    std::string method;                                        // upper case
    std::string target;                                        // as sent: path and query
    std::string path;                                          // percent-encoded as sent, without the query
    std::string query;                                         // without '?'
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;
    std::string peer;  // network address without port

    // First value of the header (name in lower case), or empty.
    std::string_view header(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

// Answers one request. Destroyed without an answer, it answers 500.
class Responder {
 public:
    class Target;
    explicit Responder(std::shared_ptr<Target> target);
    Responder(Responder&&) noexcept;
    Responder& operator=(Responder&&) noexcept;
    ~Responder();
    void send(Response response);

 private:
    std::shared_ptr<Target> target_;
};

using Handler = std::function<void(Request, Responder)>;

struct TlsOptions {
    std::filesystem::path certificate_file;  // PEM chain; empty: no TLS (loopback health and metrics port only)
    std::filesystem::path key_file;
    bool allow_tls12 = false;
};

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any free one
    unsigned threads = 2;
    TlsOptions tls;
    std::size_t header_limit_bytes = 16 * 1024;
    std::size_t body_limit_bytes = 16 * 1024 * 1024;
    std::size_t bodies_limit_bytes = 512 * 1024 * 1024;  // of all bodies being received at one time; beyond it, 503
    std::size_t connections_limit = 10'000;
    std::size_t connections_per_address = 1'000;
    std::size_t pipeline_limit = 16;          // requests read ahead of their answers on one connection
    std::chrono::seconds header_timeout{10};  // from first byte to end of header, and for the TLS handshake
    std::chrono::seconds body_timeout{60};    // whole body
    std::chrono::seconds idle_timeout{120};   // between requests
    std::chrono::seconds write_timeout{60};   // a client that does not read
};

struct ServerCounters {
    std::uint64_t connections_open = 0;
    std::uint64_t connections_total = 0;
    std::uint64_t connections_refused = 0;
    std::uint64_t requests = 0;
    std::uint64_t bad_requests = 0;  // refused before any handler: syntax, limits, time-outs
    std::uint64_t tls_failures = 0;
};

class Server {
 public:
    // Binds and starts. unavailable with a plain sentence when the address is in use; invalid_argument for
    // certificates.
    static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Handler handler);
    virtual ~Server() = default;
    virtual std::uint16_t port() const = 0;
    virtual ServerCounters counters() const = 0;
    // Stops accepting, answers what was received with "Connection: close", and returns when every connection has ended
    // or `within` has passed (then closes the rest).
    virtual void drain(std::chrono::milliseconds within) = 0;
};

// A self-signed P-256 certificate for `names` (DNS names or addresses), valid for `days`, and its key, both PEM. The
// key file is readable by its owner only.
Result<void> make_self_signed(const std::vector<std::string>& names, int days,
                              const std::filesystem::path& certificate_file, const std::filesystem::path& key_file);

// Percent-decoding and query parameters. Errors for broken escapes, ill-formed UTF-8 and NUL.
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace cloister::http
