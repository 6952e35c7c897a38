// A small HTTPS client for commands that ask a server: one GET a connection, blocking.
//
// The server's certificate must chain to the given CA file (a self-signed certificate is its own CA) and name the host
// of the URL; TLS 1.2 or newer.
//
// Threads  get() may be called from any thread; each call has a connection of its own.
// Errors   invalid_argument: the URL or CA file. unavailable: no connection, no answer in time, a certificate that does
//          not hold (the detail says what). too_large: the answer passes the limit.
// Specs    RFC 9110, RFC 9112 (HTTP/1.1), RFC 9525 (names in certificates)
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::http {

struct HttpsUrl {
    std::string host;  // a name, an IPv4 address, or an IPv6 address without brackets
    std::uint16_t port = 443;
};
// "https://host", "https://host:8443/", "https://[::1]:8443". No path, user or query.
Result<HttpsUrl> parse_https_url(std::string_view text);

struct ClientOptions {
    std::filesystem::path ca_file;              // PEM; empty: the system's
    std::chrono::milliseconds timeout{30'000};  // from connecting to the last byte
    std::size_t limit_bytes = 4u << 20;         // of an answer, headers included
};

struct ClientAnswer {
    int status = 0;
    std::string body;
};
// The bytes of a whole answer, as they came until the connection ended. unavailable when something is missing or
// contradicts itself.
Result<ClientAnswer> parse_answer(std::string_view bytes);

// `target` begins with '/'; `bearer` may be empty. Neither may hold control characters.
Result<ClientAnswer> get(const HttpsUrl& url, std::string_view target, std::string_view bearer,
                         const ClientOptions& options);

}  // namespace cloister::http
