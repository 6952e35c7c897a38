#include "policy/decision.h"

#include <algorithm>

namespace cloister::policy {
namespace {

// nullptr says nothing.
const Rule* more_restrictive(const Rule* a, const Rule* b) {
    if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
    return a->effect >= b->effect ? a : b;
}

bool is_forbid(const Rule* rule) { return rule != nullptr && rule->effect == Effect::denied; }

bool is_stricter(const RateLimit& a, const RateLimit& b) {
    if (a.count == 0 || b.count == 0) return a.count != 0;
    const auto left = std::uint64_t{a.count} * b.per_seconds;
    const auto right = std::uint64_t{b.count} * a.per_seconds;
    return left != right ? left < right : a.count < b.count;
}

void tighten(Obligations& all, const Obligations& more) {
    all.reason_min = std::max(all.reason_min, more.reason_min);
    if (is_stricter(more.rate_limit, all.rate_limit)) all.rate_limit = more.rate_limit;
}

}  // namespace

RuleTable::RuleTable(const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) {
        forbids_ = forbids_ || rule.effect == Effect::denied;
        if (rule.grade != 0) {
            grades_[static_cast<std::size_t>(rule.grade)] = &rule;
        } else if (rule.collection.empty()) {
            any_ = &rule;
        } else if (rule.field.empty()) {
            collections_[rule.collection].all = &rule;
        } else {
            collections_[rule.collection].fields[rule.field] = &rule;
        }
    }
}

const RuleTable::InCollection* RuleTable::in(std::string_view collection) const {
    const auto found = collections_.find(collection);
    return found == collections_.end() ? nullptr : &found->second;
}

const Rule* RuleTable::deciding(const InCollection* in, const Field& field) const {
    const Rule* all = in != nullptr ? in->all : nullptr;
    const Rule* named = nullptr;
    if (in != nullptr && !in->fields.empty())
        if (const auto found = in->fields.find(field.name); found != in->fields.end()) named = found->second;
    const bool known_grade = field.grade >= 1 && field.grade <= 4;
    const Rule* grade = grades_[static_cast<std::size_t>(known_grade ? field.grade : 4)];
    for (const Rule* rule : {named, all, grade, any_})
        if (is_forbid(rule)) return rule;
    if (named != nullptr) return named;
    const Rule* wider = more_restrictive(all, grade);
    return wider != nullptr ? wider : any_;
}

Compiled::Compiled(Document parsed) : document(std::move(parsed)) {
    for (const Purpose& purpose : document.purposes) purposes.emplace(purpose.name, purpose);
    for (const Role& role : document.roles) roles.emplace(role.name, role);
}

Standing standing_of(const Compiled& policy, const Facts& facts) {
    Standing standing;
    for (const std::string& name : facts.subject.roles) {
        const auto found = policy.roles.find(name);
        if (found == policy.roles.end()) continue;  // a role the policy does not have grants nothing
        standing.held.push_back(&found->second);
        if (found->second.facts.grants(facts.action)) standing.able.push_back(&found->second);
    }
    if (!facts.purpose.empty())
        if (const auto found = policy.purposes.find(facts.purpose); found != policy.purposes.end())
            standing.purpose = &found->second;
    for (const CompiledRole* role : standing.able)
        if (!needs_purpose(facts.action) ||
            (standing.purpose != nullptr && role->purposes.find(facts.purpose) != role->purposes.end()))
            standing.acting.push_back(role);

    if (standing.able.empty()) {
        standing.denial = Denial::action_not_granted;
    } else if (facts.purpose.empty() && needs_purpose(facts.action)) {
        standing.denial = Denial::purpose_missing;
    } else if (!facts.purpose.empty() && standing.purpose == nullptr) {
        standing.denial = Denial::purpose_unknown;  // also where none is needed: the log shall not hold any words
    } else if (standing.acting.empty()) {
        standing.denial = Denial::purpose_not_granted;
    }
    return standing;
}

FieldJudge::FieldJudge(const Standing& standing) : purpose_(*standing.purpose) {
    voices_.reserve(standing.held.size());
    for (const CompiledRole* role : standing.held) {
        const bool acting = std::find(standing.acting.begin(), standing.acting.end(), role) != standing.acting.end();
        if (acting || role->effects.forbids_something()) voices_.push_back({.role = role, .acting = acting});
    }
}

void FieldJudge::turn_to(std::string_view collection) {
    if (collection_ == collection) return;
    collection_ = collection;
    needs_ = purpose_.needs.in(collection);
    for (Voice& voice : voices_) {
        voice.granted = voice.acting && voice.role->grants(collection);
        voice.in = voice.role->effects.in(collection);
    }
}

FieldVerdict FieldJudge::judge(const Field& field) {
    turn_to(field.collection);
    FieldVerdict verdict{.why = Denial::collection_not_granted};
    for (const Voice& voice : voices_) {
        const Rule* rule = voice.role->effects.deciding(voice.in, field);
        if (is_forbid(rule)) return {.why = Denial::collection_not_granted, .role = voice.role, .rule = rule};
        const Effect effect = rule != nullptr ? rule->effect : Effect::clear;
        if (!voice.granted || (verdict.role != nullptr && effect >= verdict.effect)) continue;
        verdict.effect = effect;
        verdict.role = voice.role;
        verdict.rule = rule;
    }
    if (verdict.role == nullptr) return verdict;
    verdict.need = purpose_.needs.deciding(needs_, field);
    if (verdict.need == nullptr || verdict.need->effect == Effect::absent) {
        verdict.effect = Effect::denied;
        verdict.why = Denial::field_not_needed;
        return verdict;
    }
    verdict.effect = std::max(verdict.effect, verdict.need->effect);
    verdict.why = Denial::none;
    return verdict;
}

bool writes_fields(Action action) {
    return action == Action::customer_create || action == Action::customer_update ||
           action == Action::customer_batch_write || action == Action::import_run || action == Action::record_delete;
}

Denial denial_of_fields(const Facts& facts, std::span<const FieldVerdict> verdicts) {
    if (writes_fields(facts.action)) {
        for (const FieldVerdict& verdict : verdicts) {
            if (verdict.why != Denial::none) return verdict.why;
            // A role that may not even see that a field is there cannot set it.
            if (verdict.effect == Effect::absent) return Denial::collection_not_granted;
        }
        return Denial::none;
    }
    if (!facts.fields_named || verdicts.empty()) return Denial::none;
    bool all_for_collections = true;
    for (const FieldVerdict& verdict : verdicts) {
        if (verdict.why == Denial::none) return Denial::none;
        all_for_collections = all_for_collections && verdict.why == Denial::collection_not_granted;
    }
    return all_for_collections ? Denial::collection_not_granted : Denial::field_not_needed;
}

Obligations obligations_of(const Standing& standing) {
    Obligations all;
    if (standing.purpose == nullptr) return all;
    all = standing.purpose->facts.obligations;
    for (const CompiledRole* role : standing.acting) tighten(all, role->facts.obligations);
    return all;
}

Denial denial_of_reason(std::string_view reason, const Obligations& obligations) {
    if (reason.empty()) return obligations.reason_min > 0 ? Denial::reason_missing : Denial::none;
    return is_fit_reason(reason, obligations.reason_min) ? Denial::none : Denial::reason_unfit;
}

}  // namespace cloister::policy
