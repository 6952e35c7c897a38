// A sealed record: the fields of one record, each encrypted on its own, packed into one blob.
//
//     format 1 | suite 1 | key epoch 4 | nonce base 10 | count 2 | { field number 2, sealed length 4 } * count
//     | directory tag 16 | sealed fields (ciphertext and tag each)
//
// Associated data of a field: format | suite | epoch | vault | collection | field number | customer | record | version,
// so a value moved, swapped or rolled back does not open. Nonce: nonce base | field number. The directory tag is a GCM
// tag over no plaintext, with field number 0xFFFF and the directory as further associated data: a field that was taken
// out or put in shows when any field is opened. (docs/formats.md, "Sealed record")
//
// Threads  Free functions; a SealContext belongs to one thread at a time.
// Errors   corrupt, always the same words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/personal.h"
#include "base/result.h"
#include "crypto/aead.h"

namespace cloister::records {

// Where a record belongs: everything its associated data says.
struct RecordAddress {
    VaultId vault;
    CustomerId customer;
    std::uint16_t collection = 0;
    RecordId record;
    std::uint64_t version = 0;
};

struct PlainField {
    std::uint16_t number;
    Personal text;
};

// Seals all fields under `aead`, whose key belongs to the customer and collection. At most 200 fields, ascending
// numbers.
Bytes seal_record(crypto::Aead& aead, const RecordAddress& address, std::uint32_t key_epoch,
                  const std::vector<PlainField>& fields, std::span<const std::byte, 10> nonce_base);

// A look into sealed bytes; borrows them.
class SealedRecord {
 public:
    // Checks the layout only. corrupt when it is not one.
    static Result<SealedRecord> parse(ByteView bytes);

    std::uint32_t key_epoch() const { return epoch_; }
    const std::vector<std::uint16_t>& numbers() const { return numbers_; }
    // Checks the directory; do it once before opening fields.
    Result<void> check(crypto::Aead& aead, const RecordAddress& address) const;
    // The text of one field; empty optional when the record does not have it.
    Result<std::optional<Personal>> open(crypto::Aead& aead, const RecordAddress& address, std::uint16_t number) const;
    // All fields, checked.
    Result<std::vector<PlainField>> open_all(crypto::Aead& aead, const RecordAddress& address) const;

 private:
    ByteView header_;  // up to and including the directory
    ByteView nonce_base_;
    ByteView directory_tag_;
    std::uint32_t epoch_ = 0;
    std::vector<std::uint16_t> numbers_;
    std::vector<ByteView> sealed_;
};

// What the audit log remembers of a record: SHA-256("cloister/v1 record" | vault | customer | collection | record |
// version | sealed).
Digest digest_of(const RecordAddress& address, ByteView sealed);

}  // namespace cloister::records
