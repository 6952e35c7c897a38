// Reading: one customer, one collection, one record, its history, many customers. All follow one order: decide, load
// the sealed rows, queue the audit entry, open.
#include <algorithm>

#include "records/core.h"

namespace cloister::records {
namespace {

constexpr std::size_t kMaxVersions = 500;

// Field names and effects of what is going to be opened: those that some loaded record really has.
template <class Loaded>
void name_opened(audit::Entry& entry, const std::vector<Loaded>& loaded, const FieldSet& fields,
                 const policy::Decision& decision) {
    for (const Loaded& part : loaded) {
        std::vector<std::uint16_t> present;
        for (const RecordRow& row : part.rows)
            if (const auto sealed = SealedRecord::parse(row.sealed))
                present.insert(present.end(), sealed->numbers().begin(), sealed->numbers().end());
        std::sort(present.begin(), present.end());
        for (std::size_t i = 0; i < fields.places.size(); ++i) {
            const auto& place = fields.places[i];
            if (place.collection != part.collection || decision.effects[i] >= policy::Effect::token) continue;
            if (!std::binary_search(present.begin(), present.end(), place.field->number)) continue;
            std::string name = place.collection->name + "." + place.field->name;
            const auto same = [&](const auto& f) { return f.first == name; };
            if (std::none_of(entry.fields.begin(), entry.fields.end(), same))
                entry.fields.emplace_back(std::move(name), to_string(decision.effects[i]));
        }
    }
}

Error no_customer() { return Error(ErrorCode::not_found, "no such customer"); }

}  // namespace

// What all reads share: the decision, and the refusals that are audited like any answer.
class Reading {
 public:
    Reading(Records::Core& core, Call& call, policy::Action action, Audited audited)
        : core_(core), call_(call), action_(action), audited_(std::move(audited)) {}

    Result<void> decide(const Selection& selection, std::uint32_t amount) {
        schema = core_.rules.schema();
        CLOISTER_ASSIGN_OR_RETURN(fields, core_.resolve(call_, *schema, selection));
        CLOISTER_ASSIGN_OR_RETURN(decision, core_.decide(call_, action_, fields, amount));
        return {};
    }
    // Audits a refusal of any kind and gives the error back.
    Error refuse(const Error& error, std::vector<CustomerId> customers) {
        audit::Entry entry = core_.refusal(call_, action_, error);
        entry.customers = std::move(customers);
        core_.audit.append(entry, std::move(audited_));
        return error;
    }
    void queue(const audit::Entry& entry) { core_.audit.append(entry, std::move(audited_)); }
    // Several entries for one answer: it waits for all of them, and any failure fails it. The journal completes entries
    // in order on one thread, so the last callback sees what the earlier ones left.
    void queue_all(const std::vector<audit::Entry>& entries) {
        auto failed = std::make_shared<std::optional<Error>>();
        for (std::size_t i = 0; i + 1 < entries.size(); ++i)
            core_.audit.append(entries[i], [failed](Result<std::uint64_t> index) {
                if (!index && !*failed) *failed = index.error();
            });
        core_.audit.append(entries.back(),
                           [failed, audited = std::move(audited_)](Result<std::uint64_t> index) mutable {
                               if (*failed) return audited(**failed);
                               audited(std::move(index));
                           });
    }

    std::shared_ptr<const Schema> schema;
    FieldSet fields;
    policy::Decision decision;

 private:
    Records::Core& core_;
    Call& call_;
    policy::Action action_;
    Audited audited_;
};

namespace {

using Loaded = Records::Core::Loaded;

Result<std::uint64_t> active_version(store::Snapshot& snapshot, CustomerId customer) {
    CLOISTER_ASSIGN_OR_RETURN(const auto row, find_customer(snapshot, customer));
    if (!row || row->state != CustomerState::active) return no_customer();
    return row->version;
}

}  // namespace

Result<CustomerView> Records::read(Call& call, CustomerId customer, const Selection& selection, Audited audited) {
    Reading reading(*core_, call, policy::Action::customer_read, std::move(audited));
    if (const auto decided = reading.decide(selection, 1); !decided) return reading.refuse(decided.error(), {customer});
    std::uint64_t version = 0;
    std::vector<Core::Loaded> loaded;
    const auto found = core_->data.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(version, active_version(snapshot, customer));
        CLOISTER_ASSIGN_OR_RETURN(
            loaded, load_all(snapshot, customer, wanted(*reading.schema, reading.fields, reading.decision)));
        return {};
    });
    if (!found) return reading.refuse(found.error(), {customer});
    audit::Entry entry = core_->entry(call, policy::Action::customer_read);
    entry.customers = {customer};
    name_opened(entry, loaded, reading.fields, reading.decision);
    reading.queue(entry);
    CLOISTER_ASSIGN_OR_RETURN(const auto opened, core_->keys.find(customer));
    return core_->open_customer(customer, version, loaded, opened, reading.fields, reading.decision, reading.schema);
}

namespace {

// The collection by name, as a selection that the caller cannot widen.
Result<Selection> narrowed(Call& call, const Schema& schema, std::string_view collection, const Selection& selection) {
    const Collection* found = schema.find(collection);
    if (found == nullptr || found->retired) return Error(ErrorCode::not_found, "no such collection");
    if (selection.paths.empty()) return Selection{{std::string(collection)}};
    for (const std::string& path : selection.paths) {
        if (path.substr(0, path.find('.')) == collection) continue;
        call.problems.push_back({"fields", "outside the collection"});
        return Error(ErrorCode::invalid_argument, "a field outside the collection");
    }
    return selection;
}

struct Scope {
    CustomerId customer;
    std::string_view collection;
    policy::Action action = policy::Action::customer_read;
    std::string_view counted;  // name of the entry's detail that says how many rows were opened
};
using LoadRows = FunctionRef<Result<void>(store::Snapshot&, const Collection&, Records::Core::Loaded&)>;

// Rows of one collection of one customer, whichever `load` picks.
Result<CustomerView> read_rows(Records::Core& core, Call& call, const Scope& scope, const Selection& selection,
                               Audited audited, LoadRows load) {
    Reading reading(core, call, scope.action, std::move(audited));
    const auto narrow = narrowed(call, *core.rules.schema(), scope.collection, selection);
    if (!narrow) return reading.refuse(narrow.error(), {scope.customer});
    if (const auto decided = reading.decide(*narrow, 1); !decided)
        return reading.refuse(decided.error(), {scope.customer});
    const Collection* in = reading.schema->find(scope.collection);
    std::uint64_t version = 0;
    std::vector<Records::Core::Loaded> parts{{in, {}, false}};
    const auto found = core.data.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(version, active_version(snapshot, scope.customer));
        return load(snapshot, *in, parts.front());
    });
    if (!found) return reading.refuse(found.error(), {scope.customer});
    audit::Entry entry = core.entry(call, scope.action);
    entry.customers = {scope.customer};
    name_opened(entry, parts, reading.fields, reading.decision);
    entry.details.emplace_back(scope.counted, std::to_string(parts.front().rows.size()));
    reading.queue(entry);
    CLOISTER_ASSIGN_OR_RETURN(const auto opened, core.keys.find(scope.customer));
    return core.open_customer(scope.customer, version, parts, opened, reading.fields, reading.decision, reading.schema);
}

}  // namespace

Result<CustomerView> Records::list(Call& call, CustomerId customer, std::string_view collection,
                                   std::optional<RecordId> before, std::size_t limit, const Selection& selection,
                                   Audited audited) {
    limit = std::min(limit, kMaxPage);
    const Scope scope{.customer = customer, .collection = collection, .counted = "records"};
    return read_rows(*core_, call, scope, selection, std::move(audited),
                     [&](store::Snapshot& snapshot, const Collection& in, Core::Loaded& loaded) -> Result<void> {
                         CLOISTER_ASSIGN_OR_RETURN(loaded.rows,
                                                   list_records(snapshot, customer, in.number, before, limit + 1));
                         loaded.more = loaded.rows.size() > limit;
                         if (loaded.more) loaded.rows.resize(limit);
                         return {};
                     });
}

Result<CustomerView> Records::read_record(Call& call, CustomerId customer, std::string_view collection, RecordId record,
                                          Audited audited) {
    const Scope scope{.customer = customer, .collection = collection, .counted = "records"};
    return read_rows(*core_, call, scope, {}, std::move(audited),
                     [&](store::Snapshot& snapshot, const Collection& in, Core::Loaded& loaded) -> Result<void> {
                         CLOISTER_ASSIGN_OR_RETURN(auto row, find_record(snapshot, customer, in.number, record));
                         if (!row) return Error(ErrorCode::not_found, "no such record");
                         loaded.rows.push_back(std::move(*row));
                         return {};
                     });
}

Result<CustomerView> Records::history(Call& call, CustomerId customer, std::string_view collection, RecordId record,
                                      Audited audited) {
    const Scope scope{
        .customer = customer, .collection = collection, .action = policy::Action::history_read, .counted = "versions"};
    return read_rows(*core_, call, scope, {}, std::move(audited),
                     [&](store::Snapshot& snapshot, const Collection& in, Core::Loaded& loaded) -> Result<void> {
                         CLOISTER_ASSIGN_OR_RETURN(auto row, find_record(snapshot, customer, in.number, record));
                         if (row) loaded.rows.push_back(std::move(*row));
                         CLOISTER_ASSIGN_OR_RETURN(auto older,
                                                   list_history(snapshot, customer, in.number, record, kMaxVersions));
                         for (RecordRow& old : older) loaded.rows.push_back(std::move(old));
                         if (loaded.rows.empty()) return Error(ErrorCode::not_found, "no such record");
                         return {};
                     });
}

Result<std::vector<CustomerView>> Records::batch_read(Call& call, std::span<const CustomerId> customers,
                                                      const Selection& selection, Audited audited) {
    const auto action = policy::Action::customer_batch_read;
    Reading reading(*core_, call, action, std::move(audited));
    if (customers.empty() || customers.size() > kMaxBatch) {
        call.problems.push_back({"ids", "1 to 1000 customers"});
        return reading.refuse(Error(ErrorCode::invalid_argument, "1 to 1000 customers"), {});
    }
    const auto decided = reading.decide(selection, static_cast<std::uint32_t>(customers.size()));
    if (!decided) return reading.refuse(decided.error(), {});
    struct Plan {
        CustomerId customer;
        std::uint64_t version;
        std::vector<Core::Loaded> loaded;
    };
    std::vector<Plan> plans;
    plans.reserve(customers.size());
    const auto collections = wanted(*reading.schema, reading.fields, reading.decision);
    const auto found = core_->data.read([&](store::Snapshot& snapshot) -> Result<void> {
        for (const CustomerId& customer : customers) {
            CLOISTER_ASSIGN_OR_RETURN(const auto row, find_customer(snapshot, customer));
            if (!row || row->state != CustomerState::active) continue;
            CLOISTER_ASSIGN_OR_RETURN(auto loaded, load_all(snapshot, customer, collections));
            plans.push_back({customer, row->version, std::move(loaded)});
        }
        return {};
    });
    if (!found) return reading.refuse(found.error(), {});

    audit::Entry entry = core_->entry(call, action);
    for (const Schema::Place& place : reading.fields.places) {
        const std::size_t i = static_cast<std::size_t>(&place - reading.fields.places.data());
        if (reading.decision.effects[i] < policy::Effect::token)
            entry.fields.emplace_back(place.collection->name + "." + place.field->name,
                                      to_string(reading.decision.effects[i]));
    }
    entry.details.emplace_back("customers", std::to_string(plans.size()));
    std::vector<audit::Entry> entries;
    for (std::size_t i = 0; i < std::max<std::size_t>(plans.size(), 1); i += kEntryCustomers) {
        entries.push_back(entry);
        for (std::size_t k = i; k < std::min(i + kEntryCustomers, plans.size()); ++k)
            entries.back().customers.push_back(plans[k].customer);
    }
    reading.queue_all(entries);

    std::vector<CustomerId> present;
    for (const Plan& plan : plans) present.push_back(plan.customer);
    CLOISTER_ASSIGN_OR_RETURN(const auto opened, core_->keys.find_many(present));
    std::vector<CustomerView> views;
    views.reserve(plans.size());
    for (std::size_t i = 0; i < plans.size(); ++i) {
        if (opened[i] == nullptr) continue;  // erased in between
        CLOISTER_ASSIGN_OR_RETURN(CustomerView view,
                                  core_->open_customer(plans[i].customer, plans[i].version, plans[i].loaded, opened[i],
                                                       reading.fields, reading.decision, reading.schema));
        views.push_back(std::move(view));
    }
    return views;
}

}  // namespace cloister::records
