// A policy document as checked facts: what parse() found in the YAML, before it is made fast to evaluate.
//
// Private to policy.
#pragma once

#include <bitset>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/policy.h"

namespace cloister::policy {

// "collection.field", "collection.*", "grade.N" or "*", and what it says about the fields it matches.
struct Rule {
    std::string collection;  // empty: any
    std::string field;       // empty: any
    int grade = 0;           // 0: any
    Effect effect = Effect::clear;
    int line = 0;

    std::string pattern() const;
};

struct Obligations {
    std::size_t reason_min = 0;  // characters; 0: no reason asked for
    RateLimit rate_limit;
};

struct Purpose {
    std::string name;
    int line = 0;
    std::string title;
    std::string legal_basis;
    std::string retention;
    std::vector<Rule> needs;
    Obligations obligations;
};

struct Role {
    std::string name;
    int line = 0;
    std::string title;
    std::bitset<32> actions;  // by the number of the action
    std::vector<std::string> purposes;
    bool every_collection = false;
    std::vector<std::string> collections;
    std::vector<Rule> effects;
    Obligations obligations;

    bool grants(Action action) const { return actions.test(static_cast<std::size_t>(action)); }
};

struct Document {
    std::vector<Purpose> purposes;  // in the order of the text
    std::vector<Role> roles;
};

// invalid_argument with the line and what is wrong; too_large past a limit.
Result<Document> parse_document(std::string_view yaml);

// The longest reason, in characters.
constexpr std::size_t kLongestReason = 200;
// Well-formed text of `min` to 200 characters without control, line-breaking or direction-changing ones, which could
// make a line of the log look like another.
bool is_fit_reason(std::string_view reason, std::size_t min);

}  // namespace cloister::policy
