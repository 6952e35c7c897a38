// The names of effects, actions and denials: what policies, audit entries and the API say.
#include <algorithm>
#include <array>

#include "policy/policy.h"

namespace cloister::policy {
namespace {

constexpr std::array<std::string_view, 6> kEffects{"clear", "generalised", "masked", "token", "absent", "denied"};

struct NamedAction {
    std::string_view name;
    bool purpose;  // it touches customers' fields
};
// In the order of the enumeration.
constexpr std::array<NamedAction, 25> kActions{{
    {"customer.create", true}, {"customer.read", true},       {"customer.update", true},      {"customer.erase", true},
    {"customer.search", true}, {"customer.batch-read", true}, {"customer.batch-write", true}, {"record.delete", true},
    {"history.read", true},    {"import.run", true},          {"import.read", false},         {"schema.read", false},
    {"schema.write", false},   {"policy.read", false},        {"policy.write", false},        {"policy.explain", false},
    {"token.create", false},   {"token.revoke", false},       {"token.read", false},          {"audit.read", false},
    {"audit.log-read", false}, {"audit.bundle-read", false},  {"vault.read", false},          {"key.rotate", false},
    {"key.read", false},
}};
static_assert(static_cast<std::size_t>(Action::key_read) + 1 == kActions.size());

constexpr auto kEveryAction = [] {
    std::array<Action, kActions.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Action>(i);
    return all;
}();

}  // namespace

std::string_view to_string(Effect effect) { return kEffects[static_cast<std::size_t>(effect)]; }

std::optional<Effect> parse_effect(std::string_view name) {
    const auto found = std::find(kEffects.begin(), kEffects.end(), name);
    if (found == kEffects.end()) return std::nullopt;
    return static_cast<Effect>(found - kEffects.begin());
}

std::string_view to_string(Action action) { return kActions[static_cast<std::size_t>(action)].name; }

std::optional<Action> parse_action(std::string_view name) {
    const auto found = std::find_if(kActions.begin(), kActions.end(), [&](const auto& a) { return a.name == name; });
    if (found == kActions.end()) return std::nullopt;
    return static_cast<Action>(found - kActions.begin());
}

std::span<const Action> all_actions() { return kEveryAction; }

bool needs_purpose(Action action) { return kActions[static_cast<std::size_t>(action)].purpose; }

std::string_view to_string(Denial denial) {
    switch (denial) {
        case Denial::none: return "none";
        case Denial::action_not_granted: return "action-not-granted";
        case Denial::purpose_missing: return "purpose-missing";
        case Denial::purpose_unknown: return "purpose-unknown";
        case Denial::purpose_not_granted: return "purpose-not-granted";
        case Denial::collection_not_granted: return "collection-not-granted";
        case Denial::field_not_needed: return "field-not-needed";
        case Denial::reason_missing: return "reason-missing";
        case Denial::reason_unfit: return "reason-unfit";
        case Denial::rate_exceeded: return "rate-exceeded";
    }
    return "none";
}

}  // namespace cloister::policy
