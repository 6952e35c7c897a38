// Making, finding and extending the keys of customers.
#include <algorithm>

#include "keys/keyring_impl.h"

namespace cloister::keys {
namespace {

constexpr std::uint32_t kFirstEpoch = 1;

// Random bytes for a whole batch with one call: the generator costs far more per call than per byte.
class RandomPool {
 public:
    RandomPool(std::size_t keys, std::size_t nonces) : bytes_(keys * 32 + nonces * crypto::kNonceSize) {
        crypto::fill_random(bytes_.fill());
    }
    crypto::DataKey key() { return crypto::DataKey::copy_of(take(32).first<32>()); }
    crypto::Nonce nonce() {
        crypto::Nonce nonce;
        const ByteView bytes = take(nonce.size());
        std::copy(bytes.begin(), bytes.end(), nonce.begin());
        return nonce;
    }

 private:
    ByteView take(std::size_t size) {
        const ByteView taken = bytes_.reveal().subspan(used_, size);
        used_ += size;
        return taken;
    }
    crypto::SecretBytes bytes_;
    std::size_t used_ = 0;
};

Error no_keys(CustomerId customer) {
    return Error(ErrorCode::not_found, "customer " + customer.to_string() + " has no keys: never made, or erased");
}

Result<void> check_collections(std::span<const CollectionNumber> collections) {
    std::vector<CollectionNumber> sorted(collections.begin(), collections.end());
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
        return Error(ErrorCode::invalid_argument, "a collection is named twice for one customer");
    if (sorted.size() > 0xffff) return Error(ErrorCode::too_large, "too many collections for one customer");
    return {};
}

}  // namespace

struct KeyringImpl::Batch {
    struct Item {
        CustomerId customer;
        OpenedKeysPtr keys;
        Bytes packed;
    };
    std::vector<Item> items;
    KekPtr kek;
};

void KeyringImpl::create_async(std::vector<NewCustomer> customers, Created done) {
    Result<std::shared_ptr<Batch>> made = make_batch(customers);
    if (!made) {
        done(made.error());
        return;
    }
    auto batch = std::move(made).value();
    database_->write_async([this, batch](store::Transaction& transaction) { return insert_batch(transaction, *batch); },
                           [batch, done = std::move(done)](Result<void> written) mutable {
                               if (!written) {
                                   done(written.error());
                                   return;
                               }
                               std::vector<CustomerKeysPtr> keys;
                               keys.reserve(batch->items.size());
                               for (const Batch::Item& item : batch->items) keys.push_back(item.keys);
                               done(std::move(keys));
                           });
}

Result<std::shared_ptr<KeyringImpl::Batch>> KeyringImpl::make_batch(std::span<const NewCustomer> customers) {
    std::size_t key_count = 0;
    for (const NewCustomer& wanted : customers) {
        if (wanted.customer.is_nil() || wanted.customer >= first_reserved_id())
            return Error(ErrorCode::invalid_argument, "the nil id and ids that start with ffffffff name no customer");
        CLOISTER_RETURN_IF_ERROR(check_collections(wanted.collections));
        key_count += wanted.collections.size();
    }
    RandomPool random(key_count, 0);
    auto batch = std::make_shared<Batch>();
    batch->items.reserve(customers.size());
    for (const NewCustomer& wanted : customers) {
        std::vector<OpenedKeys::Entry> entries;
        entries.reserve(wanted.collections.size());
        for (const CollectionNumber collection : wanted.collections) entries.push_back({collection, random.key()});
        batch->items.push_back(
            {wanted.customer, std::make_shared<const OpenedKeys>(kFirstEpoch, std::move(entries)), {}});
    }
    pack_batch(*batch, keks_.active());
    return batch;
}

void KeyringImpl::pack_batch(Batch& batch, KekPtr kek) const {
    RandomPool random(0, batch.items.size());
    crypto::Aead aead(kek->key);
    for (Batch::Item& item : batch.items)
        item.packed = pack(vault_, item.customer, *kek, aead, random.nonce(), *item.keys);
    batch.kek = std::move(kek);
}

Result<void> KeyringImpl::insert_batch(store::Transaction& transaction, Batch& batch) {
    CLOISTER_ASSIGN_OR_RETURN(KekPtr kek, keks_.reserve(transaction, batch.kek, batch.items.size()));
    if (kek->number != batch.kek->number) pack_batch(batch, std::move(kek));  // a rotation came between
    for (const Batch::Item& item : batch.items) {
        const auto inserted = transaction.execute("insert into customer_keys (customer, packed) values ($1, $2)",
                                                  {item.customer.bytes(), ByteView(item.packed)});
        if (inserted) continue;
        if (inserted.error().code() == ErrorCode::already_exists || inserted.error().code() == ErrorCode::conflict)
            return Error(ErrorCode::already_exists, "customer " + item.customer.to_string() + " has keys already");
        return inserted.error();
    }
    for (const Batch::Item& item : batch.items)
        transaction.after_commit(
            [this, customer = item.customer, keys = item.keys] { cache_.replace(customer, keys); });
    return {};
}

Result<CustomerKeysPtr> KeyringImpl::find(CustomerId customer) {
    if (CustomerKeysPtr cached = cache_.get(customer)) return cached;
    const KeyCache::Ticket ticket = cache_.ticket(customer);
    CustomerKeysPtr found;
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(found, load(snapshot, customer));
        return {};
    }));
    if (!found) return no_keys(customer);
    cache_.put(customer, ticket, found);
    return found;
}

Result<std::vector<CustomerKeysPtr>> KeyringImpl::find_many(std::span<const CustomerId> customers) {
    std::vector<CustomerKeysPtr> found(customers.size());
    std::vector<std::pair<std::size_t, KeyCache::Ticket>> missing;
    for (std::size_t i = 0; i < customers.size(); ++i) {
        found[i] = cache_.get(customers[i]);
        if (!found[i]) missing.emplace_back(i, cache_.ticket(customers[i]));
    }
    if (missing.empty()) return found;
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) -> Result<void> {
        for (const auto& [index, ticket] : missing) {
            CLOISTER_ASSIGN_OR_RETURN(found[index], load(snapshot, customers[index]));
        }
        return {};
    }));
    for (const auto& [index, ticket] : missing)
        if (found[index]) cache_.put(customers[index], ticket, found[index]);
    return found;
}

Result<OpenedKeysPtr> KeyringImpl::open_row(store::Snapshot& snapshot, CustomerId customer, ByteView packed) {
    const Result<PackedView> view = parse_packed(packed);
    if (!view) return damaged_keys(customer);
    const Result<KekPtr> kek = keks_.get(snapshot, view->kek);
    if (!kek) return kek.error().within("the keys of customer " + customer.to_string());
    return unpack(vault_, customer, **kek, *view);
}

// Null when the customer has no keys.
Result<OpenedKeysPtr> KeyringImpl::load(store::Snapshot& snapshot, CustomerId customer) {
    if (customer >= first_reserved_id()) return OpenedKeysPtr();
    std::optional<Bytes> packed;
    CLOISTER_ASSIGN_OR_RETURN(packed,
                              snapshot.first("select packed from customer_keys where customer = $1", {customer.bytes()},
                                             [](const store::Row& row) { return to_bytes(row.blob(0)); }));
    if (!packed) return OpenedKeysPtr();
    return open_row(snapshot, customer, *packed);
}

Result<CustomerKeysPtr> KeyringImpl::find_or_extend(CustomerId customer,
                                                    std::span<const CollectionNumber> collections) {
    CLOISTER_RETURN_IF_ERROR(check_collections(collections));
    CLOISTER_ASSIGN_OR_RETURN(CustomerKeysPtr keys, find(customer));
    const auto has = [&](CollectionNumber collection) { return keys->find(collection) != nullptr; };
    if (std::all_of(collections.begin(), collections.end(), has)) return keys;
    CLOISTER_RETURN_IF_ERROR(
        database_->write([&](store::Transaction& transaction) { return extend(transaction, customer, collections); }));
    return find(customer);
}

Result<void> KeyringImpl::extend(store::Transaction& transaction, CustomerId customer,
                                 std::span<const CollectionNumber> collections) {
    CLOISTER_ASSIGN_OR_RETURN(const OpenedKeysPtr old, load(transaction, customer));
    if (!old) return no_keys(customer);  // erased meanwhile
    std::vector<OpenedKeys::Entry> entries;
    for (const OpenedKeys::Entry& entry : old->entries()) entries.push_back({entry.collection, entry.key.clone()});
    for (const CollectionNumber collection : collections)
        if (old->find(collection) == nullptr) entries.push_back({collection, crypto::DataKey::random()});
    if (entries.size() > 0xffff) return Error(ErrorCode::too_large, "too many collections for one customer");
    const auto keys = std::make_shared<const OpenedKeys>(old->epoch(), std::move(entries));

    CLOISTER_ASSIGN_OR_RETURN(const KekPtr kek, keks_.reserve(transaction, keks_.active(), 1));
    crypto::Aead aead(kek->key);
    const Bytes packed = pack(vault_, customer, *kek, aead, crypto::random_array<crypto::kNonceSize>(), *keys);
    // A longer row goes to the end; growing in place could leave copies of its neighbours (keyring_impl.h).
    CLOISTER_RETURN_IF_ERROR(overwrite_row(transaction, customer));
    CLOISTER_RETURN_IF_ERROR(transaction.execute("insert into customer_keys (customer, packed) values ($1, $2)",
                                                 {customer.bytes(), ByteView(packed)}));
    transaction.after_commit([this, customer, keys] { cache_.replace(customer, keys); });
    return {};
}

}  // namespace cloister::keys
