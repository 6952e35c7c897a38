#include "base/bytes.h"
#include "base/text.h"
#include "policy/document.h"

namespace cloister::policy {
namespace {

// The next code point of valid UTF-8.
char32_t take_code_point(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
    const char32_t first = byte(0);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char32_t point = length == 1 ? first : first & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) point = (point << 6) | (byte(i) & 0x3f);
    text.remove_prefix(length);
    return point;
}

bool disturbs_a_line(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

bool is_fit_reason(std::string_view reason, std::size_t min) {
    if (!is_valid_utf8(reason)) return false;
    std::string_view rest = trim(reason);  // blanks are no reason
    if (rest.size() != reason.size() && reason.find_first_of("\t\r\n") != reason.npos) return false;
    std::size_t characters = 0;
    while (!rest.empty()) {
        if (disturbs_a_line(take_code_point(rest)) || ++characters > kLongestReason) return false;
    }
    return characters >= min && reason.size() <= 4 * kLongestReason;
}

}  // namespace cloister::policy
