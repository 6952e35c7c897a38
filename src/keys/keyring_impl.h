// The keyring over one database. Its parts: key_store.cc makes and opens the file, customers.cc creates, finds and
// extends, keyring.cc erases, lists and verifies, rotation.cc replaces the KEK, vault_keys.cc has the keys with names.
//
// How erasing is made real. SQLite's secure_delete zeroes the bytes of a deleted row, but when the B-tree is
// rebalanced, it moves the rows of *living* customers and may leave their old bytes in the unused part of a page;
// erased later, such a copy would outlive its row. (Measured on 3.40: three to eight in a thousand erased rows of a
// clustered table left part of themselves.) Therefore rows with wrapped keys lie in tables in order of insertion, are
// only ever appended, and are overwritten in place with zeroes of the same length, never moved, grown or deleted: the
// tables with wrapped keys are not {clustered}, and a row that must grow is written anew at the end. An overwritten row
// stays, under a name no customer can have.
#pragma once

#include <map>
#include <optional>

#include "base/mutex.h"
#include "keys/cache.h"
#include "keys/keks.h"
#include "keys/keyring.h"
#include "keys/packed_keys.h"

namespace cloister::keys {

// Ids from here on name overwritten rows. No version 7 UUID comes near (it would be the year 10889).
CustomerId first_reserved_id();

class KeyringImpl final : public Keyring {
 public:
    KeyringImpl(const KeyringOptions& options, VaultId vault, const Clock& clock, std::unique_ptr<RootKey> root,
                std::unique_ptr<store::Database> database)
        : vault_(vault),
          clock_(clock),
          keks_(vault, std::move(root)),
          cache_(options.cache_customers),
          database_(std::move(database)) {}

    // For create(): the first KEK. For open(): the KEK in use, and what a crash may have left in the log.
    Result<void> start();

    void create_async(std::vector<NewCustomer> customers, Created done) override;
    Result<CustomerKeysPtr> find(CustomerId customer) override;
    Result<std::vector<CustomerKeysPtr>> find_many(std::span<const CustomerId> customers) override;
    Result<CustomerKeysPtr> find_or_extend(CustomerId customer, std::span<const CollectionNumber> collections) override;

    Result<void> shred(CustomerId customer) override { return shred_many({&customer, 1}); }
    Result<void> shred_many(std::span<const CustomerId> customers) override;

    Result<crypto::MacKey> vault_key(std::string_view name) override;
    Result<crypto::SigningSeed> signing_seed(std::string_view name) override;

    Result<RotationProgress> rotate(const std::function<bool(const RotationProgress&)>& on_progress) override;
    Result<std::vector<KekInfo>> keks() override;

    Result<void> for_each_customer(CustomerId after, const std::function<bool(CustomerId)>& on_customer) override;
    Result<void> for_each_customer_newest_first(const std::function<bool(CustomerId)>& on_customer) override;
    Result<std::vector<CustomerId>> verify() override;

    std::uint64_t cached_customers() const override { return cache_.size(); }

 private:
    struct Batch;  // customers on their way into the store
    using NamedKey = crypto::Secret<32, struct NamedKeyTag>;
    enum class VaultKeyKind : std::uint8_t { mac = 1, signing_seed = 2 };  // on disk
    struct VaultKey {
        VaultKeyKind kind;
        std::uint32_t kek;  // the number of the one it is wrapped under
        NamedKey key;
    };

    // customers.cc
    Result<std::shared_ptr<Batch>> make_batch(std::span<const NewCustomer> customers);
    void pack_batch(Batch& batch, KekPtr kek) const;
    Result<void> insert_batch(store::Transaction& transaction, Batch& batch);
    Result<OpenedKeysPtr> open_row(store::Snapshot& snapshot, CustomerId customer, ByteView packed);
    Result<OpenedKeysPtr> load(store::Snapshot& snapshot, CustomerId customer);
    Result<void> extend(store::Transaction& transaction, CustomerId customer,
                        std::span<const CollectionNumber> collections);

    // keyring.cc
    Result<bool> overwrite_row(store::Transaction& transaction, CustomerId customer) const;
    // `if_not` is what to tell people when old bytes may still lie in the log.
    Result<void> empty_log(std::string_view if_not);
    Result<std::vector<CustomerId>> customers_after(CustomerId after);

    // rotation.cc
    using Report = std::function<bool(const RotationProgress&)>;
    Result<RotationProgress> run_rotation(const Report& report);
    Result<RotationProgress> plan_rotation();
    Result<std::vector<CustomerId>> customers_not_under(std::uint32_t kek, CustomerId after);
    Result<void> rewrap_customers(RotationProgress& progress, const KekPtr& to, const Report& report);
    // Gives the number re-wrapped; adds to `damaged` what cannot be unwrapped.
    Result<std::uint64_t> rewrap_batch(store::Transaction& transaction, const KekPtr& to,
                                       std::span<const CustomerId> customers, std::vector<CustomerId>& damaged);
    Result<void> rewrap_vault_keys(RotationProgress& progress, const KekPtr& to);
    Result<void> destroy_all_but(std::uint32_t kek);

    // vault_keys.cc
    Result<NamedKey> named_key(std::string_view name, VaultKeyKind kind);
    Result<std::optional<VaultKey>> load_vault_key(store::Snapshot& snapshot, std::string_view name);
    Bytes pack_vault_key(std::string_view name, const VaultKey& key, const Kek& kek) const;
    // Does nothing when the key is there already.
    Result<void> make_vault_key(store::Transaction& transaction, std::string_view name, VaultKeyKind kind);
    Result<bool> rewrap_vault_key(store::Transaction& transaction, const KekPtr& to, std::string_view name);
    Result<void> verify_vault_keys();
    Result<std::vector<std::string>> vault_key_names();

    const VaultId vault_;
    const Clock& clock_;
    Keks keks_;
    mutable KeyCache cache_;  // counting it takes its locks
    Mutex rotation_mutex_;
    bool rotating_ CLOISTER_GUARDED_BY(rotation_mutex_) = false;
    Mutex vault_keys_mutex_;
    std::map<std::string, VaultKey, std::less<>> vault_keys_ CLOISTER_GUARDED_BY(vault_keys_mutex_);
    // Last, so that its thread has ended before anything it calls back into is gone.
    std::unique_ptr<store::Database> database_;
};

}  // namespace cloister::keys
