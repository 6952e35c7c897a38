// How a type is described inside this module: one row of words and functions. The rows stand in one file per kind of
// the catalogue and catalogue.cc wraps each into a DataType.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datatypes/datatype.h"

namespace cloister::datatypes::internal {

using Canonical = Result<std::string> (*)(std::string_view input);
using TextFunction = std::string (*)(std::string_view canonical);

// PIPL Art. 28: none; only by aggregation or context; by profile (the profile "strict" counts it); by law.
enum class Sensitive { no, in_context, by_profile, by_law };
enum class Storable { yes, never };

struct Titles {
    std::string_view key;
    std::string_view en;
    std::string_view zh_hans;
    std::string_view zh_hant;
};

struct TypeSpec {
    Titles titles;
    Shape shape;
    int grade;
    Sensitive sensitive;
    std::string_view retention;
    std::string_view example;  // an invented value, for the documentation and the tests; empty when none may exist
    Canonical canonical;
    TextFunction mask = nullptr;            // null: shown as it is
    TextFunction normalise = nullptr;       // null: equal means the same canonical text
    std::vector<TextFunction> ladder = {};  // the levels between the value and "*"
    Storable storable = Storable::yes;
};

std::vector<TypeSpec> generic_types();
std::vector<TypeSpec> basic_types();
std::vector<TypeSpec> government_id_types();
std::vector<TypeSpec> contact_types();
std::vector<TypeSpec> online_types();
std::vector<TypeSpec> transaction_types();
std::vector<TypeSpec> preference_types();
std::vector<TypeSpec> feedback_types();
std::vector<TypeSpec> sensitive_types();

// The rows behind all_types(), in the same order.
std::span<const TypeSpec> all_specs();

}  // namespace cloister::datatypes::internal
