// Many customers in one commit: batch writes of the API and batches of imports. All or nothing.
#include <future>

#include "records/core.h"

namespace cloister::records {
namespace {

constexpr std::size_t kMaxRecordsInBatch = 20'000;

Error first_problem(const Call& call) {
    return Error(ErrorCode::invalid_argument, call.problems.front().path + ": " + call.problems.front().reason);
}

}  // namespace

// Opens keys, makes those of new customers, seals everything: what a transaction needs ready.
Result<std::shared_ptr<std::vector<PreparedCustomer>>> Records::Core::prepare_batch(
    std::vector<InputCustomer>& inputs) {
    auto customers = std::make_shared<std::vector<PreparedCustomer>>();
    customers->reserve(inputs.size());
    for (InputCustomer& input : inputs) {
        customers->push_back(prepare_new(input));
        if (!input.customer) continue;
        customers->back().customer = *input.customer;
        customers->back().is_new = false;
    }
    if (inputs.empty()) return customers;
    const auto collections = inputs.front().schema->live_collections();
    // Existing customers first: when one is not there, no keys were made for the new ones.
    std::vector<keys::CustomerKeysPtr> opened(customers->size());
    for (std::size_t i = 0; i < customers->size(); ++i)
        if (!(*customers)[i].is_new) {
            CLOISTER_ASSIGN_OR_RETURN(opened[i], keys.find_or_extend((*customers)[i].customer, collections));
        }
    auto wanted_keys = new_keys(*customers, collections);
    std::vector<keys::CustomerKeysPtr> made;
    if (!wanted_keys.empty()) {
        CLOISTER_ASSIGN_OR_RETURN(made, keys.create(std::move(wanted_keys)));
    }
    const Time now = clock.now();
    auto next = made.begin();
    for (std::size_t i = 0; i < customers->size(); ++i) {
        PreparedCustomer& customer = (*customers)[i];
        if (customer.is_new) opened[i] = *next++;
        seal(customer.customer, *opened[i], customer.records, now);
    }
    return customers;
}

void Records::batch_write(CallPtr call, std::vector<InputCustomer> inputs, Written done) {
    constexpr auto kAction = policy::Action::customer_batch_write;
    Core& core = *core_;
    const auto refuse = [&](const Error& error) { core.refuse(*call, kAction, error, {}, std::move(done)); };
    std::vector<InputRecord> all;
    for (const InputCustomer& input : inputs)
        for (const InputRecord& record : input.records) {
            all.push_back({record.collection, record.record, {}, {}});
            for (const InputField& field : record.fields) all.back().fields.push_back({field.field, std::nullopt});
        }
    if (inputs.empty() || inputs.size() > kMaxBatch || all.size() > kMaxRecordsInBatch) {
        call->problems.push_back({"customers", "1 to 1000 customers, at most 20000 records"});
        return refuse(first_problem(*call));
    }
    const FieldSet fields = core.fields_of(all);
    const auto decided = core.decide(*call, kAction, fields, static_cast<std::uint32_t>(inputs.size()));
    if (!decided) return refuse(decided.error());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::string at = "customers[" + std::to_string(i) + "]";
        check(inputs[i], true, call->problems);  // also with an id: what it adds are new records
        if (inputs[i].records.empty()) call->problems.push_back({at, "nothing to write"});
        if (!inputs[i].customer) continue;
        for (const InputRecord& record : inputs[i].records)
            if (!record.collection->many || record.record)
                call->problems.push_back(
                    {record.path.empty() ? at : record.path,
                     "with an id, a batch adds records to collections of many; change a single record by "
                     "PATCH with If-Match"});
    }
    if (!call->problems.empty()) return refuse(first_problem(*call));
    if (call->idempotency) {
        std::optional<std::vector<Receipt>> before;
        const auto looked = core.data.read([&](store::Snapshot& snapshot) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(before, core.replay(snapshot, *call));
            return {};
        });
        if (!looked) return refuse(looked.error());
        if (before) return done(std::move(*before));
    }
    auto prepared = core.prepare_batch(inputs);
    if (!prepared) return refuse(prepared.error());
    auto receipts = std::make_shared<std::vector<Receipt>>();
    const auto rows = std::make_shared<std::vector<IndexRow>>(Core::index_rows_of(**prepared));
    core.data.write_async(
        [&core, call, fields, rows, customers = *prepared, receipts](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(auto before, core.replay(transaction, *call));
            if (before) {
                *receipts = std::move(*before);
                return {};
            }
            CLOISTER_RETURN_IF_ERROR(core.insert_customers(transaction, *customers, core.clock.now()));
            CLOISTER_RETURN_IF_ERROR(Core::insert_index_rows(transaction, *rows));
            audit::Entry entry = core.entry(*call, kAction);
            Core::name_fields(entry, fields, "written");
            CLOISTER_RETURN_IF_ERROR(core.record_entries(transaction, entry, *customers));
            receipts->clear();
            for (const PreparedCustomer& customer : *customers) {
                CLOISTER_ASSIGN_OR_RETURN(const auto row, find_customer(transaction, customer.customer));
                receipts->push_back({.customer = customer.customer, .version = row ? row->version : 0});
            }
            return core.remember(transaction, *call, *receipts);
        },
        [&core, call, receipts, customers = *prepared, schema = inputs.front().schema, pending = core.begin(),
         done = std::move(done)](Result<void> written) mutable {
            if (!written || receipts->front().replayed) core.abandon(*customers);  // made for nothing
            if (written) return done(std::move(*receipts));
            core.refuse(*call, kAction, written.error(), {}, std::move(done));
        });
}

Result<std::vector<CustomerId>> Records::write_import_batch(ImportBatch batch) {
    Core& core = *core_;
    CLOISTER_ASSIGN_OR_RETURN(const auto customers, core.prepare_batch(batch.customers));
    std::vector<IndexRow> rows = Core::index_rows_of(*customers);
    const bool later = core.exclusive && batch.look_up_later;
    const auto written = core.data.write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(core.insert_customers(transaction, *customers, core.clock.now()));
        CLOISTER_RETURN_IF_ERROR(later ? Core::note_backlog(transaction, *customers)
                                       : Core::insert_index_rows(transaction, rows));
        CLOISTER_RETURN_IF_ERROR(core.record_entries(transaction, batch.entry, *customers));
        return batch.extra ? batch.extra(transaction) : Result<void>();
    });
    if (!written) {
        core.abandon(*customers);
        return written.error();
    }
    if (later) CLOISTER_RETURN_IF_ERROR(core.add_later(std::move(rows)));
    std::vector<CustomerId> ids;
    ids.reserve(customers->size());
    for (const PreparedCustomer& customer : *customers) ids.push_back(customer.customer);
    return ids;
}

}  // namespace cloister::records
