// Positions on Earth: WGS-84 latitude and longitude in degrees, written "39.904200,116.407400".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

Result<std::string> position(std::string_view input);
// "time position" pairs with semicolons between them, in the order of time, at most 1000.
Result<std::string> track(std::string_view input);

std::string geohash(std::string_view position);  // nine characters, about five metres
// The position with so many digits after the point; the last is about the size of a city.
std::string position_5(std::string_view position);
std::string position_3(std::string_view position);
std::string position_2(std::string_view position);
std::string position_1(std::string_view position);

}  // namespace cloister::datatypes::internal
