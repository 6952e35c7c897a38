// Telephone numbers. The canonical text of each is E.164 (+8613800138000), of extensions RFC 3966
// (+861012345678;ext=9).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

Result<std::string> any_phone(std::string_view input);
Result<std::string> mainland_mobile(std::string_view input);
Result<std::string> hong_kong_mobile(std::string_view input);
Result<std::string> macao_mobile(std::string_view input);
Result<std::string> taiwan_mobile(std::string_view input);
Result<std::string> mainland_landline(std::string_view input);
Result<std::string> international_phone(std::string_view input);

bool is_mainland_mobile(std::string_view eleven_digits);
std::string mask_phone(std::string_view e164);
std::string phone_country(std::string_view e164);         // +86
std::string phone_carrier_prefix(std::string_view e164);  // +86138
std::string phone_area(std::string_view e164);            // +8610

}  // namespace cloister::datatypes::internal
