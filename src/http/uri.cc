#include "base/bytes.h"
#include "http/server.h"

namespace cloister::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = text.size() - i > 2 ? hex_value(text[i + 1]) : -1;
            const int low = text.size() - i > 2 ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return Error(ErrorCode::invalid_argument, "a percent sign must be followed by two hexadecimal digits");
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') return Error(ErrorCode::invalid_argument, "a NUL byte is not allowed in an address");
        decoded.push_back(c);
    }
    if (!is_valid_utf8(decoded)) return Error(ErrorCode::invalid_argument, "an address must be UTF-8 once decoded");
    return decoded;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view piece = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (piece.empty()) continue;
        const std::size_t equals = std::min(piece.find('='), piece.size());
        CLOISTER_ASSIGN_OR_RETURN(std::string name, percent_decode(piece.substr(0, equals), true));
        CLOISTER_ASSIGN_OR_RETURN(std::string value,
                                  percent_decode(piece.substr(std::min(equals + 1, piece.size())), true));
        parameters.emplace_back(std::move(name), std::move(value));
    }
    return parameters;
}

}  // namespace cloister::http
