#include "base/ids.h"

namespace cloister::internal {

bool parse_uuid(std::string_view text, std::byte* out) {
    if (text.size() != 36) return false;
    std::string digits;
    digits.reserve(32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-')) return false;
        if (!dash) digits.push_back(text[i]);
    }
    const auto bytes = hex_decode(digits);
    if (!bytes) return false;
    std::memcpy(out, bytes->data(), 16);
    return true;
}

std::string format_uuid(const std::byte* bytes) {
    std::string text = hex_encode({bytes, 16});
    for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
    return text;
}

void make_uuid_v7(std::uint64_t unix_ms, const std::byte* random, std::byte* out) {
    for (int i = 0; i < 6; ++i) out[i] = static_cast<std::byte>((unix_ms >> (40 - 8 * i)) & 0xff);
    std::memcpy(out + 6, random, 10);
    out[6] = (out[6] & std::byte{0x0f}) | std::byte{0x70};
    out[8] = (out[8] & std::byte{0x3f}) | std::byte{0x80};
}

}  // namespace cloister::internal
