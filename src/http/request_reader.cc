#include "http/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "base/assert.h"
#include "base/text.h"

namespace cloister::http {
namespace {

namespace beast = boost::beast;
using ErrorCodeOf = beast::error_code;
using Text = beast::string_view;

constexpr std::size_t kFieldsLimit = 100;                 // far above any client, far below what costs time
constexpr std::size_t kTargetLimit = 8000;                // RFC 9110 section 4.1 asks for at least this
constexpr std::size_t kBodyReserveLimit = 64 * 1024;      // a length that is only claimed must not cost memory
constexpr std::size_t kChunkOverheadLimit = 1024 * 1024;  // all chunk lines of one body

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_supported_method(std::string_view method) {
    return is_one_of(method, {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"});
}

// A host, an address in brackets, and a port: enough to keep separators and credentials out (RFC 9112 section 3.2).
bool is_plain_authority(std::string_view host) {
    return std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-._~!$&'()*+,;=:[]%").find(c) != std::string_view::npos;
    });
}

bool is_plain_target(std::string_view target) {
    return std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

// The statuses for Beast's reasons; all others are a plain 400.
int status_of(const ErrorCodeOf& error) {
    if (error == beast::http::error::body_limit) return 413;
    if (error == beast::http::error::header_limit) return 431;
    return 400;
}

// "HTTP/" digit "." digit with a version that is not ours, as opposed to a broken request line.
bool names_other_version(std::string_view line) {
    const std::size_t at = line.rfind(' ');
    if (at == std::string_view::npos) return false;
    const std::string_view version = line.substr(at + 1);
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) && version[6] == '.' &&
           digit(version[7]) && version != "HTTP/1.1" && version != "HTTP/1.0";
}

}  // namespace

// Fills a Request as Beast's parser reports the parts. One object per request: Beast's parsers cannot be used again.
class RequestReader::Parser final : public beast::http::basic_parser<true> {
 public:
    explicit Parser(const RequestLimits& limits) {
        header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes, 1u << 30)));
        body_limit(std::uint64_t{limits.body_bytes});
        eager(true);
        request.headers.reserve(8);
    }

    Request request;
    int refusal = 0;  // set when we refuse, rather than Beast
    int minor_version = 1;
    bool expects_continue = false;
    std::size_t overhead_bytes = 0;

 private:
    void refuse(int status, ErrorCodeOf& error) {
        refusal = status;
        error = beast::http::error::bad_value;
    }

    void on_request_impl(beast::http::verb, Text method, Text target, int version, ErrorCodeOf& error) override {
        request.method.assign(method.data(), method.size());
        request.target.assign(target.data(), target.size());
        minor_version = version - 10;
        if (!is_supported_method(request.method)) return refuse(501, error);
        if (request.target.size() > kTargetLimit) return refuse(414, error);
        if (!split_target()) refuse(400, error);
    }

    void on_response_impl(int, Text, int, ErrorCodeOf&) override {}

    void on_field_impl(beast::http::field field, Text name, Text value, ErrorCodeOf& error) override {
        if (header_done_) return;  // trailers are read and dropped: nothing may depend on them (RFC 9110 section 6.5.1)
        if (request.headers.size() == kFieldsLimit) return refuse(431, error);
        std::string_view text(value.data(), value.size());
        switch (field) {
            case beast::http::field::host: ++hosts_; break;
            case beast::http::field::content_length:
                ++lengths_;
                if (text.find_first_not_of("0123456789") != std::string_view::npos) return refuse(400, error);
                break;
            case beast::http::field::transfer_encoding:
                ++codings_;
                if (to_lower_ascii(text) != "chunked") return refuse(501, error);
                break;
            case beast::http::field::expect:
                if (to_lower_ascii(text) != "100-continue") return refuse(417, error);
                expects_continue = minor_version == 1;
                break;
            default: break;
        }
        request.headers.emplace_back(to_lower_ascii({name.data(), name.size()}), text);
    }

    void on_header_impl(ErrorCodeOf& error) override {
        header_done_ = true;
        if (lengths_ + codings_ > 1 || hosts_ > 1 || (hosts_ == 0 && minor_version == 1) ||
            (codings_ > 0 && minor_version == 0) || !is_plain_authority(request.header("host")))
            refuse(400, error);
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCodeOf&) override {
        if (length) request.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, kBodyReserveLimit)));
    }
    std::size_t on_body_impl(Text part, ErrorCodeOf&) override {
        request.body.append(part.data(), part.size());
        return part.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text extensions, ErrorCodeOf& error) override {
        overhead_bytes += extensions.size() + 4;
        if (overhead_bytes > kChunkOverheadLimit + request.body.size()) refuse(413, error);
    }
    std::size_t on_chunk_body_impl(std::uint64_t, Text part, ErrorCodeOf&) override {
        request.body.append(part.data(), part.size());
        return part.size();
    }
    void on_finish_impl(ErrorCodeOf&) override {}

    // Origin form, "*" for OPTIONS, or absolute form, which RFC 9112 section 3.2.2 obliges servers to take.
    bool split_target() {
        std::string_view rest = request.target;
        if (!is_plain_target(rest)) return false;
        for (const std::string_view scheme : {"http://", "https://"}) {
            if (!to_lower_ascii(rest.substr(0, scheme.size())).starts_with(scheme)) continue;
            const std::size_t path = rest.find_first_of("/?", scheme.size());
            if (path == scheme.size()) return false;
            rest = path == std::string_view::npos ? "/" : rest.substr(path);
            break;
        }
        const std::size_t mark = std::min(rest.find('?'), rest.size());
        request.path = rest.substr(0, mark);
        request.query = rest.substr(std::min(mark + 1, rest.size()));
        if (request.path.empty() && request.target.front() != '/') request.path = "/";
        return request.path.starts_with('/') || (rest == "*" && request.method == "OPTIONS");
    }

    bool header_done_ = false;
    unsigned hosts_ = 0;
    unsigned lengths_ = 0;
    unsigned codings_ = 0;
};

RequestReader::RequestReader(RequestLimits limits) : limits_(limits) {}
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

bool RequestReader::in_body() const { return in_body_; }
bool RequestReader::expects_continue() const {
    return in_body_ && parser_->expects_continue && parser_->request.body.empty() && !has_kept();
}
std::size_t RequestReader::body_bytes() const { return in_body_ ? parser_->request.body.size() : 0; }
bool RequestReader::keep_alive() const { return parser_->minor_version == 1 && parser_->keep_alive(); }

Request RequestReader::take() {
    CLOISTER_ASSERT(parser_ != nullptr && !in_body_);
    Request request = std::move(parser_->request);
    return request;
}

RequestReader::Outcome RequestReader::refuse(int status) {
    refusal_ = status;
    return Outcome::refused;
}

void RequestReader::drop(std::size_t count) {
    offset_ += count;
    scanned_ = line_start_ = 0;
    if (offset_ < kept_.size()) return;
    kept_.clear();
    offset_ = 0;
    if (kept_.capacity() > 64 * 1024) kept_.shrink_to_fit();
}

RequestReader::Outcome RequestReader::next(std::string_view& input) {
    if (refusal_ != 0) return Outcome::refused;
    if (in_body_ && !has_kept()) return read_body(input);
    if (!has_kept() && input.empty()) return Outcome::need_more;
    kept_.append(input);
    input = {};
    if (!in_body_) {
        const Outcome header = read_header();
        if (header != Outcome::need_more || !in_body_) return header;
    }
    std::string_view unused = rest();
    const std::size_t before = unused.size();
    const Outcome outcome = read_body(unused);
    drop(before - unused.size());
    return outcome;
}

// Finds the end of the header before parsing it: the limit then covers the whole of it, and what is dangerous in
// between (bare LF, folded lines) is refused at once instead of after a time-out.
RequestReader::Outcome RequestReader::read_header() {
    while (rest().starts_with("\r\n") && scanned_ == 0) {  // RFC 9112 section 2.2: empty lines before a request
        drop(2);
        if (!has_kept()) return Outcome::need_more;
    }
    const std::string_view text = rest();
    std::size_t end = 0;
    while (end == 0) {
        const std::size_t at = text.find('\n', scanned_);
        if (std::min(at, text.size()) >= limits_.header_bytes) return refuse(line_start_ == 0 ? 414 : 431);
        if (at == std::string_view::npos) {
            scanned_ = text.size();
            return Outcome::need_more;
        }
        if (at == 0 || text[at - 1] != '\r') return refuse(400);
        if (at - 1 == line_start_) end = at + 1;
        if (line_start_ > 0 && (text[line_start_] == ' ' || text[line_start_] == '\t')) return refuse(400);
        scanned_ = line_start_ = at + 1;
    }

    parser_ = std::make_unique<Parser>(limits_);
    ErrorCodeOf error;
    const std::string_view header = text.substr(0, end);
    const std::size_t used = parser_->put(boost::asio::const_buffer(header.data(), header.size()), error);
    if (parser_->refusal != 0) return refuse(parser_->refusal);
    if (error == beast::http::error::bad_version && names_other_version(header.substr(0, header.find('\r'))))
        return refuse(505);
    if (error && error != beast::http::error::need_more) return refuse(status_of(error));
    if (!parser_->is_header_done() || used != end) return refuse(400);
    drop(end);
    if (parser_->is_done()) return Outcome::complete;
    in_body_ = true;
    return Outcome::need_more;
}

// `input` is either new or what was kept; what Beast leaves over (a partial chunk line) has to be seen again.
RequestReader::Outcome RequestReader::read_body(std::string_view& input) {
    ErrorCodeOf error;
    while (!input.empty()) {
        const std::size_t used = parser_->put(boost::asio::const_buffer(input.data(), input.size()), error);
        input.remove_prefix(used);
        if (parser_->refusal != 0) return refuse(parser_->refusal);
        if (error && error != beast::http::error::need_more) return refuse(status_of(error));
        if (parser_->is_done()) {
            in_body_ = false;
            return Outcome::complete;
        }
        if (used == 0) break;
    }
    if (input.size() > limits_.header_bytes) return refuse(431);
    if (input.empty() || has_kept()) return Outcome::need_more;
    kept_.append(input);
    input = {};
    return Outcome::need_more;
}

}  // namespace cloister::http
