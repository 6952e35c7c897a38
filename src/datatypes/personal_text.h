// Personal data inside free text: telephone, card and identity numbers and e-mail addresses, found by form and, where
// there is one, by check digit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cloister::datatypes::internal {

struct Found {
    std::size_t begin;
    std::size_t end;  // in code points, end excluded
};
// In order, not overlapping. Takes well-formed UTF-8; full-width letters and digits count as ASCII.
std::vector<Found> find_personal(std::u32string_view text);

// The text with every finding replaced by ***.
std::string redact(std::string_view text);

}  // namespace cloister::datatypes::internal
