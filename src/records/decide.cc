// Deciding: which fields a request is about, what policy says, and how that is put into an audit entry.
#include <algorithm>

#include "datatypes/datatype.h"
#include "records/core.h"

namespace cloister::records {
namespace {

void add_collection(FieldSet& set, const Collection& collection) {
    for (const FieldDef& field : collection.fields) {
        if (field.retired) continue;
        set.places.push_back({&collection, &field});
        set.fields.push_back({collection.name, field.name, field.grade});
    }
}

Error unknown_path(Call& call, const std::string& path) {
    call.problems.push_back({"fields", "no such field or collection: " + path.substr(0, 80)});
    return Error(ErrorCode::invalid_argument, "unknown field");
}

ErrorCode code_of(policy::Denial denial) {
    return denial == policy::Denial::rate_exceeded ? ErrorCode::rate_limited : ErrorCode::forbidden;
}

}  // namespace

Result<FieldSet> Records::Core::resolve(Call& call, const Schema& schema, const Selection& selection) const {
    FieldSet set;
    set.named = !selection.paths.empty();
    if (!set.named) {
        for (const Collection& collection : schema.collections())
            if (!collection.retired) add_collection(set, collection);
        return set;
    }
    for (const std::string& path : selection.paths) {
        const bool whole = path.ends_with(".*");
        const Collection* collection = schema.find(whole ? std::string_view(path).substr(0, path.size() - 2) : path);
        if (collection != nullptr && !collection->retired) {
            add_collection(set, *collection);
            continue;
        }
        const Schema::Place place = schema.place(path);
        if (place.field == nullptr) return unknown_path(call, path);
        const bool twice = std::any_of(set.places.begin(), set.places.end(),
                                       [&](const Schema::Place& p) { return p.field == place.field; });
        if (twice) continue;
        set.places.push_back(place);
        set.fields.push_back({place.collection->name, place.field->name, place.field->grade});
    }
    return set;
}

Result<policy::Decision> Records::Core::decide(Call& call, policy::Action action, const FieldSet& fields,
                                               std::uint32_t amount) {
    const auto policy = rules.policy();
    policy::Decision decision = policy->evaluate({.subject = call.subject,
                                                  .action = action,
                                                  .purpose = call.purpose,
                                                  .reason = call.reason,
                                                  .fields = fields.fields,
                                                  .fields_named = fields.named});
    call.policy_version = decision.policy_version;
    if (decision.permit && datatypes::seems_personal(call.reason)) {
        decision.permit = false;
        decision.denial = policy::Denial::reason_unfit;
        decision.explanation =
            "The reason seems to hold personal data. It is kept in the audit log for ever: name a ticket or an order "
            "number instead.";
    }
    if (decision.permit && !limiter.take(call.subject.id, call.purpose, decision.rate_limit, amount, clock.now())) {
        decision.permit = false;
        decision.denial = policy::Denial::rate_exceeded;
        decision.explanation = "The limit of " + std::to_string(decision.rate_limit.count) + " in " +
                               std::to_string(decision.rate_limit.per_seconds) +
                               " seconds for this purpose is reached.";
    }
    if (decision.permit) return decision;
    call.denial = decision.denial;
    call.explanation = decision.explanation;
    return Error(code_of(decision.denial), decision.explanation);
}

audit::Entry Records::Core::entry(const Call& call, policy::Action action) const {
    audit::Entry e;
    e.time = clock.now();
    e.actor = call.subject.id;
    e.token = call.token;
    e.origin = call.origin;
    e.request = call.request;
    e.action = to_string(action);
    e.purpose = call.purpose;
    e.reason = call.reason;
    e.decision = "permit";
    e.policy_version = call.policy_version;
    return e;
}

audit::Entry Records::Core::refusal(const Call& call, policy::Action action, const Error& error) const {
    audit::Entry e = entry(call, action);
    e.decision = "deny";
    e.problem = call.denial != policy::Denial::none ? to_string(call.denial) : to_string(error.code());
    // A reason that was refused may be the very text that must not enter the log.
    if (call.denial == policy::Denial::reason_unfit) e.reason.clear();
    if (call.denial == policy::Denial::purpose_unknown) e.purpose.clear();
    return e;
}

void Records::Core::refuse(const Call& call, policy::Action action, const Error& error, CustomerId customer,
                           Written done) {
    audit::Entry e = refusal(call, action, error);
    if (!customer.is_nil()) e.customers.push_back(customer);
    audit.append(e, [error, done = std::move(done)](Result<std::uint64_t> index) mutable {
        if (!index) return done(index.error());
        done(error);
    });
}

}  // namespace cloister::records
