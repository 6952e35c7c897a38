// The keyring: every key of one vault, in a database of its own (keys.db).
//
//     root key (outside) -> key-encryption keys, numbered -> customer data keys, one per customer and collection
//                                                         -> vault keys: index, token, signing, by name
//
// A customer's data keys are packed into one row and wrapped together; destroying the row makes every record of the
// customer unreadable everywhere. A commitment of each key is stored beside it and checked at unwrap. Layout:
// docs/formats.md, "Key store". Terms: NIST SP 800-57.
//
// Invariants  A data key is durable before its first use. Destroyed keys are overwritten in the file and gone from its
//             write-ahead log when shred() returns. A key store is never created over, or instead of, an existing one.
// Threads     Any thread may call any method. Opened keys are immutable and shared; the bounded cache wipes them when
//             the last user lets go.
// Errors      wrong_key: the pass phrase or key file is not this store's. corrupt: damaged, or it belongs to another
//             vault (the detail says which and what to do). not_found: the customer has no keys: never made, or erased.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "keys/root_key.h"
#include "store/database.h"

namespace cloister::keys {

using CollectionNumber = std::uint16_t;  // from the schema; stable for ever

// One customer's opened data keys. Immutable.
class CustomerKeys {
 public:
    virtual ~CustomerKeys() = default;
    // Null when the customer has no key for that collection.
    virtual const crypto::DataKey* find(CollectionNumber collection) const = 0;
    // The number written into each sealed record's header ("key epoch"); changes when data keys are replaced.
    virtual std::uint32_t epoch() const = 0;
};
using CustomerKeysPtr = std::shared_ptr<const CustomerKeys>;

struct KeyringOptions {
    std::filesystem::path file;            // keys.db
    std::size_t cache_customers = 20'000;  // opened customers kept; about 300 bytes each
};

struct RotationProgress {
    std::uint64_t done = 0;  // customers and vault keys under the new KEK
    std::uint64_t total = 0;
    std::uint32_t from_kek = 0;
    std::uint32_t to_kek = 0;
};

struct KekInfo {
    std::uint32_t number;
    std::string state;  // active, deactivated, destroyed (NIST SP 800-57)
    Time created;
    std::uint64_t wraps;  // customers wrapped under it now
};

class Keyring {
 public:
    // Makes a new key store. already_exists when the file is there.
    static Result<std::unique_ptr<Keyring>> create(const KeyringOptions& options, VaultId vault,
                                                   const RootKeySource& root, const Clock& clock);
    static Result<std::unique_ptr<Keyring>> open(const KeyringOptions& options, VaultId vault,
                                                 const RootKeySource& root, const Clock& clock);
    virtual ~Keyring() = default;

    struct NewCustomer {
        CustomerId customer;
        std::span<const CollectionNumber> collections;  // borrowed for the call
    };
    using Created = UniqueFunction<void(Result<std::vector<CustomerKeysPtr>>)>;
    // Makes and stores keys for new customers, all in one commit, and gives them opened, in the same order. `done` runs
    // on the key store's thread, or at once when the input is wrong. already_exists when one has keys; invalid_argument
    // for a collection named twice, the nil id, or an id that starts with ffffffff (reserved); conflict when the active
    // KEK has wrapped as often as is safe (rotate).
    virtual void create_async(std::vector<NewCustomer> customers, Created done) = 0;
    Result<std::vector<CustomerKeysPtr>> create(std::vector<NewCustomer> customers);

    // The customer's keys, from the cache or unwrapped.
    virtual Result<CustomerKeysPtr> find(CustomerId customer) = 0;
    // The same for many at once, one snapshot; a null pointer where a customer has no keys.
    virtual Result<std::vector<CustomerKeysPtr>> find_many(std::span<const CustomerId> customers) = 0;
    // As find(), making keys for collections that have none yet (added to the schema later).
    virtual Result<CustomerKeysPtr> find_or_extend(CustomerId customer,
                                                   std::span<const CollectionNumber> collections) = 0;

    // Destroys the customer's keys: row overwritten, write-ahead log emptied, cache wiped. Succeeds when there are
    // none.
    virtual Result<void> shred(CustomerId customer) = 0;
    virtual Result<void> shred_many(std::span<const CustomerId> customers) = 0;

    // Vault keys by name ("index", "token", "audit-signing", ...), made on first use.
    virtual Result<crypto::MacKey> vault_key(std::string_view name) = 0;
    virtual Result<crypto::SigningSeed> signing_seed(std::string_view name) = 0;

    // Replaces the key-encryption key: makes a new one, re-wraps everything in batches while the vault is in use, then
    // destroys the old one. Resumes an interrupted rotation. `on_progress` (may be empty) is called after each batch of
    // customers and returns false to stop: cancelled, resumable. conflict when one is running. corrupt when a
    // customer's keys are damaged: the others are re-wrapped, and the old KEK is kept.
    virtual Result<RotationProgress> rotate(const std::function<bool(const RotationProgress&)>& on_progress) = 0;
    virtual Result<std::vector<KekInfo>> keks() = 0;

    // Every customer that has keys, in order of id, from `after` (exclusive) on; for `verify` and start-up.
    virtual Result<void> for_each_customer(CustomerId after, const std::function<bool(CustomerId)>& on_customer) = 0;
    // The same from the newest id downwards.
    virtual Result<void> for_each_customer_newest_first(const std::function<bool(CustomerId)>& on_customer) = 0;
    // Unwraps every key and checks its commitment; gives the customers whose keys are damaged. corrupt when a vault key
    // is.
    virtual Result<std::vector<CustomerId>> verify() = 0;

    virtual std::uint64_t cached_customers() const = 0;
};

}  // namespace cloister::keys
