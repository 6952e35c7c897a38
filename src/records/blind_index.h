// Blind indexes: keyed, truncated MACs of normalised values, so that equal values can be found without opening any.
//
// token = leftmost `bits` bits of HMAC-SHA-256(K_slot, text), K_slot = HKDF(vault key "index", "cloister/v1 blind
// index" | slot). Different values may share a token; whoever searches opens the candidates and compares. What each
// kind leaks is in docs/threat-model.md.
//
// Threads  Any thread; per-thread MAC contexts inside.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "records/schema.h"

namespace cloister::records {

// One row of the index, less the customer and record it points to.
struct IndexToken {
    std::uint16_t slot = 0;
    std::uint64_t token = 0;
    auto operator<=>(const IndexToken&) const = default;
};

class BlindIndex {
 public:
    explicit BlindIndex(crypto::MacKey key);
    ~BlindIndex();

    // The tokens of one stored value under all indexes of its field, appended to `to`.
    void tokens_of(const FieldDef& field, std::string_view canonical, std::vector<IndexToken>& to) const;
    // The token of a text under one index. For exact: the normalised value; for prefix, suffix and ngram: the piece.
    std::uint64_t token(const IndexDef& index, std::string_view text) const;

 private:
    struct Slots;
    crypto::Hmac& mac_for(std::uint16_t slot) const;
    crypto::MacKey key_;
    std::uint64_t instance_;
};

// Which bucket a value of the field falls into, or nothing when it has none. Whole months since year 0 divided by size
// for dates and times, the floor of the quotient for numbers.
std::optional<std::int64_t> bucket_of(const FieldDef& field, const IndexDef& index, std::string_view canonical);

// The canonical packed form kept beside a record, so that its index rows can be removed without opening anything:
// { slot 2, token 8 } * n, sorted.
Bytes pack_tokens(std::vector<IndexToken> tokens);
Result<std::vector<IndexToken>> unpack_tokens(ByteView packed);

}  // namespace cloister::records
