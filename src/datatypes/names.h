// Names of people, in Chinese and other scripts.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

// 1 to 50 code points, no digits and symbols; blanks between Chinese characters go, and a full stop there is a name
// dot.
Result<std::string> name(std::string_view input);
// Letters of the Latin script, blanks, apostrophes and hyphens.
Result<std::string> latin_name(std::string_view input);

std::string surname_of(std::string_view name);      // 欧阳 of 欧阳小明; the last word of a Latin name
std::string latin_name_key(std::string_view name);  // upper case, no punctuation
std::string latin_initial(std::string_view name);
std::string mask_given_name(std::string_view name);

}  // namespace cloister::datatypes::internal
