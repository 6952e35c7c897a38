// Column names that people give to the fields of the usual schema, in English and Chinese.
#pragma once

#include <string_view>
#include <vector>

namespace cloister::records {

// Names of fields that a column of this word may hold, most likely first. `word`: lower case, without blanks and
// punctuation.
std::vector<std::string_view> synonyms(std::string_view word);

}  // namespace cloister::records
