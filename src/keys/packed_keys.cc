#include "keys/packed_keys.h"

#include <algorithm>

namespace cloister::keys {
namespace {

constexpr std::byte kVersion{1};
constexpr std::size_t kKeySize = crypto::DataKey::kSize;
constexpr std::size_t kFixedHeader = 12;
constexpr std::size_t kTableEntry = sizeof(CollectionNumber) + sizeof(Digest);
constexpr std::string_view kLabel = "cloister/v1 customer keys";

Bytes associated_data(VaultId vault, CustomerId customer, ByteView header) {
    Bytes data;
    data.reserve(kLabel.size() + vault.bytes().size() + customer.bytes().size() + header.size());
    append(data, kLabel);
    append(data, vault.bytes());
    append(data, customer.bytes());
    append(data, header);
    return data;
}

CollectionNumber collection_at(ByteView table, std::size_t index) {
    return load_be<CollectionNumber>(table.data() + index * kTableEntry);
}

ByteView commitment_at(ByteView table, std::size_t index) {
    return table.subspan(index * kTableEntry + sizeof(CollectionNumber), sizeof(Digest));
}

}  // namespace

OpenedKeys::OpenedKeys(std::uint32_t epoch, std::vector<Entry> entries) : epoch_(epoch), entries_(std::move(entries)) {
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.collection < b.collection; });
    CLOISTER_ASSERT(std::adjacent_find(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
                        return a.collection == b.collection;
                    }) == entries_.end());
}

const crypto::DataKey* OpenedKeys::find(CollectionNumber collection) const {
    // A handful of collections: a walk is faster than a search.
    for (const Entry& entry : entries_)
        if (entry.collection == collection) return &entry.key;
    return nullptr;
}

Result<PackedView> parse_packed(ByteView packed) {
    const Error damaged(ErrorCode::corrupt, "packed keys are damaged");
    ByteReader reader(packed);
    PackedView view;
    const auto version = reader.be<std::uint8_t>();
    const auto suite = reader.be<std::uint8_t>();
    view.kek = reader.be<std::uint32_t>();
    view.epoch = reader.be<std::uint32_t>();
    view.count = reader.be<std::uint16_t>();
    if (!reader.ok() || std::byte{version} != kVersion ||
        suite != static_cast<std::uint8_t>(crypto::Suite::international))
        return damaged;
    view.table = reader.take(view.count * kTableEntry);
    view.header = packed.first(std::min(packed.size(), kFixedHeader + view.table.size()));
    const ByteView nonce = reader.take(crypto::kNonceSize);
    view.sealed = reader.take(view.count * kKeySize + crypto::kTagSize);
    if (!reader.done()) return damaged;
    std::copy(nonce.begin(), nonce.end(), view.nonce.begin());
    for (std::size_t i = 1; i < view.count; ++i)
        if (collection_at(view.table, i - 1) >= collection_at(view.table, i)) return damaged;
    return view;
}

Bytes pack(VaultId vault, CustomerId customer, const Kek& kek, crypto::Aead& aead, const crypto::Nonce& nonce,
           const OpenedKeys& keys) {
    const std::size_t count = keys.entries().size();
    Bytes packed;
    packed.reserve(kFixedHeader + count * (kTableEntry + kKeySize) + crypto::kNonceSize + crypto::kTagSize);
    packed.push_back(kVersion);
    append_be(packed, static_cast<std::uint8_t>(crypto::Suite::international));
    append_be(packed, kek.number);
    append_be(packed, keys.epoch());
    append_be(packed, static_cast<std::uint16_t>(count));
    crypto::SecretBytes plain(count * kKeySize);
    for (std::size_t i = 0; i < count; ++i) {
        const OpenedKeys::Entry& entry = keys.entries()[i];
        append_be(packed, entry.collection);
        append(packed, crypto::commitment_of(entry.key.reveal()));
        const auto key = entry.key.reveal();
        std::copy(key.begin(), key.end(), plain.fill().subspan(i * kKeySize).begin());
    }
    const Bytes data = associated_data(vault, customer, packed);
    append(packed, nonce);
    const std::size_t sealed_at = packed.size();
    packed.resize(sealed_at + plain.size() + crypto::kTagSize);
    aead.seal(nonce, data, plain.reveal(), std::span(packed).subspan(sealed_at));
    return packed;
}

Result<OpenedKeysPtr> unpack(VaultId vault, CustomerId customer, const Kek& kek, const PackedView& packed) {
    CLOISTER_ASSERT(packed.kek == kek.number);
    crypto::SecretBytes plain(packed.count * kKeySize);
    crypto::Aead aead(kek.key);
    const Bytes data = associated_data(vault, customer, packed.header);
    if (!aead.open(packed.nonce, data, packed.sealed, plain.fill())) return damaged_keys(customer);
    std::vector<OpenedKeys::Entry> entries;
    entries.reserve(packed.count);
    for (std::size_t i = 0; i < packed.count; ++i) {
        const auto bytes = plain.reveal().subspan(i * kKeySize).first<kKeySize>();
        if (!crypto::constant_time_equal(crypto::commitment_of(bytes), commitment_at(packed.table, i)))
            return damaged_keys(customer);
        entries.push_back({collection_at(packed.table, i), crypto::DataKey::copy_of(bytes)});
    }
    return std::make_shared<const OpenedKeys>(packed.epoch, std::move(entries));
}

Error damaged_keys(CustomerId customer) {
    return Error(ErrorCode::corrupt,
                 "the keys of customer " + customer.to_string() +
                     " are damaged in the key store: restore the newest copy of it, then run `cloister verify`");
}

}  // namespace cloister::keys
