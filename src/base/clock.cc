#include "base/clock.h"

#include <cstdint>
#include <cstdio>

namespace cloister {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Exactly `count` digits at the front of `text`, taken off it; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return -1;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take_char(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::string format_rfc3339(Time t) {
    const auto day = std::chrono::floor<days>(t);
    const std::chrono::year_month_day date(day);
    const auto rest = (t - day).count();
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(rest / 3'600'000'000), static_cast<int>(rest / 60'000'000 % 60),
                  static_cast<int>(rest / 1'000'000 % 60), static_cast<int>(rest % 1'000'000));
    return text;
}

Result<Time> parse_rfc3339(std::string_view text) {
    const Error bad(ErrorCode::invalid_argument, "a time is written like 2026-11-23T20:01:02Z");
    const int year = take_digits(text, 4);
    if (year < 0 || !take_char(text, '-')) return bad;
    const int month = take_digits(text, 2);
    if (month < 0 || !take_char(text, '-')) return bad;
    const int day = take_digits(text, 2);
    if (day < 0) return bad;
    const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day)));
    if (!date.ok()) return bad;
    Time result = std::chrono::sys_days(date);
    if (text.empty()) return result;
    if (!take_char(text, 'T') && !take_char(text, 't') && !take_char(text, ' ')) return bad;
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take_char(text, ':')) return bad;
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59 || !take_char(text, ':')) return bad;
    const int second = take_digits(text, 2);
    if (second < 0 || second > 60) return bad;
    result += hours(hour) + minutes(minute) + seconds(second);
    if (take_char(text, '.')) {
        std::int64_t unit = 100'000;
        bool any = false;
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
            result += Duration((text.front() - '0') * unit);
            unit /= 10;
            any = true;
            text.remove_prefix(1);
        }
        if (!any) return bad;
    }
    if (take_char(text, 'Z') || take_char(text, 'z')) return text.empty() ? Result<Time>(result) : bad;
    const bool east = take_char(text, '+');
    if (!east && !take_char(text, '-')) return bad;
    const int offset_hour = take_digits(text, 2);
    if (offset_hour < 0 || offset_hour > 23 || !take_char(text, ':')) return bad;
    const int offset_minute = take_digits(text, 2);
    if (offset_minute < 0 || offset_minute > 59 || !text.empty()) return bad;
    const auto offset = hours(offset_hour) + minutes(offset_minute);
    return east ? Time(result - offset) : Time(result + offset);
}

}  // namespace cloister
