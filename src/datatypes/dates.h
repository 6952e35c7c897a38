// Dates and times as people write them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

// 1985-03-07, 1985/3/7, 1985.3.7, 19850307, 1985年3月7日. A form in which day and month can be confused is refused,
// with that reason. Takes folded text.
Result<std::chrono::year_month_day> parse_date(std::string_view folded);
std::string format_date(std::chrono::year_month_day date);
bool is_past_or_today(std::chrono::year_month_day date);  // anywhere on Earth

Result<std::string> date(std::string_view input);
Result<std::string> birth_date(std::string_view input);  // 1900-01-01 to today
// RFC 3339 in UTC; a missing zone means UTC, a bare date its midnight.
Result<std::string> date_time(std::string_view input);

// Levels of an ISO date or RFC 3339 time: 1985-03, 1985-Q1, 1985, 1985..1989, 1980..1989.
std::string month_of(std::string_view date);
std::string quarter_of(std::string_view date);
std::string year_of(std::string_view date);
std::string five_years_of(std::string_view date);
std::string decade_of(std::string_view date);
std::string day_of(std::string_view time);
std::string mask_birth_date(std::string_view date);  // 1985-**-**

}  // namespace cloister::datatypes::internal
