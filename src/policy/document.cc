#include "policy/document.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/text.h"
#include "policy/yaml_tree.h"

namespace cloister::policy {
namespace {

using Kind = YamlNode::Kind;
using Words = std::span<const std::string_view>;

constexpr std::string_view kFormat = "cloister-policy/1";
constexpr std::size_t kMaxNamed = 500;    // purposes, and roles
constexpr std::size_t kMaxRules = 2'000;  // per purpose or role
constexpr std::uint32_t kMaxCount = 1'000'000'000;

// A purpose rests on one of these.                     PIPL Art. 13(1)   GDPR Art. 6(1)
constexpr std::array<std::string_view, 8> kLegalBases{
    "consent",              //                           (1)               (a)
    "contract",             //                           (2)               (b)
    "hr_management",        //                           (2)               (b), with Art. 88
    "legal_obligation",     //                           (3)               (c)
    "vital_interest",       //                           (4)               (d)
    "public_task",          //                           (3), (5)          (e)
    "public_information",   //                           (6)               none of its own
    "legitimate_interest",  //                           none              (f)
};

constexpr std::array<std::string_view, 3> kTopKeys{"format", "purposes", "roles"};
constexpr std::array<std::string_view, 5> kPurposeKeys{"title", "legal_basis", "retention", "needs", "obligations"};
constexpr std::array<std::string_view, 6> kRoleKeys{"title",       "actions", "purposes",
                                                    "collections", "effects", "obligations"};
constexpr std::array<std::string_view, 2> kObligationKeys{"reason", "rate_limit"};
constexpr std::array<std::string_view, 1> kReasonKeys{"min_length"};
constexpr std::array<std::string_view, 2> kRateKeys{"count", "per"};
constexpr std::array<std::string_view, 4> kPeriods{"second", "minute", "hour", "day"};
constexpr std::array<std::uint32_t, 4> kPeriodSeconds{1, 60, 3'600, 86'400};

std::string did_you_mean(std::string_view word, Words known) {
    const std::string_view near = nearest(word, known);
    return near.empty() ? std::string() : ", did you mean " + quoted(near) + "?";
}

Result<void> want_map(const YamlNode& node, std::string_view what) {
    if (node.kind == Kind::map) return {};
    return at_line(node.line, std::string(what) + " must be a mapping");
}

Result<void> want_keys(const YamlNode& node, std::string_view what, Words known) {
    CLOISTER_RETURN_IF_ERROR(want_map(node, what));
    for (const auto& [key, value] : node.members) {
        if (std::find(known.begin(), known.end(), key.scalar) != known.end()) continue;
        return at_line(key.line, "unknown key " + quoted(key.scalar) + " in " + std::string(what) +
                                     did_you_mean(key.scalar, known));
    }
    return {};
}

Result<const YamlNode*> want(const YamlNode& node, std::string_view what, std::string_view key) {
    if (const YamlNode* found = node.find(key); found != nullptr) return found;
    return at_line(node.line, std::string(what) + " has no " + quoted(key));
}

Result<std::string> text_of(const YamlNode& node, std::string_view key) {
    constexpr std::size_t kLongest = 1'000;
    if (node.kind != Kind::scalar || node.scalar.empty()) return at_line(node.line, quoted(key) + " must be a text");
    if (node.scalar.size() > kLongest) return at_line(node.line, quoted(key) + " is longer than 1,000 bytes");
    return node.scalar;
}

Result<std::string> wanted_text(const YamlNode& node, std::string_view what, std::string_view key) {
    CLOISTER_ASSIGN_OR_RETURN(const YamlNode* found, want(node, what, key));
    return text_of(*found, key);
}

Result<std::vector<const YamlNode*>> words_of(const YamlNode& node, std::string_view key) {
    if (node.kind != Kind::sequence) return at_line(node.line, quoted(key) + " must be a list");
    if (node.items.size() > kMaxNamed) return at_line(node.line, quoted(key) + " has too many entries");
    std::vector<const YamlNode*> words;
    for (const YamlNode& item : node.items) {
        if (item.kind != Kind::scalar) return at_line(item.line, quoted(key) + " must be a list of words");
        words.push_back(&item);
    }
    return words;
}

bool is_word(std::string_view text, char extra) {
    constexpr std::size_t kLongest = 63;
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return !text.empty() && text.size() <= kLongest && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c) || c == extra; });
}

Result<std::string> name_of(const YamlNode& key, std::string_view what) {
    if (is_word(key.scalar, '-')) return key.scalar;
    return at_line(key.line, std::string(what) + " has small letters, digits and hyphens: " + quoted(key.scalar));
}

Result<std::uint32_t> number_of(const YamlNode& node, std::string_view key, std::uint32_t least, std::uint32_t most) {
    std::uint32_t number = 0;
    const char* const end = node.scalar.data() + node.scalar.size();
    const auto parsed = std::from_chars(node.scalar.data(), end, number);
    if (node.kind == Kind::scalar && parsed.ec == std::errc() && parsed.ptr == end && number >= least && number <= most)
        return number;
    return at_line(node.line,
                   quoted(key) + " must be a number from " + std::to_string(least) + " to " + std::to_string(most));
}

// What an effect may be depends on who says it: a purpose cannot forbid, it leaves a field out of its needs.
enum class Side { purpose, role };

Result<Effect> effect_of(const YamlNode& node, Side side) {
    static constexpr std::array<std::string_view, 5> kWords{"clear", "generalised", "masked", "absent", "denied"};
    const Words known = Words(kWords).first(side == Side::purpose ? 4 : 5);
    const std::string_view word = node.kind == Kind::scalar ? std::string_view(node.scalar) : std::string_view();
    if (word == "token") return at_line(node.line, "the effect \"token\" is reserved: it is not available yet");
    if (word == "denied" && side == Side::purpose)
        return at_line(node.line, "a purpose cannot deny a field: leave it out of its needs, or say absent");
    if (std::find(known.begin(), known.end(), word) == known.end())
        return at_line(node.line, quoted(word) + " is no effect" + did_you_mean(word, known));
    return *parse_effect(word);
}

Result<Rule> rule_of(const YamlNode& key, const YamlNode& value, Side side) {
    CLOISTER_ASSIGN_OR_RETURN(const Effect effect, effect_of(value, side));
    Rule rule{.effect = effect, .line = key.line};
    if (key.scalar == "*") return rule;
    const std::size_t dot = key.scalar.find('.');
    const std::string_view head = std::string_view(key.scalar).substr(0, dot);
    const std::string_view tail = dot == key.scalar.npos ? "" : std::string_view(key.scalar).substr(dot + 1);
    if (head == "grade" && side == Side::role && tail.size() == 1 && tail[0] >= '1' && tail[0] <= '4') {
        rule.grade = tail[0] - '0';
        return rule;
    }
    if (!is_word(head, '_') || head == "grade" || (tail != "*" && !is_word(tail, '_')))
        return at_line(key.line, quoted(key.scalar) + " is no pattern: say collection.field, collection.*" +
                                     (side == Side::role ? ", grade.1 to grade.4" : "") + " or \"*\"");
    rule.collection = head;
    if (tail != "*") rule.field = tail;
    return rule;
}

Result<std::vector<Rule>> rules_of(const YamlNode* node, std::string_view key, Side side) {
    std::vector<Rule> rules;
    if (node == nullptr) return rules;
    CLOISTER_RETURN_IF_ERROR(want_map(*node, quoted(key)));
    if (node->members.size() > kMaxRules) return at_line(node->line, quoted(key) + " has more than 2,000 rules");
    for (const auto& [pattern, effect] : node->members) {
        CLOISTER_ASSIGN_OR_RETURN(Rule rule, rule_of(pattern, effect, side));
        rules.push_back(std::move(rule));
    }
    return rules;
}

Result<RateLimit> rate_limit_of(const YamlNode& node) {
    CLOISTER_RETURN_IF_ERROR(want_keys(node, "\"rate_limit\"", kRateKeys));
    CLOISTER_ASSIGN_OR_RETURN(const YamlNode* count, want(node, "\"rate_limit\"", "count"));
    CLOISTER_ASSIGN_OR_RETURN(const YamlNode* per, want(node, "\"rate_limit\"", "per"));
    CLOISTER_ASSIGN_OR_RETURN(const std::uint32_t number, number_of(*count, "count", 1, kMaxCount));
    const auto period = std::find(kPeriods.begin(), kPeriods.end(), per->scalar);
    if (period == kPeriods.end())
        return at_line(per->line, "\"per\" must be second, minute, hour or day, not " + quoted(per->scalar));
    return RateLimit{number, kPeriodSeconds[static_cast<std::size_t>(period - kPeriods.begin())]};
}

Result<std::size_t> reason_of(const YamlNode& node) {
    if (node.kind == Kind::scalar && node.scalar == "required") return std::size_t{1};
    if (node.kind != Kind::map) return at_line(node.line, "\"reason\" must be required, or {min_length: N}");
    CLOISTER_RETURN_IF_ERROR(want_keys(node, "\"reason\"", kReasonKeys));
    CLOISTER_ASSIGN_OR_RETURN(const YamlNode* length, want(node, "\"reason\"", "min_length"));
    CLOISTER_ASSIGN_OR_RETURN(const std::uint32_t min, number_of(*length, "min_length", 1, kLongestReason));
    return std::size_t{min};
}

Result<Obligations> obligations_of(const YamlNode* node) {
    Obligations obligations;
    if (node == nullptr) return obligations;
    CLOISTER_RETURN_IF_ERROR(want_keys(*node, "\"obligations\"", kObligationKeys));
    if (const YamlNode* reason = node->find("reason"); reason != nullptr) {
        CLOISTER_ASSIGN_OR_RETURN(obligations.reason_min, reason_of(*reason));
    }
    if (const YamlNode* rate = node->find("rate_limit"); rate != nullptr) {
        CLOISTER_ASSIGN_OR_RETURN(obligations.rate_limit, rate_limit_of(*rate));
    }
    return obligations;
}

Result<Purpose> purpose_of(const YamlNode& key, const YamlNode& node) {
    Purpose purpose;
    CLOISTER_ASSIGN_OR_RETURN(purpose.name, name_of(key, "the name of a purpose"));
    purpose.line = key.line;
    const std::string what = "the purpose " + quoted(purpose.name);
    CLOISTER_RETURN_IF_ERROR(want_keys(node, what, kPurposeKeys));
    CLOISTER_ASSIGN_OR_RETURN(purpose.title, wanted_text(node, what, "title"));
    CLOISTER_ASSIGN_OR_RETURN(purpose.legal_basis, wanted_text(node, what, "legal_basis"));
    if (std::find(kLegalBases.begin(), kLegalBases.end(), purpose.legal_basis) == kLegalBases.end())
        return at_line(node.find("legal_basis")->line, quoted(purpose.legal_basis) + " is no legal basis" +
                                                           did_you_mean(purpose.legal_basis, kLegalBases));
    CLOISTER_ASSIGN_OR_RETURN(purpose.retention, wanted_text(node, what, "retention"));
    CLOISTER_ASSIGN_OR_RETURN(purpose.needs, rules_of(node.find("needs"), "needs", Side::purpose));
    CLOISTER_ASSIGN_OR_RETURN(purpose.obligations, obligations_of(node.find("obligations")));
    return purpose;
}

// "customer.read", or "customer.*" for every action of that kind.
Result<void> grant_action(Role& role, const YamlNode& word) {
    if (word.scalar == "*")
        return at_line(word.line, "no role has every action: name the kinds, such as \"customer.*\"");
    const bool kind = word.scalar.ends_with(".*");
    const std::string_view prefix = std::string_view(word.scalar).substr(0, word.scalar.size() - (kind ? 1 : 0));
    std::vector<std::string_view> names;
    bool found = false;
    for (const Action action : all_actions()) {
        const std::string_view name = to_string(action);
        names.push_back(name);
        if (kind ? !name.starts_with(prefix) : name != prefix) continue;
        role.actions.set(static_cast<std::size_t>(action));
        found = true;
    }
    if (found) return {};
    return at_line(word.line, quoted(word.scalar) + " is no action" + did_you_mean(word.scalar, names));
}

Result<void> read_actions(Role& role, const YamlNode& node) {
    CLOISTER_ASSIGN_OR_RETURN(const auto words, words_of(node, "actions"));
    for (const YamlNode* word : words) CLOISTER_RETURN_IF_ERROR(grant_action(role, *word));
    return {};
}

Result<void> read_purposes(Role& role, const YamlNode& node, const std::vector<Purpose>& purposes) {
    CLOISTER_ASSIGN_OR_RETURN(const auto words, words_of(node, "purposes"));
    std::vector<std::string_view> known;
    for (const Purpose& purpose : purposes) known.push_back(purpose.name);
    for (const YamlNode* word : words) {
        if (std::find(known.begin(), known.end(), word->scalar) == known.end())
            return at_line(word->line, "the role " + quoted(role.name) + " names the purpose " + quoted(word->scalar) +
                                           ", which the policy does not have" + did_you_mean(word->scalar, known));
        role.purposes.push_back(word->scalar);
    }
    return {};
}

Result<void> read_collections(Role& role, const YamlNode& node) {
    if (node.kind == Kind::scalar && node.scalar == "*") {
        role.every_collection = true;
        return {};
    }
    CLOISTER_ASSIGN_OR_RETURN(const auto words, words_of(node, "collections"));
    for (const YamlNode* word : words) {
        if (!is_word(word->scalar, '_'))
            return at_line(word->line,
                           quoted(word->scalar) + " is no name of a collection; for all, say collections: \"*\"");
        role.collections.push_back(word->scalar);
    }
    return {};
}

Result<Role> role_of(const YamlNode& key, const YamlNode& node, const std::vector<Purpose>& purposes) {
    Role role;
    CLOISTER_ASSIGN_OR_RETURN(role.name, name_of(key, "the name of a role"));
    role.line = key.line;
    const std::string what = "the role " + quoted(role.name);
    CLOISTER_RETURN_IF_ERROR(want_keys(node, what, kRoleKeys));
    CLOISTER_ASSIGN_OR_RETURN(role.title, wanted_text(node, what, "title"));
    CLOISTER_ASSIGN_OR_RETURN(const YamlNode* actions, want(node, what, "actions"));
    CLOISTER_RETURN_IF_ERROR(read_actions(role, *actions));
    if (const YamlNode* named = node.find("purposes")) CLOISTER_RETURN_IF_ERROR(read_purposes(role, *named, purposes));
    if (const YamlNode* named = node.find("collections")) CLOISTER_RETURN_IF_ERROR(read_collections(role, *named));
    CLOISTER_ASSIGN_OR_RETURN(role.effects, rules_of(node.find("effects"), "effects", Side::role));
    CLOISTER_ASSIGN_OR_RETURN(role.obligations, obligations_of(node.find("obligations")));
    return role;
}

}  // namespace

std::string Rule::pattern() const {
    if (grade != 0) return "grade." + std::to_string(grade);
    if (collection.empty()) return "*";
    return collection + "." + (field.empty() ? "*" : field);
}

Result<Document> parse_document(std::string_view yaml) {
    CLOISTER_ASSIGN_OR_RETURN(const YamlNode root, parse_yaml(yaml));
    CLOISTER_RETURN_IF_ERROR(want_keys(root, "the policy", kTopKeys));
    CLOISTER_ASSIGN_OR_RETURN(const std::string format, wanted_text(root, "the policy", "format"));
    if (format != kFormat)
        return at_line(root.find("format")->line,
                       quoted(format) + " is not a format this version knows; it knows " + std::string(kFormat));
    CLOISTER_ASSIGN_OR_RETURN(const YamlNode* purposes, want(root, "the policy", "purposes"));
    CLOISTER_ASSIGN_OR_RETURN(const YamlNode* roles, want(root, "the policy", "roles"));
    CLOISTER_RETURN_IF_ERROR(want_map(*purposes, "\"purposes\""));
    CLOISTER_RETURN_IF_ERROR(want_map(*roles, "\"roles\""));
    if (purposes->members.size() > kMaxNamed || roles->members.size() > kMaxNamed)
        return Error(ErrorCode::too_large, "a policy has at most 500 purposes and 500 roles");
    Document document;
    for (const auto& [key, node] : purposes->members) {
        CLOISTER_ASSIGN_OR_RETURN(Purpose purpose, purpose_of(key, node));
        document.purposes.push_back(std::move(purpose));
    }
    for (const auto& [key, node] : roles->members) {
        CLOISTER_ASSIGN_OR_RETURN(Role role, role_of(key, node, document.purposes));
        document.roles.push_back(std::move(role));
    }
    return document;
}

}  // namespace cloister::policy
