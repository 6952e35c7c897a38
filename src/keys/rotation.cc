// Replacing the key-encryption key while the vault is in use.
//
// First the new KEK becomes active and the old one deactivated, in one commit; from then on nothing can be wrapped
// under the old one any more (Keks::reserve). Then every row that names another KEK is re-wrapped, in batches, in order
// of customer id: a row names its KEK, so readers, new customers and erasures go on meanwhile, and a run that was
// interrupted is taken up by looking for such rows again. When none is left, the old KEK is overwritten.
#include <algorithm>

#include "keys/keyring_impl.h"

namespace cloister::keys {
namespace {

// Bounds how long a batch holds up other writers: about 2 ms.
constexpr std::int64_t kBatch = 500;

// Where a packed row names its KEK, as SQL counts bytes (packed_keys.h, vault_keys.cc): substr(packed, 3, 4).
Bytes kek_as_stored(std::uint32_t number) {
    Bytes bytes;
    append_be(bytes, number);
    return bytes;
}

std::uint64_t count_of(const store::Row& row) { return static_cast<std::uint64_t>(row.integer(0)); }

Error another_rotation() { return Error(ErrorCode::conflict, "another rotation of the key-encryption key is running"); }

// Clears a flag at the end of its scope.
class Running {
 public:
    Running(Mutex& mutex, bool& flag) : mutex_(mutex), flag_(flag) {}
    ~Running() {
        const MutexLock lock(mutex_);
        flag_ = false;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

 private:
    Mutex& mutex_;
    bool& flag_;
};

}  // namespace

Result<RotationProgress> KeyringImpl::rotate(const std::function<bool(const RotationProgress&)>& on_progress) {
    bool* flag = nullptr;
    {
        const MutexLock lock(rotation_mutex_);
        if (rotating_) return Error(ErrorCode::conflict, "a rotation of the key-encryption key is running already");
        rotating_ = true;
        flag = &rotating_;
    }
    const Running running(rotation_mutex_, *flag);
    return run_rotation(on_progress);
}

Result<RotationProgress> KeyringImpl::run_rotation(const Report& report) {
    CLOISTER_ASSIGN_OR_RETURN(RotationProgress progress, plan_rotation());
    const KekPtr to = keks_.active();
    CLOISTER_ASSERT(to->number == progress.to_kek);
    CLOISTER_RETURN_IF_ERROR(rewrap_vault_keys(progress, to));
    CLOISTER_RETURN_IF_ERROR(rewrap_customers(progress, to, report));
    CLOISTER_RETURN_IF_ERROR(destroy_all_but(to->number));
    CLOISTER_RETURN_IF_ERROR(
        empty_log("the old key-encryption key is destroyed, but its wrapped bytes may still lie in the key store's "
                  "write-ahead log: restart, which empties it"));
    return progress;
}

// Takes up an interrupted rotation, or starts one.
Result<RotationProgress> KeyringImpl::plan_rotation() {
    RotationProgress progress;
    std::optional<std::uint32_t> unfinished;
    const auto find_unfinished = [&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(
            unfinished,
            snapshot.first("select number from keks where state = 'deactivated' order by number", {},
                           [](const store::Row& row) { return static_cast<std::uint32_t>(row.integer(0)); }));
        return {};
    };
    CLOISTER_RETURN_IF_ERROR(database_->read(find_unfinished));
    progress.from_kek = unfinished ? *unfinished : keks_.active()->number;
    if (!unfinished) {
        CLOISTER_RETURN_IF_ERROR(database_->write([&](store::Transaction& transaction) -> Result<void> {
            CLOISTER_RETURN_IF_ERROR(keks_.make(transaction, clock_.now()));
            return {};
        }));
    }
    progress.to_kek = keks_.active()->number;
    const Bytes to = kek_as_stored(progress.to_kek);
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(const auto customers,
                                  snapshot.first("select count(*) from customer_keys where customer < $1",
                                                 {first_reserved_id().bytes()}, count_of));
        CLOISTER_ASSIGN_OR_RETURN(const auto customers_done,
                                  snapshot.first("select count(*) from customer_keys where substr(packed, 3, 4) = $1",
                                                 {ByteView(to)}, count_of));
        CLOISTER_ASSIGN_OR_RETURN(const auto names, snapshot.first("select count(*) from vault_keys", {}, count_of));
        CLOISTER_ASSIGN_OR_RETURN(const auto names_done,
                                  snapshot.first("select count(*) from vault_keys where substr(packed, 3, 4) = $1",
                                                 {ByteView(to)}, count_of));
        progress.total = customers.value_or(0) + names.value_or(0);
        progress.done = customers_done.value_or(0) + names_done.value_or(0);
        return {};
    }));
    return progress;
}

Result<void> KeyringImpl::rewrap_vault_keys(RotationProgress& progress, const KekPtr& to) {
    CLOISTER_ASSIGN_OR_RETURN(const std::vector<std::string> names, vault_key_names());
    std::uint64_t rewrapped = 0;
    CLOISTER_RETURN_IF_ERROR(database_->write([&](store::Transaction& transaction) -> Result<void> {
        rewrapped = 0;
        CLOISTER_ASSIGN_OR_RETURN(const KekPtr reserved, keks_.reserve(transaction, to, names.size()));
        if (reserved->number != to->number) return another_rotation();
        for (const std::string& name : names) {
            CLOISTER_ASSIGN_OR_RETURN(const bool changed, rewrap_vault_key(transaction, to, name));
            if (changed) ++rewrapped;
        }
        return {};
    }));
    progress.done += rewrapped;
    return {};
}

Result<std::vector<CustomerId>> KeyringImpl::customers_not_under(std::uint32_t kek, CustomerId after) {
    std::vector<CustomerId> page;
    const Bytes stored = kek_as_stored(kek);
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) {
        return snapshot.query(
            "select customer from customer_keys where customer > $1 and customer < $2 and substr(packed, 3, 4) <> $3"
            " order by customer limit $4",
            {after.bytes(), first_reserved_id().bytes(), ByteView(stored), kBatch}, [&](const store::Row& row) {
                page.push_back(CustomerId::from_bytes(row.blob(0)).value());
                return true;
            });
    }));
    return page;
}

Result<void> KeyringImpl::rewrap_customers(RotationProgress& progress, const KekPtr& to, const Report& report) {
    std::vector<CustomerId> damaged;
    CustomerId after;  // the nil id is nobody's
    while (true) {
        // Looking for work happens in a snapshot, so that writers wait for the re-wrapping only.
        CLOISTER_ASSIGN_OR_RETURN(const std::vector<CustomerId> page, customers_not_under(to->number, after));
        if (page.empty()) break;
        std::uint64_t rewrapped = 0;
        std::vector<CustomerId> damaged_here;
        CLOISTER_RETURN_IF_ERROR(database_->write([&](store::Transaction& transaction) -> Result<void> {
            damaged_here.clear();
            CLOISTER_ASSIGN_OR_RETURN(rewrapped, rewrap_batch(transaction, to, page, damaged_here));
            return {};
        }));
        progress.done += rewrapped;
        damaged.insert(damaged.end(), damaged_here.begin(), damaged_here.end());
        after = page.back();
        if (report && !report(progress))
            return Error(ErrorCode::cancelled, "the rotation was stopped after " + std::to_string(progress.done) +
                                                   " of " + std::to_string(progress.total) + ": run it again to go on");
    }
    if (damaged.empty()) return {};
    return Error(
        ErrorCode::corrupt,
        "the keys of " + std::to_string(damaged.size()) + " customers, the first of them " +
            damaged.front().to_string() +
            ", are damaged and cannot be re-wrapped; the old key-encryption key is kept: restore the newest copy "
            "of keys.db or erase these customers (`cloister verify` names them), then rotate again");
}

Result<std::uint64_t> KeyringImpl::rewrap_batch(store::Transaction& transaction, const KekPtr& to,
                                                std::span<const CustomerId> customers,
                                                std::vector<CustomerId>& damaged) {
    CLOISTER_ASSIGN_OR_RETURN(const KekPtr reserved, keks_.reserve(transaction, to, customers.size()));
    if (reserved->number != to->number) return another_rotation();
    crypto::Aead aead(to->key);
    Bytes nonces(customers.size() * crypto::kNonceSize);  // one call to the generator for all
    crypto::fill_random(nonces);
    std::uint64_t rewrapped = 0;
    for (const CustomerId customer : customers) {
        const Result<OpenedKeysPtr> keys = load(transaction, customer);
        if (!keys && keys.error().code() != ErrorCode::corrupt) return keys.error();
        if (!keys) damaged.push_back(customer);
        if (!keys || *keys == nullptr) continue;  // null: erased meanwhile
        crypto::Nonce nonce;
        std::copy_n(nonces.begin() + static_cast<std::ptrdiff_t>(rewrapped * nonce.size()), nonce.size(),
                    nonce.begin());
        const Bytes packed = pack(vault_, customer, *to, aead, nonce, **keys);
        CLOISTER_RETURN_IF_ERROR(transaction.execute("update customer_keys set packed = $2 where customer = $1",
                                                     {customer.bytes(), ByteView(packed)}));
        ++rewrapped;
    }
    return rewrapped;
}

// Destroys the deactivated KEKs, after one more look that no row names them: it is the last moment at which a mistake
// would cost nothing.
Result<void> KeyringImpl::destroy_all_but(std::uint32_t kek) {
    const Bytes stored = kek_as_stored(kek);
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(
            const auto left,
            snapshot.first("select (select count(*) from vault_keys where substr(packed, 3, 4) <> $1) +"
                           " (select count(*) from customer_keys where customer < $2 and substr(packed, 3, 4) <> $1)",
                           {ByteView(stored), first_reserved_id().bytes()}, count_of));
        if (left.value_or(1) != 0)
            return Error(ErrorCode::internal,
                         std::to_string(left.value_or(0)) +
                             " keys are still wrapped under the old key-encryption key, which is kept");
        return {};
    }));
    return database_->write([&](store::Transaction& transaction) -> Result<void> {
        std::vector<std::uint32_t> numbers;
        CLOISTER_RETURN_IF_ERROR(
            transaction.query("select number from keks where state = 'deactivated'", {}, [&](const store::Row& row) {
                numbers.push_back(static_cast<std::uint32_t>(row.integer(0)));
                return true;
            }));
        for (const std::uint32_t number : numbers) CLOISTER_RETURN_IF_ERROR(keks_.destroy(transaction, number));
        return {};
    });
}

Result<std::vector<KekInfo>> KeyringImpl::keks() {
    std::vector<KekInfo> infos;
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(
            snapshot.query("select number, state, created from keks order by number", {}, [&](const store::Row& row) {
                infos.push_back({static_cast<std::uint32_t>(row.integer(0)), std::string(row.text(1)),
                                 from_unix_micros(row.integer(2)), 0});
                return true;
            }));
        // Counted here: grouping would sort all rows in memory.
        return snapshot.query("select substr(packed, 3, 4) from customer_keys where customer < $1",
                              {first_reserved_id().bytes()}, [&](const store::Row& row) {
                                  const ByteView kek = row.blob(0);
                                  for (KekInfo& info : infos)
                                      if (kek.size() == 4 && load_be<std::uint32_t>(kek.data()) == info.number)
                                          ++info.wraps;
                                  return true;
                              });
    }));
    return infos;
}

}  // namespace cloister::keys
