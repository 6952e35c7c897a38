#include "keys/keyring.h"

#include <utility>

#include "keys/keyring_impl.h"

namespace cloister::keys {
namespace {

constexpr std::int64_t kPage = 500;  // customers per snapshot of a listing: long snapshots would hold back the log

CustomerId customer_of(const store::Row& row) { return CustomerId::from_bytes(row.blob(0)).value(); }

}  // namespace

CustomerId first_reserved_id() {
    std::array<std::byte, CustomerId::kSize> bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = std::byte{0xff};
    return CustomerId(bytes);
}

Result<std::vector<CustomerKeysPtr>> Keyring::create(std::vector<NewCustomer> customers) {
    Mutex mutex;
    CondVar finished;
    std::optional<Result<std::vector<CustomerKeysPtr>>> result;
    create_async(std::move(customers), [&](Result<std::vector<CustomerKeysPtr>> made) {
        const MutexLock lock(mutex);
        result.emplace(std::move(made));
        finished.notify_one();
    });
    const MutexLock lock(mutex);
    while (!result) finished.wait(mutex);
    return std::move(*result);
}

Result<void> KeyringImpl::shred_many(std::span<const CustomerId> customers) {
    CLOISTER_RETURN_IF_ERROR(database_->write([&](store::Transaction& transaction) -> Result<void> {
        for (const CustomerId customer : customers) {
            CLOISTER_ASSIGN_OR_RETURN(const bool erased, overwrite_row(transaction, customer));
            if (erased) transaction.after_commit([this, customer] { cache_.evict(customer); });
        }
        return {};
    }));
    // Also when there was nothing to erase: this may be the second try after the log could not be emptied.
    return empty_log(
        "the keys are gone from the key store, but their wrapped bytes may still lie in its write-ahead log: repeat "
        "the "
        "erasure, or restart");
}

// Gives false when the customer has no row. See keyring_impl.h for why the row stays.
Result<bool> KeyringImpl::overwrite_row(store::Transaction& transaction, CustomerId customer) const {
    if (customer >= first_reserved_id()) return false;
    CLOISTER_ASSIGN_OR_RETURN(
        const auto length, transaction.first("select length(packed) from customer_keys where customer = $1",
                                             {customer.bytes()}, [](const store::Row& row) { return row.integer(0); }));
    if (!length) return false;
    const Bytes zeroes(static_cast<std::size_t>(*length));
    auto name = crypto::random_array<CustomerId::kSize>();
    for (std::size_t i = 0; i < 4; ++i) name[i] = std::byte{0xff};
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("update customer_keys set customer = $2, packed = $3 where customer = $1",
                            {customer.bytes(), ByteView(name), ByteView(zeroes)}));
    return true;
}

Result<void> KeyringImpl::empty_log(std::string_view if_not) {
    // It waits for readers for a bounded time.
    const Result<void> emptied = database_->checkpoint_and_truncate();
    if (emptied) return {};
    return emptied.error().within(if_not);
}

Result<std::vector<CustomerId>> KeyringImpl::customers_after(CustomerId after) {
    std::vector<CustomerId> page;
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) {
        return snapshot.query(
            "select customer from customer_keys where customer > $1 and customer < $2 order by customer limit $3",
            {after.bytes(), first_reserved_id().bytes(), kPage}, [&](const store::Row& row) {
                page.push_back(customer_of(row));
                return true;
            });
    }));
    return page;
}

Result<void> KeyringImpl::for_each_customer(CustomerId after, const std::function<bool(CustomerId)>& on_customer) {
    while (true) {
        CLOISTER_ASSIGN_OR_RETURN(const std::vector<CustomerId> page, customers_after(after));
        for (const CustomerId customer : page)
            if (!on_customer(customer)) return {};
        if (page.empty()) return {};
        after = page.back();
    }
}

Result<void> KeyringImpl::for_each_customer_newest_first(const std::function<bool(CustomerId)>& on_customer) {
    CustomerId before = first_reserved_id();
    while (true) {
        std::vector<CustomerId> page;
        CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) {
            return snapshot.query(
                "select customer from customer_keys where customer < $1 order by customer desc limit $2",
                {before.bytes(), kPage}, [&](const store::Row& row) {
                    page.push_back(customer_of(row));
                    return true;
                });
        }));
        for (const CustomerId customer : page)
            if (!on_customer(customer)) return {};
        if (page.empty()) return {};
        before = page.back();
    }
}

Result<std::vector<CustomerId>> KeyringImpl::verify() {
    CLOISTER_RETURN_IF_ERROR(verify_vault_keys());
    std::vector<CustomerId> damaged;
    // The nil id is nobody's.
    CustomerId after;
    while (true) {
        CLOISTER_ASSIGN_OR_RETURN(const std::vector<CustomerId> page, customers_after(after));
        if (page.empty()) return damaged;
        CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) -> Result<void> {
            for (const CustomerId customer : page) {
                const Result<OpenedKeysPtr> keys = load(snapshot, customer);
                if (keys) continue;
                if (keys.error().code() != ErrorCode::corrupt) return keys.error();
                damaged.push_back(customer);
            }
            return {};
        }));
        after = page.back();
    }
}

}  // namespace cloister::keys
