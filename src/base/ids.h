// Identifiers. Each kind of thing has its own type, so that a record's id does not compile where a customer's is meant.
//
// An id is 16 bytes, written as a lower-case UUID. Cloister makes version 7 UUIDs (RFC 9562): 48 bits of time and 74
// random bits. The time part keeps rows of new customers together in the B-tree; the random part cannot be enumerated.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cloister {

template <class Tag>
class StrongId {
 public:
    static constexpr std::size_t kSize = 16;

    // The nil id (all zeroes); used for the single record of a collection of which a customer has one.
    constexpr StrongId() = default;
    constexpr explicit StrongId(const std::array<std::byte, kSize>& bytes) : bytes_(bytes) {}

    // From 16 stored bytes. invalid_argument for any other length.
    static Result<StrongId> from_bytes(ByteView bytes) {
        if (bytes.size() != kSize) return Error(ErrorCode::invalid_argument, "an id has 16 bytes");
        StrongId id;
        std::memcpy(id.bytes_.data(), bytes.data(), kSize);
        return id;
    }
    // From the 36-character text form, either case.
    static Result<StrongId> parse(std::string_view text);
    // A version 7 UUID from milliseconds since 1970 and ten random bytes (of which 74 bits are used).
    static StrongId make_v7(std::uint64_t unix_ms, std::span<const std::byte, 10> random);

    std::string to_string() const;
    ByteView bytes() const { return bytes_; }
    bool is_nil() const { return *this == StrongId(); }

    auto operator<=>(const StrongId&) const = default;

 private:
    std::array<std::byte, kSize> bytes_{};
};

namespace internal {
bool parse_uuid(std::string_view text, std::byte* out);
std::string format_uuid(const std::byte* bytes);
void make_uuid_v7(std::uint64_t unix_ms, const std::byte* random, std::byte* out);
}  // namespace internal

template <class Tag>
Result<StrongId<Tag>> StrongId<Tag>::parse(std::string_view text) {
    StrongId id;
    if (!internal::parse_uuid(text, id.bytes_.data()))
        return Error(ErrorCode::invalid_argument, "an id is a UUID such as 0190b5a4-1f2e-7c3d-8a4b-5c6d7e8f9a0b");
    return id;
}
template <class Tag>
StrongId<Tag> StrongId<Tag>::make_v7(std::uint64_t unix_ms, std::span<const std::byte, 10> random) {
    StrongId id;
    internal::make_uuid_v7(unix_ms, random.data(), id.bytes_.data());
    return id;
}
template <class Tag>
std::string StrongId<Tag>::to_string() const {
    return internal::format_uuid(bytes_.data());
}

using VaultId = StrongId<struct VaultIdTag>;
using CustomerId = StrongId<struct CustomerIdTag>;
using RecordId = StrongId<struct RecordIdTag>;
using TokenId = StrongId<struct TokenIdTag>;    // an access token (credential), not its secret
using ImportId = StrongId<struct ImportIdTag>;  // an import job

}  // namespace cloister

template <class Tag>
struct std::hash<cloister::StrongId<Tag>> {
    std::size_t operator()(const cloister::StrongId<Tag>& id) const noexcept {
        std::size_t tail = 0;  // the last bytes of a version 7 UUID are random
        std::memcpy(&tail, id.bytes().data() + 8, sizeof tail);
        return tail;
    }
};
