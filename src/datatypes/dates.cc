#include "datatypes/dates.h"

#include <array>

#include "base/clock.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

using std::chrono::year_month_day;

int number(std::string_view digits) {
    int value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value;
}

std::string padded(int value, std::size_t width) {
    std::string text = std::to_string(value);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

struct Parts {
    std::array<std::string_view, 3> part;
    bool found = false;
};

// Three runs of digits with one of the known separators between them.
Parts split_date(std::string_view text) {
    static constexpr std::array<std::string_view, 3> kChinese = {"年", "月", "日"};
    Parts parts;
    if (text.size() == 8 && all_digits(text)) return {{text.substr(0, 4), text.substr(4, 2), text.substr(6)}, true};
    char separator = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        std::size_t digits = 0;
        while (digits < text.size() && is_digit(text[digits])) ++digits;
        parts.part[i] = text.substr(0, digits);
        text.remove_prefix(digits);
        while (text.starts_with(' ')) text.remove_prefix(1);
        if (text.starts_with(kChinese[i]) && separator == 0) {
            text.remove_prefix(kChinese[i].size());
            while (text.starts_with(' ')) text.remove_prefix(1);
        } else if (i < 2) {
            if (text.empty() || (text[0] != '-' && text[0] != '/' && text[0] != '.')) return parts;
            if (separator != 0 && separator != text[0]) return parts;
            separator = text[0];
            text.remove_prefix(1);
        }
    }
    parts.found = text.empty() && all_digits(parts.part[0]) && all_digits(parts.part[1]) && all_digits(parts.part[2]);
    return parts;
}

}  // namespace

Result<year_month_day> parse_date(std::string_view text) {
    const Parts parts = split_date(text);
    if (!parts.found) return refused("is not a date: write YYYY-MM-DD");
    const auto& [year, month, day] = parts.part;
    if (year.size() <= 2 && month.size() <= 2)
        return refused("is ambiguous: day, month and year cannot be told apart; write YYYY-MM-DD");
    if (year.size() != 4 || month.size() > 2 || day.size() > 2) return refused("is not a date: write YYYY-MM-DD");
    const year_month_day date(std::chrono::year(number(year)), std::chrono::month(static_cast<unsigned>(number(month))),
                              std::chrono::day(static_cast<unsigned>(number(day))));
    if (!date.ok() || number(year) == 0) return refused("is not a day of the calendar");
    return date;
}

std::string format_date(year_month_day date) {
    return padded(static_cast<int>(date.year()), 4) + "-" + padded(static_cast<int>(unsigned{date.month()}), 2) + "-" +
           padded(static_cast<int>(unsigned{date.day()}), 2);
}

bool is_past_or_today(year_month_day date) {
    const auto ahead = SystemClock().now() + std::chrono::hours(14);  // the first zone that has the new day
    return std::chrono::sys_days(date) <= std::chrono::floor<std::chrono::days>(ahead);
}

Result<std::string> date(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, fold_text(input));
    if (text.empty()) return refused("is empty");
    CLOISTER_ASSIGN_OR_RETURN(const year_month_day parsed, parse_date(text));
    return format_date(parsed);
}

Result<std::string> birth_date(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, fold_text(input));
    if (text.empty()) return refused("is empty");
    CLOISTER_ASSIGN_OR_RETURN(const year_month_day parsed, parse_date(text));
    if (parsed.year() < std::chrono::year(1900)) return refused("is before 1900");
    if (!is_past_or_today(parsed)) return refused("lies in the future");
    return format_date(parsed);
}

Result<std::string> date_time(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, fold_text(input));
    if (text.empty()) return refused("is empty");
    if (text.size() > 11 && text[10] == ' ') text[10] = 'T';
    if (text.size() >= 16 && text.size() < 19 && text.find(':') == text.rfind(':') && text[10] == 'T' &&
        text.find_first_of("+Zz") > 16)
        text.insert(16, ":00");
    const bool zoned = text.size() > 19 && text.find_first_of("+-Zz", 19) != std::string::npos;
    if (text.size() > 10 && !zoned) text.push_back('Z');
    const auto parsed = parse_rfc3339(text);
    if (!parsed) return refused("is not a time: write 2026-01-31T08:15:00Z");
    const auto day = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*parsed));
    if (day.year() < std::chrono::year(1) || day.year() > std::chrono::year(9999))
        return refused("is not a time: write 2026-01-31T08:15:00Z");
    std::string out = format_rfc3339(*parsed);
    const auto point = out.find('.');
    if (point != std::string::npos && out.find_first_not_of('0', point + 1) == out.size() - 1) out.erase(point) += 'Z';
    return out;
}

std::string month_of(std::string_view date) { return std::string(date.substr(0, 7)); }
std::string quarter_of(std::string_view date) {
    return std::string(date.substr(0, 4)) + "-Q" + std::to_string((number(date.substr(5, 2)) + 2) / 3);
}
std::string year_of(std::string_view date) { return std::string(date.substr(0, 4)); }
std::string five_years_of(std::string_view date) {
    const int first = number(date.substr(0, 4)) / 5 * 5;
    return padded(first, 4) + ".." + padded(first + 4, 4);
}
std::string decade_of(std::string_view date) {
    const int first = number(date.substr(0, 4)) / 10 * 10;
    return padded(first, 4) + ".." + padded(first + 9, 4);
}
std::string day_of(std::string_view time) { return std::string(time.substr(0, 10)); }
std::string mask_birth_date(std::string_view date) { return std::string(date.substr(0, 4)) + "-**-**"; }

}  // namespace cloister::datatypes::internal
