// Turns the bytes of one connection into requests, one after the other, and refuses what is malformed, ambiguous or too
// large before any handler sees it. It knows no sockets and no time, so that it can be tested and fuzzed by itself.
//
// Specs  RFC 9112 (syntax and framing), RFC 9110 (methods, Expect). Stricter than both where leniency has let two
//        parties disagree about where a request ends: no bare LF, no folded lines, one Content-Length at most and never
//        beside Transfer-Encoding, no coding but chunked, exactly one Host.
// Threads  The connection's own.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.h"

namespace cloister::http {

struct RequestLimits {
    std::size_t header_bytes;  // request line and header fields; also the trailers of a chunked body
    std::size_t body_bytes;
};

class RequestReader {
 public:
    enum class Outcome { need_more, complete, refused };

    explicit RequestReader(RequestLimits limits);
    RequestReader(RequestReader&&) noexcept;
    ~RequestReader();

    // Goes on with what was kept and then with `input`, from whose front it takes what it used.
    //   need_more  all input was used
    //   complete   take() has the request; the rest of the input belongs to the next one
    //   refused    refusal() has the status; the connection cannot go on, as the end of this request is unknown
    Outcome next(std::string_view& input);
    // Keeps input for later calls of next(), for instance while answers are owed.
    void keep(std::string_view input) { kept_.append(input); }
    bool has_kept() const { return offset_ < kept_.size(); }

    Request take();
    bool keep_alive() const;  // of the request just completed
    int refusal() const { return refusal_; }

    bool in_body() const;  // between the end of a header and the end of its body
    bool has_begun() const { return in_body() || has_kept(); }
    bool expects_continue() const;   // in_body(), the client waits for 100, and nothing of the body has come
    std::size_t body_bytes() const;  // received so far of the body being read

 private:
    class Parser;

    Outcome read_header();
    Outcome read_body(std::string_view& input);
    Outcome refuse(int status);
    std::string_view rest() const { return std::string_view(kept_).substr(offset_); }
    void drop(std::size_t count);

    RequestLimits limits_;
    std::unique_ptr<Parser> parser_;
    std::string kept_;
    std::size_t offset_ = 0;   // start of what is unused in kept_
    std::size_t scanned_ = 0;  // of the unused part: bytes known not to end the header
    std::size_t line_start_ = 0;
    bool in_body_ = false;
    int refusal_ = 0;
};

}  // namespace cloister::http
