// Identifiers that governments issue to people; shared with the scanner and with the kinds that reuse the rules.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

Result<std::string> resident_id(std::string_view input);     // 18 characters, GB 11643
Result<std::string> resident_id_15(std::string_view input);  // the old form
bool looks_like_resident_15(std::string_view fifteen);       // 15 digits with a province and a date
std::string resident_15_to_18(std::string_view fifteen);
std::string mask_resident(std::string_view id);

}  // namespace cloister::datatypes::internal
