// One customer's data keys as they lie in the key store: packed together and wrapped once under a key-encryption key.
//
//     version u8 = 1 | suite u8 = 1 | KEK number u32 | key epoch u32 | count u16
//     count times, collections strictly ascending:  collection number u16 | commitment of its key, 32 bytes
//     nonce, 12 bytes
//     AES-256-GCM(KEK, nonce, the keys one after another, 32 bytes each) and tag, 16 bytes
//
// That is 40 + 66 * count bytes; integers are big-endian. Everything before the nonce is the header. The associated
// data is "cloister/v1 customer keys" | vault id, 16 bytes | customer id, 16 bytes | header: a row moved to another
// customer or another vault does not open. A commitment is HMAC-SHA-256(key, "cloister/v1 key commitment").
//
// Threads  Free functions over their arguments. OpenedKeys is immutable.
// Errors   corrupt, with the customer's id, whatever was wrong.
#pragma once

#include "crypto/aead.h"
#include "keys/keyring.h"

namespace cloister::keys {

struct Kek {
    std::uint32_t number;
    crypto::KeyEncryptionKey key;
};
using KekPtr = std::shared_ptr<const Kek>;

class OpenedKeys final : public CustomerKeys {
 public:
    struct Entry {
        CollectionNumber collection;
        crypto::DataKey key;
    };
    // Takes the entries in any order; requires that no collection is there twice.
    OpenedKeys(std::uint32_t epoch, std::vector<Entry> entries);

    const crypto::DataKey* find(CollectionNumber collection) const override;
    std::uint32_t epoch() const override { return epoch_; }
    std::span<const Entry> entries() const { return entries_; }

 private:
    std::uint32_t epoch_;
    std::vector<Entry> entries_;  // ascending by collection
};
using OpenedKeysPtr = std::shared_ptr<const OpenedKeys>;

// What a packed row says in the clear. Views into the bytes it was parsed from.
struct PackedView {
    std::uint32_t kek = 0;
    std::uint32_t epoch = 0;
    std::size_t count = 0;
    ByteView header;
    ByteView table;  // count times collection and commitment
    crypto::Nonce nonce = {};
    ByteView sealed;
};

// Checks everything that can be checked without a key.
Result<PackedView> parse_packed(ByteView packed);

// Wraps under `kek`, whose cipher is `aead`. The nonce must be fresh and random.
Bytes pack(VaultId vault, CustomerId customer, const Kek& kek, crypto::Aead& aead, const crypto::Nonce& nonce,
           const OpenedKeys& keys);
// Unwraps and compares every key with its commitment. Requires that `kek` is the one the view names.
Result<OpenedKeysPtr> unpack(VaultId vault, CustomerId customer, const Kek& kek, const PackedView& packed);

Error damaged_keys(CustomerId customer);

}  // namespace cloister::keys
