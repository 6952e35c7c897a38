#include "policy/policy.h"

#include <algorithm>

#include "policy/decision.h"

namespace cloister::policy {
namespace {

std::string quote(std::string_view name) { return "\"" + std::string(name) + "\""; }

std::string names_of(const std::vector<const CompiledRole*>& roles) {
    std::string names;
    for (const CompiledRole* role : roles) names += (names.empty() ? "" : ", ") + quote(role->facts.name);
    return names;
}

// One sentence for a denied request. It repeats no word of the caller but names that the policy knows.
std::string sentence_for(Denial denial, const Facts& facts, const Standing& standing, const Obligations& obligations) {
    const std::string action = quote(to_string(facts.action));
    const std::string purpose = standing.purpose != nullptr ? quote(standing.purpose->facts.name) : "";
    switch (denial) {
        case Denial::none: return "Permitted.";
        case Denial::action_not_granted: return "No role of yours has the action " + action + ".";
        case Denial::purpose_missing: return "The action " + action + " needs a purpose.";
        case Denial::purpose_unknown: return "The policy has no such purpose.";
        case Denial::purpose_not_granted:
            return "No role of yours has the action " + action + " for the purpose " + purpose + ".";
        case Denial::collection_not_granted:
            return writes_fields(facts.action)
                       ? "A field of the request is not granted by any role of yours, or forbidden."
                       : "No role of yours grants what was asked for, or one forbids it.";
        case Denial::field_not_needed:
            return writes_fields(facts.action) ? "The purpose " + purpose + " does not need every field of the request."
                                               : "The purpose " + purpose + " does not need what was asked for.";
        case Denial::reason_missing: return "A reason must be stated.";
        case Denial::reason_unfit:
            return "A reason has " + std::to_string(std::max<std::size_t>(obligations.reason_min, 1)) + " to " +
                   std::to_string(kLongestReason) + " characters on one line.";
        case Denial::rate_exceeded: return "The rate limit is reached.";
    }
    return "";
}

// What both evaluate() and explain() find.
struct Findings {
    Standing standing;
    std::vector<FieldVerdict> fields;  // empty when the request was refused before, or no purpose is needed
    Obligations obligations;
    Denial of_fields = Denial::none;
    Denial of_reason = Denial::none;

    Denial denial() const {
        if (standing.denial != Denial::none) return standing.denial;
        return of_fields != Denial::none ? of_fields : of_reason;
    }
};

Findings find(const Compiled& policy, const Facts& facts) {
    Findings found;
    found.standing = standing_of(policy, facts);
    if (found.standing.denial != Denial::none || !needs_purpose(facts.action)) return found;
    FieldJudge judge(found.standing);
    found.fields.reserve(facts.fields.size());
    for (const Field& field : facts.fields) found.fields.push_back(judge.judge(field));
    found.of_fields = denial_of_fields(facts, found.fields);
    found.obligations = obligations_of(found.standing);
    found.of_reason = denial_of_reason(facts.reason, found.obligations);
    return found;
}

std::string because_of(const FieldVerdict& verdict, const Standing& standing) {
    const std::string purpose = "the purpose " + quote(standing.purpose->facts.name);
    if (verdict.role == nullptr) return "none of the acting roles grants the collection";
    const std::string role = "the role " + quote(verdict.role->facts.name);
    const auto by = [](const Rule* rule) {
        return " (" + rule->pattern() + ": " + std::string(to_string(rule->effect)) + ", line " +
               std::to_string(rule->line) + ")";
    };
    if (verdict.why == Denial::collection_not_granted) return role + " forbids it" + by(verdict.rule);
    if (verdict.why == Denial::field_not_needed)
        return verdict.need == nullptr ? purpose + " does not need it" : purpose + " leaves it out" + by(verdict.need);
    return std::string(to_string(verdict.effect)) + ": " + purpose + " needs it" + by(verdict.need) + "; " + role +
           " grants it" + (verdict.rule != nullptr ? by(verdict.rule) : " as it is");
}

ExplanationStep action_step(const Facts& facts, const Standing& standing) {
    const std::string action = quote(to_string(facts.action));
    if (!standing.able.empty()) return {"action", true, action + " is granted by " + names_of(standing.able)};
    return {"action", false,
            standing.held.empty() ? "the policy knows no role of the caller"
                                  : action + " is granted by none of " + names_of(standing.held)};
}

ExplanationStep purpose_step(const Facts& facts, const Standing& standing) {
    if (facts.purpose.empty())
        return needs_purpose(facts.action)
                   ? ExplanationStep{"purpose", false, "the action needs a purpose; none was stated"}
                   : ExplanationStep{"purpose", true, "the action needs none"};
    if (standing.purpose == nullptr) return {"purpose", false, "the policy has no purpose of that name"};
    const Purpose& purpose = standing.purpose->facts;
    const std::string name =
        quote(purpose.name) + " (" + purpose.legal_basis + ", line " + std::to_string(purpose.line) + ")";
    if (!needs_purpose(facts.action)) return {"purpose", true, name + " is known; the action needs none"};
    if (standing.acting.empty()) return {"purpose", false, name + " is granted by none of " + names_of(standing.able)};
    return {"purpose", true, name + " is granted by " + names_of(standing.acting)};
}

class CompiledPolicy final : public Policy {
 public:
    CompiledPolicy(Document document, std::string_view yaml, std::uint64_t version)
        : compiled_(std::move(document)), yaml_(yaml), version_(version) {}

    Decision evaluate(const Facts& facts) const override {
        const Findings found = find(compiled_, facts);
        Decision decision;
        decision.policy_version = version_;
        decision.denial = found.denial();
        decision.permit = decision.denial == Denial::none;
        decision.explanation = sentence_for(decision.denial, facts, found.standing, found.obligations);
        decision.rate_limit = found.obligations.rate_limit;
        settle_fields(decision, facts, found);
        return decision;
    }

    std::vector<ExplanationStep> explain(const Facts& facts) const override {
        const Findings found = find(compiled_, facts);
        std::vector<ExplanationStep> steps{action_step(facts, found.standing)};
        if (!steps.back().passed) return steps;
        steps.push_back(purpose_step(facts, found.standing));
        if (!steps.back().passed || !needs_purpose(facts.action)) return steps;
        for (std::size_t i = 0; i < found.fields.size(); ++i) {
            const Field& field = facts.fields[i];
            const FieldVerdict& verdict = found.fields[i];
            steps.push_back({"field " + std::string(field.collection) + "." + std::string(field.name),
                             verdict.why == Denial::none, because_of(verdict, found.standing)});
        }
        if (!found.fields.empty()) steps.push_back(step_of("fields", found.of_fields, facts, found));
        steps.push_back(step_of("reason", found.of_reason, facts, found));
        return steps;
    }

    std::uint64_t version() const override { return version_; }
    const std::string& document() const override { return yaml_; }

    std::vector<PurposeView> purposes() const override {
        std::vector<PurposeView> views;
        for (const Purpose& purpose : compiled_.document.purposes) {
            PurposeView view{purpose.name, purpose.title, purpose.legal_basis, purpose.retention, {}};
            for (const Rule& need : purpose.needs) view.needs.emplace_back(need.pattern(), need.effect);
            views.push_back(std::move(view));
        }
        return views;
    }

    std::vector<std::string> roles() const override {
        std::vector<std::string> names;
        for (const Role& role : compiled_.document.roles) names.push_back(role.name);
        return names;
    }

    bool needed_by_any_purpose(std::string_view collection, std::string_view field) const override {
        return std::any_of(compiled_.purposes.begin(), compiled_.purposes.end(), [&](const auto& entry) {
            const RuleTable& needs = entry.second.needs;
            const Rule* rule = needs.deciding(needs.in(collection), {.collection = collection, .name = field});
            return rule != nullptr && rule->effect != Effect::absent;
        });
    }

 private:
    static ExplanationStep step_of(std::string check, Denial denial, const Facts& facts, const Findings& found) {
        if (denial != Denial::none)
            return {std::move(check), false, sentence_for(denial, facts, found.standing, found.obligations)};
        const bool asked = found.obligations.reason_min > 0;
        std::string because = check == "fields" ? "the request is left with what is permitted above"
                                                : (asked ? "a fitting reason was stated" : "none is asked for");
        return {std::move(check), true, std::move(because)};
    }

    static void settle_fields(Decision& decision, const Facts& facts, const Findings& found) {
        decision.effects.assign(facts.fields.size(), Effect::denied);
        decision.why.assign(facts.fields.size(), decision.denial);
        if (found.fields.empty()) {
            // An action without a purpose concerns no customer's fields: naming some opens none of them.
            return;
        }
        const bool writing = writes_fields(facts.action);
        for (std::size_t i = 0; i < found.fields.size(); ++i) {
            const FieldVerdict& verdict = found.fields[i];
            if (verdict.why != Denial::none) decision.why[i] = verdict.why;
            if (decision.permit) decision.effects[i] = writing ? Effect::clear : verdict.effect;
        }
    }

    const Compiled compiled_;
    const std::string yaml_;
    const std::uint64_t version_;
};

}  // namespace

Result<std::shared_ptr<const Policy>> Policy::parse(std::string_view yaml, std::uint64_t version) {
    CLOISTER_ASSIGN_OR_RETURN(Document document, parse_document(yaml));
    return std::shared_ptr<const Policy>(std::make_shared<CompiledPolicy>(std::move(document), yaml, version));
}

}  // namespace cloister::policy
