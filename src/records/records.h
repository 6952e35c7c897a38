// The use cases on customers and their records: create, read, change, search, erase. Each one decides (policy), audits,
// then touches keys and data, in that order; docs/architecture.md, "The one path".
//
// Reads run on the calling thread and hand back their answer at once, together with a promise: the answer must not
// leave before `audited` was called with a success, which happens once the audit entry is on disk. `audited` is always
// called, exactly once, also when the read was refused (a refusal is audited as well). Writes complete through a
// callback, durable, with their audit entry in the same commit.
//
// Threads  Any thread may call any method. Callbacks come from database threads and must not block.
// Errors   forbidden, rate_limited: Call::denial says why. invalid_argument: Call::problems names each wrong field.
// not_found:
//          no such customer or record, or erased. precondition_failed: another version. corrupt: sealed data does not
//          open.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.h"
#include "base/clock.h"
#include "base/function.h"
#include "base/ids.h"
#include "base/personal.h"
#include "keys/keyring.h"
#include "records/blind_index.h"
#include "records/call.h"
#include "records/limiter.h"
#include "records/rulebook.h"
#include "records/tables.h"
#include "store/database.h"

namespace cloister::records {

constexpr std::size_t kMaxBatch = 1'000;      // customers a batch call
constexpr std::size_t kEntryCustomers = 200;  // customers an audit entry: stays below 64 KiB
constexpr std::size_t kMaxPage = 200;         // records or customers a page

using Audited = UniqueFunction<void(Result<std::uint64_t> index)>;

// What is asked for: named fields, or everything the caller may see.
struct Selection {
    std::vector<std::string> paths;  // "contact.mobile", "contact.*", "contact"; empty: everything
};

struct FieldView {
    const FieldDef* field = nullptr;
    policy::Effect effect = policy::Effect::clear;
    Personal text;  // clear, masked or generalised, as the effect says
};

struct RecordView {
    RecordId record;
    std::uint64_t version = 0;
    Time created{};
    Time updated{};
    std::vector<FieldView> fields;
};

struct CollectionView {
    const Collection* collection = nullptr;
    std::vector<RecordView> records;
    bool more = false;  // there are older records: ask the collection's own route
};

struct CustomerView {
    CustomerId customer;
    std::uint64_t version = 0;
    std::vector<CollectionView> collections;
    std::vector<std::pair<std::string, policy::Effect>> effects;  // fields that are not clear
    std::shared_ptr<const Schema> schema;                         // keeps the field definitions alive
};

// A value as it came in: text in any accepted form, or nothing to remove the field.
struct InputField {
    const FieldDef* field = nullptr;
    std::optional<std::string> text;
};
struct InputRecord {
    const Collection* collection = nullptr;
    std::optional<RecordId> record;  // to change an existing one of a collection of many
    std::vector<InputField> fields;
    std::string path;  // for problems, e.g. "customers[3].transaction[0]"; empty at the top
};
struct InputCustomer {
    std::optional<CustomerId> customer;  // batch write: merge into this one
    std::vector<InputRecord> records;
    std::shared_ptr<const Schema> schema;
};

// What a write leaves behind: ids and versions only.
struct Receipt {
    CustomerId customer;
    std::uint64_t version = 0;  // of the customer
    std::optional<RecordId> record;
    std::uint64_t record_version = 0;
    bool replayed = false;  // an Idempotency-Key was seen before
};
using Written = UniqueFunction<void(Result<std::vector<Receipt>>)>;

struct Condition {
    std::string field;  // path
    std::string op;     // equals, starts_with, ends_with, contains, between
    Personal value;     // between: the lower bound
    Personal upper;     // between only
};
struct SearchRequest {
    std::vector<Condition> where;  // all must hold
    Selection selection;
    std::size_t limit = 20;
    std::optional<CustomerId> after;  // cursor
};
struct SearchPage {
    std::vector<CustomerView> customers;
    std::optional<CustomerId> next;  // cursor of the next page, if there may be more
};

struct Erasure {
    CustomerId customer;
    Time erased{};
    std::string state;        // "keys-destroyed" while rows are still being removed, then "complete"
    std::string certificate;  // JSON document, see docs/formats.md "Erasure certificate"
};

struct Parts {
    VaultId vault;
    store::Database& data;
    keys::Keyring& keys;
    audit::AuditLog& audit;
    Rulebook& rules;
    const crypto::SigningKey& signing_key;
    const Clock& clock;
    // Nobody else uses this vault now (the command line holds it): imports may add index rows later, in long sorted
    // runs.
    bool exclusive = false;
};

class Records {
 public:
    class Core;  // private to this folder (core.h)

    // Makes the index key on first use and finishes what a crash interrupted: erasures that had begun, keys of
    // customers whose data never arrived.
    static Result<std::unique_ptr<Records>> open(const Parts& parts);
    ~Records();

    Result<CustomerView> read(Call& call, CustomerId customer, const Selection& selection, Audited audited);
    // Records of one collection, newest first.
    Result<CustomerView> list(Call& call, CustomerId customer, std::string_view collection,
                              std::optional<RecordId> before, std::size_t limit, const Selection& selection,
                              Audited audited);
    Result<CustomerView> read_record(Call& call, CustomerId customer, std::string_view collection, RecordId record,
                                     Audited audited);
    // All versions of a record, newest first, the current one included.
    Result<CustomerView> history(Call& call, CustomerId customer, std::string_view collection, RecordId record,
                                 Audited audited);
    // In the order of `customers`; a customer that is not there is left out.
    Result<std::vector<CustomerView>> batch_read(Call& call, std::span<const CustomerId> customers,
                                                 const Selection& selection, Audited audited);
    Result<SearchPage> search(Call& call, const SearchRequest& request, Audited audited);

    void create(CallPtr call, InputCustomer input, Written done);
    // Merge patch over the collections of one record. `expected` 0: any version.
    void update(CallPtr call, CustomerId customer, InputCustomer patch, std::uint64_t expected, Written done);
    void add_record(CallPtr call, CustomerId customer, InputRecord input, std::shared_ptr<const Schema> schema,
                    Written done);
    void update_record(CallPtr call, CustomerId customer, InputRecord patch, std::shared_ptr<const Schema> schema,
                       std::uint64_t expected, Written done);
    void delete_record(CallPtr call, CustomerId customer, std::string_view collection, RecordId record,
                       std::uint64_t expected, Written done);
    // All or nothing, up to kMaxBatch customers: created without an id, merged into with one. May block; for workers.
    void batch_write(CallPtr call, std::vector<InputCustomer> customers, Written done);

    // Destroys the customer's keys, then removes the rows. Blocks; for workers. Erasing twice gives the first
    // certificate.
    Result<Erasure> erase(Call& call, CustomerId customer);

    // Lets a transaction do more in the same commit as a batch of new customers (import progress).
    using Extra = UniqueFunction<Result<void>(store::Transaction&)>;
    struct ImportBatch {
        std::vector<InputCustomer> customers;  // validated by check(); new, or with an id to merge many-records into
        audit::Entry entry;                    // template of the audit entries
        Extra extra;
        bool look_up_later = true;  // nothing in this import looks its own rows up: if exclusive, index rows can wait
    };
    // Writes a batch of an import; blocks until durable. Gives the ids in order.
    Result<std::vector<CustomerId>> write_import_batch(ImportBatch batch);
    // Adds the index rows that import batches left for later; until then a search misses what was imported. Call it at
    // the end of an exclusive import; open() finishes what a crash left.
    Result<void> add_waiting_index_rows();
    // Canonical forms in place; problems found are added to `problems`. True when there were none.
    static bool check(InputCustomer& customer, bool complete, std::vector<FieldProblem>& problems);
    // Customers whose field holds exactly this value (opened and compared); at most `limit`. For imports: no decision,
    // no audit entry of its own, because no value leaves.
    Result<std::vector<CustomerId>> match(const Schema::Place& place, std::string_view canonical, std::size_t limit);

    const BlindIndex& blind_index() const;
    Rulebook& rules();
    const Core& core() const;
    Core& core();

 private:
    explicit Records(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace cloister::records
