#include "base/bytes.h"

namespace cloister {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::array<std::int8_t, 256> inverse_of(const char* alphabet) {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
}

std::string encode64(ByteView bytes, const char* alphabet, bool padded) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        unsigned group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = (group << 8) | (k < count ? std::to_integer<unsigned>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k <= count; ++k) text.push_back(alphabet[(group >> (18 - 6 * k)) & 63]);
        if (padded) text.append(3 - count, '=');
    }
    return text;
}

Result<Bytes> decode64(std::string_view text, const std::array<std::int8_t, 256>& inverse) {
    if (text.size() % 4 == 1) return Error(ErrorCode::invalid_argument, "base64: wrong length");
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    unsigned group = 0;
    int bits = 0;
    for (const char c : text) {
        const int value = inverse[static_cast<unsigned char>(c)];
        if (value < 0) return Error(ErrorCode::invalid_argument, "base64: character outside the alphabet");
        group = (group << 6) | static_cast<unsigned>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<std::byte>((group >> bits) & 0xff));
        }
    }
    if ((group & ((1U << bits) - 1)) != 0) return Error(ErrorCode::invalid_argument, "base64: not canonical");
    return bytes;
}

}  // namespace

std::string hex_encode(ByteView bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte b : bytes) {
        text.push_back(kHexDigits[std::to_integer<unsigned>(b) >> 4]);
        text.push_back(kHexDigits[std::to_integer<unsigned>(b) & 15]);
    }
    return text;
}

Result<Bytes> hex_decode(std::string_view text) {
    if (text.size() % 2 != 0) return Error(ErrorCode::invalid_argument, "hex: odd length");
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return Error(ErrorCode::invalid_argument, "hex: not a hexadecimal digit");
        bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return bytes;
}

std::string base64_encode(ByteView bytes) { return encode64(bytes, kBase64, true); }

Result<Bytes> base64_decode(std::string_view text) {
    static const auto kInverse = inverse_of(kBase64);
    if (text.size() % 4 != 0) return Error(ErrorCode::invalid_argument, "base64: wrong length");
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
    return decode64(text, kInverse);
}

std::string base64url_encode(ByteView bytes) { return encode64(bytes, kBase64Url, false); }

Result<Bytes> base64url_decode(std::string_view text) {
    static const auto kInverse = inverse_of(kBase64Url);
    return decode64(text, kInverse);
}

bool is_valid_utf8(std::string_view text) {
    std::size_t i = 0;
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    while (i < text.size()) {
        // Eight ASCII bytes at a time: nearly all of what passes here.
        if (i + 8 <= text.size()) {
            std::uint64_t chunk = 0;
            std::memcpy(&chunk, text.data() + i, 8);
            if ((chunk & 0x8080808080808080ULL) == 0) {
                i += 8;
                continue;
            }
        }
        const unsigned char lead = byte(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return false;
        for (std::size_t k = 1; k < length; ++k)
            if ((byte(i + k) & 0xc0) != 0x80) return false;
        const unsigned char second = byte(i + 1);
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
            (lead == 0xf4 && second > 0x8f))
            return false;
        i += length;
    }
    return true;
}

}  // namespace cloister
