#include "records/blind_index.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <unordered_map>

#include "base/clock.h"

namespace cloister::records {
namespace {

// Per-thread MAC contexts by instance and slot: an Hmac is a key schedule worth keeping.
thread_local std::unordered_map<std::uint64_t, crypto::Hmac> thread_macs;
std::atomic<std::uint64_t> next_instance{1};

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc()) return std::nullopt;
    const bool negative_fraction = text.starts_with('-') && end != text.data() + text.size() && *end == '.';
    return negative_fraction ? value - 1 : value;  // floor
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

BlindIndex::BlindIndex(crypto::MacKey key) : key_(std::move(key)), instance_(next_instance.fetch_add(1)) {}
BlindIndex::~BlindIndex() = default;

crypto::Hmac& BlindIndex::mac_for(std::uint16_t slot) const {
    const std::uint64_t id = (instance_ << 16) | slot;
    if (const auto found = thread_macs.find(id); found != thread_macs.end()) return found->second;
    if (thread_macs.size() > 4096)
        thread_macs.clear();  // vaults come and go in tests; a thread keeps no dead keys for ever
    const auto key = crypto::derive_key<struct IndexSlotTag>(key_, "cloister/v1 blind index " + std::to_string(slot));
    return thread_macs.emplace(id, crypto::Hmac(key)).first->second;
}

std::uint64_t BlindIndex::token(const IndexDef& index, std::string_view text) const {
    const Digest mac = mac_for(index.slot).mac(as_bytes(text));
    return load_be<std::uint64_t>(mac.data()) >> (64 - index.bits);
}

void BlindIndex::tokens_of(const FieldDef& field, std::string_view canonical, std::vector<IndexToken>& to) const {
    if (field.indexes.empty() || canonical.empty()) return;
    const std::string normalised = field.type->normalise(canonical);
    for (const IndexDef& index : field.indexes) {
        const auto size = static_cast<std::size_t>(index.size);
        switch (index.kind) {
            case IndexKind::exact: to.push_back({index.slot, token(index, normalised)}); break;
            case IndexKind::prefix:
                to.push_back({index.slot, token(index, datatypes::first_code_points(normalised, size))});
                break;
            case IndexKind::suffix:
                to.push_back({index.slot, token(index, datatypes::last_code_points(normalised, size))});
                break;
            case IndexKind::ngram:
                for (const std::string& gram : datatypes::ngrams(normalised, size))
                    to.push_back({index.slot, token(index, gram)});
                break;
            case IndexKind::bucket:
                if (const auto bucket = bucket_of(field, index, canonical))
                    to.push_back({index.slot, token(index, std::to_string(*bucket))});
                break;
        }
    }
}

std::optional<std::int64_t> bucket_of(const FieldDef& field, const IndexDef& index, std::string_view canonical) {
    switch (field.type->shape()) {
        case datatypes::Shape::date:
        case datatypes::Shape::time: {
            if (canonical.size() < 7) return std::nullopt;
            const auto year = whole_number(canonical.substr(0, 4));
            const auto month = whole_number(canonical.substr(5, 2));
            if (!year || !month) return std::nullopt;
            return floor_div(*year * 12 + *month - 1, index.size);
        }
        case datatypes::Shape::integer:
        case datatypes::Shape::decimal: {
            const auto number = whole_number(canonical);
            if (!number) return std::nullopt;
            return floor_div(*number, index.size);
        }
        case datatypes::Shape::text:
        case datatypes::Shape::boolean:
        case datatypes::Shape::tags: return std::nullopt;
    }
    return std::nullopt;
}

Bytes pack_tokens(std::vector<IndexToken> tokens) {
    std::sort(tokens.begin(), tokens.end());
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    Bytes packed;
    packed.reserve(tokens.size() * 10);
    for (const IndexToken& t : tokens) {
        append_be<std::uint16_t>(packed, t.slot);
        append_be<std::uint64_t>(packed, t.token);
    }
    return packed;
}

Result<std::vector<IndexToken>> unpack_tokens(ByteView packed) {
    if (packed.size() % 10 != 0) return Error(ErrorCode::corrupt, "index tokens of a record are damaged");
    std::vector<IndexToken> tokens;
    tokens.reserve(packed.size() / 10);
    ByteReader reader(packed);
    while (!reader.rest().empty()) {
        const auto slot = reader.be<std::uint16_t>();
        tokens.push_back({slot, reader.be<std::uint64_t>()});
    }
    return tokens;
}

}  // namespace cloister::records
