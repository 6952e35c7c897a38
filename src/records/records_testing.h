// For this module's tests: input by paths, answers that are waited for, and an audit log that can be made to fail.
#pragma once

#include <atomic>
#include <future>
#include <utility>

#include "records/test_vault.h"

namespace cloister::records::testing {

using Fields = std::vector<std::pair<std::string, std::optional<std::string>>>;

inline InputRecord record_of(const Schema& schema, std::string_view collection, const Fields& fields) {
    InputRecord record;
    record.collection = schema.find(collection);
    CLOISTER_ASSERT(record.collection != nullptr);
    for (const auto& [name, text] : fields) {
        record.fields.push_back({record.collection->find(std::string_view(name)), text});
        CLOISTER_ASSERT(record.fields.back().field != nullptr);
    }
    return record;
}

// One record for each collection that the paths name.
inline InputCustomer customer_of(const TestVault& vault, const Fields& paths) {
    InputCustomer input;
    input.schema = vault.rules->schema();
    std::map<std::string, Fields> parts;
    for (const auto& [path, text] : paths) {
        const std::size_t dot = path.find('.');
        parts[path.substr(0, dot)].emplace_back(path.substr(dot + 1), text);
    }
    for (const auto& [collection, fields] : parts)
        input.records.push_back(record_of(*input.schema, collection, fields));
    return input;
}

// Calls `start` with a completion and waits for it.
template <class Start>
Result<std::vector<Receipt>> wait_for(Start start) {
    auto promise = std::make_shared<std::promise<Result<std::vector<Receipt>>>>();
    auto future = promise->get_future();
    start(Written([promise](Result<std::vector<Receipt>> receipts) { promise->set_value(std::move(receipts)); }));
    return future.get();
}

inline CallPtr shared(Call call) { return std::make_shared<Call>(std::move(call)); }

inline Result<std::vector<Receipt>> create(TestVault& vault, const Fields& fields, CallPtr call = nullptr) {
    if (call == nullptr) call = shared(vault.call());
    return wait_for([&](Written done) { vault.records->create(call, customer_of(vault, fields), std::move(done)); });
}
inline CustomerId create_one(TestVault& vault, const Fields& fields) {
    return TestVault::must(create(vault, fields)).front().customer;
}
inline Result<std::vector<Receipt>> update(TestVault& vault, CustomerId customer, const Fields& fields,
                                           std::uint64_t expected = 0, CallPtr call = nullptr) {
    if (call == nullptr) call = shared(vault.call());
    return wait_for([&](Written done) {
        vault.records->update(call, customer, customer_of(vault, fields), expected, std::move(done));
    });
}
inline Result<std::vector<Receipt>> add(TestVault& vault, CustomerId customer, std::string_view collection,
                                        const Fields& fields) {
    const auto schema = vault.rules->schema();
    return wait_for([&](Written done) {
        vault.records->add_record(shared(vault.call()), customer, record_of(*schema, collection, fields), schema,
                                  std::move(done));
    });
}
inline Result<std::vector<Receipt>> remove(TestVault& vault, CustomerId customer, std::string_view collection,
                                           RecordId record, std::uint64_t expected = 0, CallPtr call = nullptr) {
    if (call == nullptr) call = shared(vault.call());
    return wait_for([&](Written done) {
        vault.records->delete_record(call, customer, collection, record, expected, std::move(done));
    });
}

// How often `audited` was called, and with what.
struct Promise {
    std::atomic<int> calls{0};
    std::promise<Result<std::uint64_t>> first;
    std::future<Result<std::uint64_t>> answer = first.get_future();
    Audited audited() {
        return [this](Result<std::uint64_t> index) {
            if (calls.fetch_add(1) == 0) first.set_value(std::move(index));
        };
    }
};

inline std::vector<audit::Entry> entries_of(TestVault& vault, CustomerId customer) {
    TestVault::must_do(vault.audit->catch_up());  // entries of writes come to the journal behind their commit
    std::vector<audit::Entry> entries;
    for (audit::Found& found : TestVault::must(vault.audit->search({.customer = customer, .limit = 1'000})))
        entries.push_back(std::move(found.entry));
    return entries;  // newest first
}

// The audit log of a vault, less what a test forbids; tells what happened in which order.
class WatchedLog final : public audit::AuditLog {
 public:
    WatchedLog(audit::AuditLog& log, std::vector<std::string>& events) : log_(log), events_(events) {}

    void append(const audit::Entry& entry, UniqueFunction<void(Result<std::uint64_t>)> done) override {
        events_.push_back("append " + entry.action + " " + entry.decision);
        if (failing) return done(Error(ErrorCode::storage_full, "no room for the journal"));
        log_.append(entry, std::move(done));
    }
    Result<void> record(store::Transaction& transaction, const audit::Entry& entry) override {
        if (failing) return Error(ErrorCode::storage_full, "no room for the outbox");
        return log_.record(transaction, entry);
    }
    Result<void> record(store::Transaction& transaction, const audit::Entry& entry,
                        UniqueFunction<void(Result<std::uint64_t>)> on_index) override {
        if (failing) return Error(ErrorCode::storage_full, "no room for the outbox");
        return log_.record(transaction, entry, std::move(on_index));
    }
    std::uint64_t size() const override { return log_.size(); }
    Result<void> catch_up() override { return log_.catch_up(); }
    Result<std::string> checkpoint() const override { return log_.checkpoint(); }
    std::string verifier_key() const override { return log_.verifier_key(); }
    Result<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const override {
        return log_.tile(level, index, width);
    }
    Result<Bytes> entry_bundle(std::uint64_t index, unsigned width) const override {
        return log_.entry_bundle(index, width);
    }
    Result<audit::InclusionProof> prove_inclusion(std::uint64_t index, std::uint64_t size) const override {
        return log_.prove_inclusion(index, size);
    }
    Result<std::vector<Digest>> prove_consistency(std::uint64_t from, std::uint64_t to) const override {
        return log_.prove_consistency(from, to);
    }
    Result<std::uint64_t> checkpoint_size() const override { return log_.checkpoint_size(); }
    Result<std::vector<audit::Found>> search(const audit::Query& query) const override { return log_.search(query); }
    Result<audit::Page> search_page(const audit::Query& query) const override { return log_.search_page(query); }
    Result<audit::Entry> entry_at(std::uint64_t index) const override { return log_.entry_at(index); }
    bool writable() const override { return !failing; }
    std::optional<Error> fatal() const override { return log_.fatal(); }

    std::atomic<bool> failing{false};

 private:
    audit::AuditLog& log_;
    std::vector<std::string>& events_;
};

// The keyring of a vault, telling when a customer's keys are asked for.
class WatchedKeys final : public keys::Keyring {
 public:
    WatchedKeys(keys::Keyring& keys, std::vector<std::string>& events) : keys_(keys), events_(events) {}

    void create_async(std::vector<NewCustomer> customers, Created done) override {
        keys_.create_async(std::move(customers), std::move(done));
    }
    Result<keys::CustomerKeysPtr> find(CustomerId customer) override {
        events_.emplace_back("keys");
        return keys_.find(customer);
    }
    Result<std::vector<keys::CustomerKeysPtr>> find_many(std::span<const CustomerId> customers) override {
        events_.emplace_back("keys");
        return keys_.find_many(customers);
    }
    Result<keys::CustomerKeysPtr> find_or_extend(CustomerId customer,
                                                 std::span<const keys::CollectionNumber> collections) override {
        return keys_.find_or_extend(customer, collections);
    }
    Result<void> shred(CustomerId customer) override {
        if (shred_fails) return Error(ErrorCode::unavailable, "the key store does not answer");
        return keys_.shred(customer);
    }
    Result<void> shred_many(std::span<const CustomerId> customers) override { return keys_.shred_many(customers); }
    Result<crypto::MacKey> vault_key(std::string_view name) override { return keys_.vault_key(name); }
    Result<crypto::SigningSeed> signing_seed(std::string_view name) override { return keys_.signing_seed(name); }
    Result<keys::RotationProgress> rotate(const std::function<bool(const keys::RotationProgress&)>& report) override {
        if (before_rotation) before_rotation();
        return keys_.rotate(report);
    }
    Result<std::vector<keys::KekInfo>> keks() override { return keys_.keks(); }
    Result<void> for_each_customer(CustomerId after, const std::function<bool(CustomerId)>& each) override {
        return keys_.for_each_customer(after, each);
    }
    Result<void> for_each_customer_newest_first(const std::function<bool(CustomerId)>& each) override {
        return keys_.for_each_customer_newest_first(each);
    }
    Result<std::vector<CustomerId>> verify() override { return keys_.verify(); }
    std::uint64_t cached_customers() const override { return keys_.cached_customers(); }

    bool shred_fails = false;
    std::function<void()> before_rotation;

 private:
    keys::Keyring& keys_;
    std::vector<std::string>& events_;
};

// A second front over the same vault, whose log and keys are watched.
struct WatchedVault {
    explicit WatchedVault(TestVault& vault)
        : log(*vault.audit, events),
          keys(*vault.keys, events),
          records(TestVault::must(Records::open({.vault = vault.id,
                                                 .data = *vault.data,
                                                 .keys = keys,
                                                 .audit = log,
                                                 .rules = *vault.rules,
                                                 .signing_key = *vault.signing_key,
                                                 .clock = vault.clock}))) {
        events.clear();
    }
    std::vector<std::string> events;
    WatchedLog log;
    WatchedKeys keys;
    std::unique_ptr<Records> records;
};

}  // namespace cloister::records::testing
