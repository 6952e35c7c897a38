// Writing: create, merge, add, change and delete, each with its audit entry in the same commit. Everything costly
// (checking, sealing, index tokens) happens before the transaction; the transaction only compares versions and stores.
#include <algorithm>

#include "records/core.h"

namespace cloister::records {
namespace {

// What a write's transaction leaves for its completion; work functions may run more than once, so they set it whole.
struct Outcome {
    std::vector<Receipt> receipts;
};

Error invalid(Call& call) {
    return Error(ErrorCode::invalid_argument, call.problems.empty()
                                                  ? "invalid input"
                                                  : call.problems.front().path + ": " + call.problems.front().reason);
}

// What a repeated request was answered the first time, outside of any transaction.
Result<void> find_receipts(Records::Core& core, const Call& call, std::optional<std::vector<Receipt>>& before) {
    if (!call.idempotency) return {};
    return core.data.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(before, core.replay(snapshot, call));
        return {};
    });
}

Error empty_input(Call& call) {
    call.problems.push_back({"", "nothing to write"});
    return Error(ErrorCode::invalid_argument, "nothing to write");
}

}  // namespace

void Records::create(CallPtr call, InputCustomer input, Written done) {
    constexpr auto kAction = policy::Action::customer_create;
    const FieldSet fields = core_->fields_of(input.records);
    const auto decided = core_->decide(*call, kAction, fields, 1);
    if (!decided) return core_->refuse(*call, kAction, decided.error(), {}, std::move(done));
    if (!check(input, true, call->problems)) return core_->refuse(*call, kAction, invalid(*call), {}, std::move(done));
    if (call->idempotency) {  // an early look spares keys for a replay; the transaction looks again
        std::optional<std::vector<Receipt>> before;
        const auto looked = find_receipts(*core_, *call, before);
        if (!looked) return core_->refuse(*call, kAction, looked.error(), {}, std::move(done));
        if (before) return done(std::move(*before));
    }
    auto customers = std::make_shared<std::vector<PreparedCustomer>>();
    customers->push_back(core_->prepare_new(input));
    if (customers->front().records.empty())
        return core_->refuse(*call, kAction, empty_input(*call), {}, std::move(done));

    const auto collections = input.schema->live_collections();
    core_->keys.create_async(
        core_->new_keys(*customers, collections),
        [core = core_.get(), call, customers, fields, schema = input.schema, pending = core_->begin(),
         done = std::move(done)](Result<std::vector<keys::CustomerKeysPtr>> opened) mutable {
            if (!opened) return core->refuse(*call, kAction, opened.error(), {}, std::move(done));
            const Time now = core->clock.now();
            core->seal(customers->front().customer, *opened->front(), customers->front().records, now);
            auto outcome = std::make_shared<Outcome>();
            core->data.write_async(
                [core, call, customers, fields, outcome, now](store::Transaction& transaction) -> Result<void> {
                    CLOISTER_ASSIGN_OR_RETURN(auto before, core->replay(transaction, *call));
                    if (before) {
                        outcome->receipts = std::move(*before);
                        return {};
                    }
                    CLOISTER_RETURN_IF_ERROR(core->insert_customers(transaction, *customers, now));
                    CLOISTER_RETURN_IF_ERROR(Core::insert_index_rows(transaction, Core::index_rows_of(*customers)));
                    audit::Entry entry = core->entry(*call, kAction);
                    Core::name_fields(entry, fields, "written");
                    CLOISTER_RETURN_IF_ERROR(core->record_entries(transaction, entry, *customers));
                    outcome->receipts = {Receipt{.customer = customers->front().customer, .version = 1}};
                    return core->remember(transaction, *call, outcome->receipts);
                },
                // The schema outlives the records' pointers into it.
                [core, call, customers, outcome, schema = std::move(schema), pending = std::move(pending),
                 done = std::move(done)](Result<void> written) mutable {
                    if (!written || outcome->receipts.front().replayed) core->abandon(*customers);  // made for nothing
                    if (written) return done(std::move(outcome->receipts));
                    core->refuse(*call, kAction, written.error(), {}, std::move(done));
                });
        });
}

// A change of existing records: what is stored now, merged with a patch, sealed as the next version.
class Merge {
 public:
    Merge(Records::Core& core, Call& call, CustomerId customer) : core_(core), call_(call), customer_(customer) {}

    // Reads versions and current rows in one snapshot.
    Result<void> load(const InputCustomer& patch) {
        return core_.data.read([&](store::Snapshot& snapshot) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(const auto row, find_customer(snapshot, customer_));
            if (!row || row->state != CustomerState::active) return Error(ErrorCode::not_found, "no such customer");
            version_ = row->version;
            for (const InputRecord& in : patch.records) CLOISTER_RETURN_IF_ERROR(load_one(snapshot, in));
            return {};
        });
    }

    // Opens what is there, lays the patch over it, prepares the next versions.
    Result<void> merge(InputCustomer& patch) {
        std::vector<std::uint16_t> collections;
        for (const InputRecord& in : patch.records) collections.push_back(in.collection->number);
        CLOISTER_ASSIGN_OR_RETURN(opened_, core_.keys.find_or_extend(customer_, collections));
        for (std::size_t i = 0; i < patch.records.size(); ++i)
            CLOISTER_RETURN_IF_ERROR(merge_one(patch.records[i], places_[i]));
        if (!call_.problems.empty()) return invalid(call_);
        core_.seal(customer_, *opened_, prepared, core_.clock.now());
        return {};
    }

    Result<void> store(store::Transaction& transaction) const {
        for (const PreparedRecord& record : prepared) {
            if (record.version > 1 && record.created != Time{}) {
                CLOISTER_RETURN_IF_ERROR(replace_record(transaction, customer_, record.row));
            } else {
                CLOISTER_RETURN_IF_ERROR(insert_record(transaction, customer_, record.row));
            }
        }
        return {};
    }

    std::uint64_t version() const { return version_; }
    std::uint64_t record_version() const { return places_.empty() || !places_[0].row ? 0 : places_[0].row->version; }

    std::vector<PreparedRecord> prepared;

 private:
    struct Place {
        std::optional<RecordRow> row;
        std::uint64_t last_version = 0;  // of a record that was deleted: numbers are not used again
    };

    Result<void> load_one(store::Snapshot& snapshot, const InputRecord& in) {
        Place place;
        const RecordId record = in.record.value_or(RecordId());
        if (!in.collection->many || in.record) {
            CLOISTER_ASSIGN_OR_RETURN(place.row, find_record(snapshot, customer_, in.collection->number, record));
            if (!place.row && in.record) return Error(ErrorCode::not_found, "no such record");
            if (!place.row) {
                CLOISTER_ASSIGN_OR_RETURN(place.last_version,
                                          last_history_version(snapshot, customer_, in.collection->number, record));
            }
        }
        places_.push_back(std::move(place));
        return {};
    }

    Result<void> merge_one(InputRecord& in, const Place& place) {
        PreparedRecord record;
        record.collection = in.collection;
        record.version = place.last_version + 1;
        if (in.collection->many) record.record = in.record ? *in.record : core_.new_id<RecordId>();
        if (place.row) {
            record.version = place.row->version + 1;
            record.created = place.row->created;
            CLOISTER_ASSIGN_OR_RETURN(const SealedRecord sealed, SealedRecord::parse(place.row->sealed));
            const crypto::DataKey* key = opened_->find(in.collection->number);
            if (key == nullptr) return Error(ErrorCode::corrupt, "sealed data does not open");
            crypto::Aead aead(*key);
            CLOISTER_ASSIGN_OR_RETURN(record.fields, sealed.open_all(aead, core_.address(customer_, *place.row)));
        }
        for (InputField& field : in.fields) lay_over(record.fields, field);
        for (const FieldDef& def : in.collection->fields)
            if (def.required && !def.retired && !has(record.fields, def.number))
                call_.problems.push_back({in.collection->name + "." + def.name, "required"});
        core_.tokens_for(*in.collection, record);
        prepared.push_back(std::move(record));
        return {};
    }

    static bool has(const std::vector<PlainField>& fields, std::uint16_t number) {
        return std::any_of(fields.begin(), fields.end(), [&](const PlainField& f) { return f.number == number; });
    }

    static void lay_over(std::vector<PlainField>& fields, InputField& change) {
        const std::uint16_t number = change.field->number;
        const auto at = std::lower_bound(fields.begin(), fields.end(), number,
                                         [](const PlainField& f, std::uint16_t n) { return f.number < n; });
        const bool there = at != fields.end() && at->number == number;
        if (!change.text) {
            if (there) fields.erase(at);
        } else if (there) {
            at->text = Personal(std::move(*change.text));
        } else {
            fields.insert(at, {number, Personal(std::move(*change.text))});
        }
    }

    Records::Core& core_;
    Call& call_;
    CustomerId customer_;
    std::uint64_t version_ = 0;
    keys::CustomerKeysPtr opened_;
    std::vector<Place> places_;
};

namespace {

// Both ways to change: a customer's version is checked for a customer patch, a record's for a record patch.
struct Change {
    policy::Action action;
    CustomerId customer;
    InputCustomer patch;
    std::uint64_t expected = 0;  // version asked for, 0: any
    bool of_record = false;      // `expected` means the record's version, and the receipt names it
};

void run_change(Records::Core& core, CallPtr call, Change change, Written done) {
    const FieldSet fields = core.fields_of(change.patch.records);
    const auto decided = core.decide(*call, change.action, fields, 1);
    if (!decided) return core.refuse(*call, change.action, decided.error(), change.customer, std::move(done));
    // A repeated request names the version it replaced the first time: look for its receipt before comparing.
    std::optional<std::vector<Receipt>> before;
    auto merge = std::make_shared<Merge>(core, *call, change.customer);
    const auto prepare = [&]() -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(find_receipts(core, *call, before));
        if (before) return {};
        if (!Records::check(change.patch, false, call->problems)) return invalid(*call);
        if (change.patch.records.empty()) return empty_input(*call);
        CLOISTER_RETURN_IF_ERROR(merge->load(change.patch));
        const std::uint64_t stored = change.of_record ? merge->record_version() : merge->version();
        if (change.expected != 0 && stored != change.expected)
            return Error(ErrorCode::precondition_failed, "the stored version is " + std::to_string(stored));
        return merge->merge(change.patch);
    };
    if (const auto prepared = prepare(); !prepared)
        return core.refuse(*call, change.action, prepared.error(), change.customer, std::move(done));
    if (before) return done(std::move(*before));

    auto outcome = std::make_shared<Outcome>();
    const std::uint64_t expected = change.of_record ? 0 : merge->version();
    core.data.write_async(
        [&core, call, merge, fields, outcome, expected, action = change.action, customer = change.customer,
         of_record = change.of_record](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(auto before, core.replay(transaction, *call));
            if (before) {
                outcome->receipts = std::move(*before);
                return {};
            }
            CLOISTER_ASSIGN_OR_RETURN(const std::uint64_t version,
                                      bump_customer(transaction, customer, expected, core.clock.now()));
            CLOISTER_RETURN_IF_ERROR(merge->store(transaction));
            audit::Entry entry = core.entry(*call, action);
            entry.customers = {customer};
            Records::Core::name_fields(entry, fields, "written");
            for (const PreparedRecord& record : merge->prepared)
                entry.changes.push_back(core.change(customer, record.row));
            CLOISTER_RETURN_IF_ERROR(core.audit.record(transaction, entry));
            Receipt receipt{.customer = customer, .version = version};
            if (of_record) {
                receipt.record = merge->prepared.front().record;
                receipt.record_version = merge->prepared.front().version;
            }
            outcome->receipts = {receipt};
            return core.remember(transaction, *call, outcome->receipts);
        },
        [&core, call, outcome, schema = change.patch.schema, action = change.action, customer = change.customer,
         pending = core.begin(), done = std::move(done)](Result<void> written) mutable {
            if (!written) return core.refuse(*call, action, written.error(), customer, std::move(done));
            done(std::move(outcome->receipts));
        });
}

}  // namespace

void Records::update(CallPtr call, CustomerId customer, InputCustomer patch, std::uint64_t expected, Written done) {
    run_change(*core_, std::move(call),
               {.action = policy::Action::customer_update,
                .customer = customer,
                .patch = std::move(patch),
                .expected = expected},
               std::move(done));
}

void Records::add_record(CallPtr call, CustomerId customer, InputRecord input, std::shared_ptr<const Schema> schema,
                         Written done) {
    Change change{.action = policy::Action::customer_update, .customer = customer, .of_record = true};
    change.patch.records.push_back(std::move(input));
    change.patch.schema = std::move(schema);
    run_change(*core_, std::move(call), std::move(change), std::move(done));
}

void Records::update_record(CallPtr call, CustomerId customer, InputRecord patch, std::shared_ptr<const Schema> schema,
                            std::uint64_t expected, Written done) {
    Change change{
        .action = policy::Action::customer_update, .customer = customer, .expected = expected, .of_record = true};
    change.patch.records.push_back(std::move(patch));
    change.patch.schema = std::move(schema);
    run_change(*core_, std::move(call), std::move(change), std::move(done));
}

void Records::delete_record(CallPtr call, CustomerId customer, std::string_view collection, RecordId record,
                            std::uint64_t expected, Written done) {
    constexpr auto kAction = policy::Action::record_delete;
    const auto schema = core_->rules.schema();
    const Collection* in = schema->find(collection);
    if (in == nullptr)
        return core_->refuse(*call, kAction, Error(ErrorCode::not_found, "no such collection"), customer,
                             std::move(done));
    const auto resolved = core_->resolve(*call, *schema, {{std::string(collection)}});
    if (!resolved) return core_->refuse(*call, kAction, resolved.error(), customer, std::move(done));
    const auto decided = core_->decide(*call, kAction, *resolved, 1);
    if (!decided) return core_->refuse(*call, kAction, decided.error(), customer, std::move(done));
    auto outcome = std::make_shared<Outcome>();
    core_->data.write_async(
        [core = core_.get(), call, customer, number = in->number, record, expected,
         outcome](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(auto before, core->replay(transaction, *call));
            if (before) {
                outcome->receipts = std::move(*before);
                return {};
            }
            CLOISTER_ASSIGN_OR_RETURN(const auto row, find_record(transaction, customer, number, record));
            if (!row) return Error(ErrorCode::not_found, "no such record");
            if (expected != 0 && row->version != expected)
                return Error(ErrorCode::precondition_failed, "the stored version is " + std::to_string(row->version));
            const Time now = core->clock.now();
            CLOISTER_ASSIGN_OR_RETURN(const std::uint64_t version, bump_customer(transaction, customer, 0, now));
            CLOISTER_RETURN_IF_ERROR(remove_record(transaction, customer, number, record, row->version, now));
            audit::Entry entry = core->entry(*call, kAction);
            entry.customers = {customer};
            entry.changes.push_back({customer, number, record, row->version, {}, true});
            CLOISTER_RETURN_IF_ERROR(core->audit.record(transaction, entry));
            outcome->receipts = {
                Receipt{.customer = customer, .version = version, .record = record, .record_version = row->version}};
            return core->remember(transaction, *call, outcome->receipts);
        },
        [core = core_.get(), call, customer, outcome, pending = core_->begin(),
         done = std::move(done)](Result<void> written) mutable {
            if (!written) return core->refuse(*call, kAction, written.error(), customer, std::move(done));
            done(std::move(outcome->receipts));
        });
}

}  // namespace cloister::records
