// What the use cases of Records share. Private to this folder.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "records/records.h"

namespace cloister::records {

// The fields a request is about, as policy sees them, with the place of each in the schema.
struct FieldSet {
    std::vector<Schema::Place> places;
    std::vector<policy::Field> fields;
    bool named = false;
};

// A record ready to be written.
struct PreparedRecord {
    const Collection* collection = nullptr;
    RecordId record;
    std::uint64_t version = 1;
    Time created{};
    std::vector<PlainField> fields;
    std::vector<IndexToken> tokens;
    RecordRow row;  // sealed form, set by seal()
};
struct PreparedCustomer {
    CustomerId customer;
    bool is_new = true;
    std::vector<PreparedRecord> records;
};

// A row of the blind index, ordered as the table is.
struct IndexRow {
    IndexToken token;
    CustomerId customer;
    RecordId record;
    auto operator<=>(const IndexRow&) const = default;
};

class Records::Core {
 public:
    Core(const Parts& parts, crypto::MacKey index_key)
        : vault(parts.vault),
          data(parts.data),
          keys(parts.keys),
          audit(parts.audit),
          rules(parts.rules),
          signing_key(parts.signing_key),
          clock(parts.clock),
          exclusive(parts.exclusive),
          index(std::move(index_key)) {}

    // decide.cc
    // All paths of the selection, or every live field. invalid_argument with a problem for an unknown path.
    Result<FieldSet> resolve(Call& call, const Schema& schema, const Selection& selection) const;
    // Evaluates; counts against the rate limit. Sets Call::denial and friends.
    Result<policy::Decision> decide(Call& call, policy::Action action, const FieldSet& fields, std::uint32_t amount);
    audit::Entry entry(const Call& call, policy::Action action) const;
    // An entry for a refusal, with its problem.
    audit::Entry refusal(const Call& call, policy::Action action, const Error& error) const;
    // Appends the refusal of a write and then tells `done`.
    void refuse(const Call& call, policy::Action action, const Error& error, CustomerId customer, Written done);

    // open.cc
    // The record as decided: opened, masked, generalised. `effects` is parallel to `fields`.
    Result<RecordView> open_record(crypto::Aead& aead, const RecordAddress& address, const RecordRow& row,
                                   const Collection& collection, const FieldSet& fields,
                                   const std::vector<policy::Effect>& effects) const;
    // All records of the view's plan, after the entry was queued. Shared by every kind of read.
    struct Loaded {
        const Collection* collection;
        std::vector<RecordRow> rows;
        bool more = false;
    };
    Result<CustomerView> open_customer(CustomerId customer, std::uint64_t version, const std::vector<Loaded>& loaded,
                                       const keys::CustomerKeysPtr& opened, const FieldSet& fields,
                                       const policy::Decision& decision, std::shared_ptr<const Schema> schema) const;
    RecordAddress address(CustomerId customer, const RecordRow& row) const {
        return {vault, customer, row.collection, row.record, row.version};
    }

    // prepare.cc
    PreparedCustomer prepare_new(InputCustomer& input) const;
    void tokens_for(const Collection& collection, PreparedRecord& record) const;
    void seal(CustomerId customer, const keys::CustomerKeys& opened, std::vector<PreparedRecord>& records,
              Time now) const;
    audit::RecordChange change(CustomerId customer, const RecordRow& row) const;
    Digest digest(CustomerId customer, const RecordRow& row) const;
    // Names of the fields that a write touches, for decision and audit.
    FieldSet fields_of(const std::vector<InputRecord>& records) const;
    static void name_fields(audit::Entry& entry, const FieldSet& fields, std::string_view effect);
    // Entries that tell of `customers`, at most kEntryCustomers each.
    Result<void> record_entries(store::Transaction& transaction, audit::Entry entry,
                                const std::vector<PreparedCustomer>& customers);
    // Without their index rows, which index_rows_of() gives.
    Result<void> insert_customers(store::Transaction& transaction, const std::vector<PreparedCustomer>& customers,
                                  Time now);
    std::vector<keys::Keyring::NewCustomer> new_keys(const std::vector<PreparedCustomer>& customers,
                                                     const std::vector<std::uint16_t>& collections) const;

    // idempotency.cc
    Result<std::optional<std::vector<Receipt>>> replay(store::Snapshot& snapshot, const Call& call) const;
    Result<void> remember(store::Transaction& transaction, const Call& call,
                          const std::vector<Receipt>& receipts) const;

    // records.cc
    // Waits for all writes under way, then drops keys that were made for nothing.
    ~Core();
    // Held by the callbacks of a write: ~Core() waits until it is let go.
    std::shared_ptr<void> begin();
    // Notes the new customers of a write that came to nothing.
    void abandon(const std::vector<PreparedCustomer>& customers);

    // backlog.cc
    // In the order of the index: a B-tree fed in random order dirties a page per row.
    static std::vector<IndexRow> index_rows_of(const std::vector<PreparedCustomer>& customers);
    static Result<void> insert_index_rows(store::Transaction& transaction, std::span<const IndexRow> rows);
    // Notes in the batch's transaction that its index rows are still to come.
    static Result<void> note_backlog(store::Transaction& transaction, const std::vector<PreparedCustomer>& customers);
    // Keeps them until there are many, then adds them.
    Result<void> add_later(std::vector<IndexRow> rows);
    Result<void> flush_backlog();
    // After a crash: reads the rows that are missing from the records themselves.
    Result<void> recover_backlog();

    // bulk.cc
    Result<std::shared_ptr<std::vector<PreparedCustomer>>> prepare_batch(std::vector<InputCustomer>& inputs);

    // erase.cc
    Result<void> finish_erasures();
    Result<void> drop_orphan_keys();
    // Destroys the keys of those customers of whom neither store nor log know anything.
    Result<void> drop_if_unknown(const std::vector<CustomerId>& customers);
    // Removes the rows of an erased customer, some thousand a commit.
    Result<std::uint64_t> purge(CustomerId customer, const std::string& actor);
    // The same on a thread of its own, for customers with very many records; the destructor waits for the running
    // batch.
    void purge_later(CustomerId customer, std::string actor);
    bool stopping() const;
    Result<std::string> certificate(CustomerId customer, Time erased, std::uint64_t index);

    template <class Id>
    Id new_id() const {
        return Id::make_v7(to_unix_millis(clock.now()), crypto::random_array<10>());
    }

    const VaultId vault;
    store::Database& data;
    keys::Keyring& keys;
    audit::AuditLog& audit;
    Rulebook& rules;
    const crypto::SigningKey& signing_key;
    const Clock& clock;
    const bool exclusive;
    BlindIndex index;
    Limiter limiter;

 private:
    struct Pending {
        Mutex mutex;
        CondVar changed;
        std::uint64_t count CLOISTER_GUARDED_BY(mutex) = 0;
    };
    const std::shared_ptr<Pending> pending_ = std::make_shared<Pending>();
    mutable Mutex abandoned_mutex_;
    std::vector<CustomerId> abandoned_ CLOISTER_GUARDED_BY(abandoned_mutex_);
    Mutex waiting_mutex_;
    std::vector<IndexRow> waiting_rows_ CLOISTER_GUARDED_BY(waiting_mutex_);
    mutable Mutex purges_mutex_;
    std::vector<std::thread> purges_ CLOISTER_GUARDED_BY(purges_mutex_);
    bool stopping_ CLOISTER_GUARDED_BY(purges_mutex_) = false;
};

// The collections of which something may be opened, in schema order.
std::vector<const Collection*> wanted(const Schema& schema, const FieldSet& fields, const policy::Decision& decision);
// The sealed rows of those collections: the one record, or the newest of many.
Result<std::vector<Records::Core::Loaded>> load_all(store::Snapshot& snapshot, CustomerId customer,
                                                    const std::vector<const Collection*>& collections);

}  // namespace cloister::records
