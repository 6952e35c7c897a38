// Small helpers for the program's own words: command names, configuration keys, field names. Text that belongs to
// people is the business of `datatypes`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloister {

// The candidate closest to `word` (Levenshtein distance at most two, or a third of its length), or empty. For
// messages such as: unknown key "prot", did you mean "port"?
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// The parts between separators; "a,,b" has three, "" has one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
// Without blanks, tabs and line ends at both sides.
std::string_view trim(std::string_view text);
// ASCII letters only; other bytes stay.
std::string to_lower_ascii(std::string_view text);

}  // namespace cloister
