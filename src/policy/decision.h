// The rules of deciding, one function for each check, shared by evaluate() and explain() so that they cannot disagree.
//
// Private to policy.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "policy/document.h"
#include "policy/policy.h"

namespace cloister::policy {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;
using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

// The rules of a purpose or a role, ready to be asked. Borrows the rules.
class RuleTable {
 public:
    explicit RuleTable(const std::vector<Rule>& rules);

    struct InCollection {
        const Rule* all = nullptr;
        TextMap<const Rule*> fields;
    };
    // What is said about one collection, or nullptr. Found once for a run of fields of the same collection.
    const InCollection* in(std::string_view collection) const;
    // The rule that decides about a field, or nullptr. A `denied` rule wins whatever its pattern; else the most
    // specific: the field, then the more restrictive of collection and grade, then "*".
    const Rule* deciding(const InCollection* in, const Field& field) const;
    bool forbids_something() const { return forbids_; }

 private:
    TextMap<InCollection> collections_;
    std::array<const Rule*, 5> grades_{};  // by grade; 0 is not used
    const Rule* any_ = nullptr;
    bool forbids_ = false;
};

struct CompiledPurpose {
    explicit CompiledPurpose(const Purpose& purpose) : facts(purpose), needs(purpose.needs) {}
    const Purpose& facts;
    RuleTable needs;
};

struct CompiledRole {
    explicit CompiledRole(const Role& role)
        : facts(role),
          purposes(role.purposes.begin(), role.purposes.end()),
          collections(role.collections.begin(), role.collections.end()),
          effects(role.effects) {}
    bool grants(std::string_view collection) const {
        return facts.every_collection || collections.find(collection) != collections.end();
    }
    const Role& facts;
    TextSet purposes;
    TextSet collections;
    RuleTable effects;
};

struct Compiled {
    explicit Compiled(Document parsed);
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;

    const Document document;
    TextMap<CompiledPurpose> purposes;
    TextMap<CompiledRole> roles;
};

// The check before the fields: is there anybody here who may do this, for this purpose?
struct Standing {
    Denial denial = Denial::none;
    std::vector<const CompiledRole*> held;    // roles of the caller that the policy has
    std::vector<const CompiledRole*> able;    // those with the action
    std::vector<const CompiledRole*> acting;  // those with the action and the purpose
    const CompiledPurpose* purpose = nullptr;
};
Standing standing_of(const Compiled& policy, const Facts& facts);

// What happens to one field, and who decided.
struct FieldVerdict {
    Effect effect = Effect::denied;
    Denial why = Denial::none;
    const Rule* need = nullptr;          // of the purpose
    const CompiledRole* role = nullptr;  // that opened it, or that forbids it
    const Rule* rule = nullptr;          // of that role; nullptr: granted as it is
};

// Judges fields one after another; quick for runs of one collection. Requires a standing with a purpose.
class FieldJudge {
 public:
    explicit FieldJudge(const Standing& standing);
    FieldVerdict judge(const Field& field);

 private:
    struct Voice {
        const CompiledRole* role;
        bool acting;  // false: may only forbid
        bool granted = false;
        const RuleTable::InCollection* in = nullptr;
    };
    void turn_to(std::string_view collection);

    const CompiledPurpose& purpose_;
    std::vector<Voice> voices_;
    std::optional<std::string_view> collection_;
    const RuleTable::InCollection* needs_ = nullptr;
};

// Does the action put values into fields? Then every field must be permitted.
bool writes_fields(Action action);
// The denial of the whole request that follows from its fields, or none.
Denial denial_of_fields(const Facts& facts, std::span<const FieldVerdict> verdicts);

// What applies to the request: the strictest of the acting roles and the purpose.
Obligations obligations_of(const Standing& standing);
Denial denial_of_reason(std::string_view reason, const Obligations& obligations);

}  // namespace cloister::policy
