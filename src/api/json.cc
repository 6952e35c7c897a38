#include "api/json.h"

#include "base/bytes.h"

namespace cloister::api {

std::optional<json::value> parse_body(std::string_view body, Problems& problems) {
    constexpr std::size_t kMaxDepth = 32;
    if (!is_valid_utf8(body)) {
        problems.push_back({"", "the body is not well-formed UTF-8"});
        return std::nullopt;
    }
    boost::system::error_code ec;
    json::parse_options options;
    options.max_depth = kMaxDepth;
    json::value value = json::parse(body, ec, {}, options);
    if (ec) {
        problems.push_back(
            {"", ec == json::error::too_deep ? "the body is nested too deeply" : "the body is not well-formed JSON"});
        return std::nullopt;
    }
    return value;
}

void append_json(std::string& to, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    to.push_back('"');
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        to.append(text, start, i - start);
        start = i + 1;
        switch (c) {
            case '"': to.append("\\\""); break;
            case '\\': to.append("\\\\"); break;
            case '\n': to.append("\\n"); break;
            case '\r': to.append("\\r"); break;
            case '\t': to.append("\\t"); break;
            default:
                to.append("\\u00");
                to.push_back(kHex[c >> 4]);
                to.push_back(kHex[c & 15]);
        }
    }
    to.append(text, start, text.size() - start);
    to.push_back('"');
}

}  // namespace cloister::api
