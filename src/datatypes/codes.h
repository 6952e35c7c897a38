// Small code tables of the national standards that the basic kinds use.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

Result<std::string> sex(std::string_view input);        // GB/T 2261.1
Result<std::string> marital(std::string_view input);    // GB/T 2261.2, or a word
Result<std::string> education(std::string_view input);  // GB/T 4658, or a word
Result<std::string> ethnicity(std::string_view input);  // GB/T 3304
Result<std::string> customer_type(std::string_view input);
Result<std::string> payment_method(std::string_view input);

std::string married_or_not(std::string_view marital);
std::string tertiary_or_not(std::string_view education);
std::string majority_or_not(std::string_view ethnicity);

// ISO 3166-1 alpha-2 or alpha-3 in upper case; the country's English or Chinese name becomes its alpha-3 code.
Result<std::string> nationality(std::string_view input);
std::string country_alpha3(std::string_view code);
std::string region_of(std::string_view code);  // UN M.49: Africa, Americas, Asia, Europe, Oceania

// The current ISO 4217 code?
bool is_currency(std::string_view code);

}  // namespace cloister::datatypes::internal
