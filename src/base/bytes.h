// Bytes and how they are written as text: hexadecimal and base64. Little helpers for fixed-width integers, which are
// big-endian everywhere in Cloister's formats unless docs/formats.md says otherwise.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloister {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using Digest = std::array<std::byte, 32>;  // a SHA-256 value

// The same memory seen as bytes, or as characters. Nothing is copied; the argument must outlive the view.
inline ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes to_bytes(ByteView view) { return Bytes(view.begin(), view.end()); }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }
inline void append(Bytes& to, ByteView more) { to.insert(to.end(), more.begin(), more.end()); }
inline void append(Bytes& to, std::string_view more) { append(to, as_bytes(more)); }

// Big-endian integers of 1, 2, 4 or 8 bytes.
template <class Int>
void append_be(Bytes& to, Int value) {
    for (int shift = static_cast<int>(sizeof(Int) - 1) * 8; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::byte>((static_cast<std::uint64_t>(value) >> shift) & 0xff));
}
template <class Int>
void store_be(std::byte* to, Int value) {
    for (std::size_t i = 0; i < sizeof(Int); ++i)
        to[i] = static_cast<std::byte>((static_cast<std::uint64_t>(value) >> (8 * (sizeof(Int) - 1 - i))) & 0xff);
}
// Requires at least sizeof(Int) bytes at `from`.
template <class Int>
Int load_be(const std::byte* from) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Int); ++i) value = (value << 8) | std::to_integer<std::uint64_t>(from[i]);
    return static_cast<Int>(value);
}

// A cursor over untrusted bytes: every read checks the length first. After a failed read, ok() stays false and later
// reads return zeroes and empty views, so that a parser can check once at its end.
class ByteReader {
 public:
    explicit ByteReader(ByteView bytes) : rest_(bytes) {}

    template <class Int>
    Int be() {
        const ByteView bytes = take(sizeof(Int));
        return ok_ ? load_be<Int>(bytes.data()) : Int{};
    }
    ByteView take(std::size_t count) {
        if (!ok_ || count > rest_.size()) {
            ok_ = false;
            return {};
        }
        const ByteView taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    ByteView rest() const { return rest_; }
    bool ok() const { return ok_; }
    bool done() const { return ok_ && rest_.empty(); }

 private:
    ByteView rest_;
    bool ok_ = true;
};

// Lower-case hexadecimal. Decoding accepts both cases and refuses odd lengths and other characters.
std::string hex_encode(ByteView bytes);
Result<Bytes> hex_decode(std::string_view text);

// RFC 4648 base64, canonical only: decoding refuses blanks, missing padding and non-zero trailing bits.
std::string base64_encode(ByteView bytes);
Result<Bytes> base64_decode(std::string_view text);
// The URL-safe alphabet without padding.
std::string base64url_encode(ByteView bytes);
Result<Bytes> base64url_decode(std::string_view text);

// Is `text` well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF)?
bool is_valid_utf8(std::string_view text);

}  // namespace cloister
