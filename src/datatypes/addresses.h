// Postal addresses. The parts of a Chinese address are read from its words (省 市 区 县 ...); of others the last part
// after a comma counts as the place.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

Result<std::string> address(std::string_view input);
Result<std::string> postcode(std::string_view input);

std::string mask_to_district(std::string_view address);
std::string mask_to_city(std::string_view address);

std::string address_street(std::string_view address);
std::string address_district(std::string_view address);
std::string address_city(std::string_view address);
std::string address_province(std::string_view address);
std::string address_country(std::string_view address);

}  // namespace cloister::datatypes::internal
