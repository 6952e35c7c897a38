#include "datatypes/shapes.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <charconv>

namespace cloister::datatypes::internal {

Result<std::string> bounded_line(std::string_view input, Bounds bounds) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, fold_text(input));
    if (text.empty()) return refused("is empty");
    const std::size_t length = is_ascii(text) ? text.size() : count_code_points(text);
    if (length < bounds.min) return refused("is too short");
    if (length > bounds.max) return refused("is too long");
    return text;
}

Result<std::string> bounded_word(std::string_view input, Bounds bounds) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_line(input, bounds));
    return bounded_line(lower_text(text), bounds);
}

Result<std::string> bounded_prose(std::string_view input, Bounds bounds) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, fold_prose(input));
    if (text.empty()) return refused("is empty");
    if (text.size() > bounds.max && count_code_points(text) > bounds.max) return refused("is too long");
    return text;
}

Result<std::string> bounded_code(std::string_view input, Bounds bounds, std::string_view also) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, bounded_line(input, bounds));
    for (const char c : text)
        if (!is_alnum(c) && also.find(c) == std::string_view::npos)
            return refused("has a character that codes do not have");
    return text;
}

Result<std::string> bounded_integer(std::string_view input, long long min, long long max) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, fold_text(input));
    std::string_view rest = text;
    if (rest.starts_with('+')) rest.remove_prefix(1);
    const bool negative = rest.size() == text.size() && rest.starts_with('-');
    if (!all_digits(rest.substr(negative ? 1 : 0))) return refused("is not a whole number");
    long long value = 0;
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (parsed.ec != std::errc() || value < min || value > max) return refused("is outside the allowed range");
    return std::to_string(value);
}

Result<std::string> flag(std::string_view input) {
    static constexpr std::string_view kTrue[] = {"true", "1", "yes", "y", "t", "on", "是", "有", "真", "对"};
    static constexpr std::string_view kFalse[] = {"false", "0", "no", "n", "f", "off", "否", "无", "假", "不"};
    CLOISTER_ASSIGN_OR_RETURN(const std::string folded, fold_text(input));
    const std::string text = fold_for_index(folded);
    if (std::find(std::begin(kTrue), std::end(kTrue), text) != std::end(kTrue)) return std::string("true");
    if (std::find(std::begin(kFalse), std::end(kFalse), text) != std::end(kFalse)) return std::string("false");
    return refused("is neither yes nor no");
}

Result<std::string> tags(std::string_view input) {
    constexpr std::size_t kMaxTags = 100;
    constexpr std::size_t kMaxLength = 60;
    CLOISTER_ASSIGN_OR_RETURN(const std::string folded, fold_text(input));
    std::vector<std::string> kept;
    std::u32string tag;
    const auto finish = [&]() -> Result<void> {
        while (!tag.empty() && tag.back() == ' ') tag.pop_back();
        if (tag.size() > kMaxLength) return refused("has a tag that is too long");
        std::string text = to_utf8(tag);
        tag.clear();
        if (!text.empty() && std::find(kept.begin(), kept.end(), text) == kept.end()) kept.push_back(std::move(text));
        if (kept.size() > kMaxTags) return refused("has too many tags");
        return {};
    };
    for (std::size_t at = 0; at < folded.size();) {
        const char32_t c = next_code_point(folded, at);
        if (c == ',' || c == ';' || c == '|' || c == 0x3001) {
            CLOISTER_RETURN_IF_ERROR(finish());
        } else if (c != ' ' || !tag.empty()) {
            tag.push_back(c);
        }
    }
    CLOISTER_RETURN_IF_ERROR(finish());
    if (kept.empty()) return refused("is empty");
    std::string out;
    for (const std::string& one : kept) {
        if (!out.empty()) out.push_back(',');
        out += one;
    }
    return out;
}

Result<std::string> decimal(std::string_view input, DecimalForm form) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, fold_text(input));
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    const auto point = rest.find('.');
    std::string_view whole = rest.substr(0, point);
    std::string_view fraction = point == std::string_view::npos ? std::string_view() : rest.substr(point + 1);
    if (rest.find(',') != std::string_view::npos) return refused("has a comma: write 1234.50");
    if (!all_digits(whole) || (point != std::string_view::npos && !all_digits(fraction)))
        return refused("is not a decimal number");
    while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
    while (fraction.size() > form.least_scale && fraction.back() == '0') fraction.remove_suffix(1);
    if (whole.size() > form.integer_digits) return refused("is too large");
    if (fraction.size() > form.scale) return refused("has too many digits after the point");
    std::string digits_after(fraction);
    while (digits_after.size() < form.least_scale) digits_after.push_back('0');
    const bool zero = whole == "0" && digits_after.find_first_not_of('0') == std::string::npos;
    std::string out = negative && !zero ? "-" : "";
    out += whole;
    if (!digits_after.empty()) out += "." + digits_after;
    return out;
}
Result<std::string> plain_decimal(std::string_view input) { return decimal(input, {}); }

Result<std::string> identifier(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string folded, fold_text(input));
    std::string_view rest = folded;
    if (rest.starts_with('\'')) rest.remove_prefix(1);
    std::string out;
    out.reserve(rest.size());
    for (const char c : rest)
        if (c != ' ' && c != '-') out.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    if (out.empty()) return refused("is empty");
    return out;
}

Result<std::string> alnum_identifier(std::string_view input, Bounds bounds) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier(input));
    if (!all_alnum(text)) return refused("has a character other than letters and digits");
    if (text.size() < bounds.min) return refused("is too short");
    if (text.size() > bounds.max) return refused("is too long");
    return text;
}

Result<std::string> digit_identifier(std::string_view input, Bounds bounds) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, bounds));
    if (!all_digits(text)) return refused("has a character other than digits");
    return text;
}

std::optional<std::string_view> find_code(std::span<const CodeRow> table, std::string_view folded) {
    const std::string text = fold_for_index(folded);
    for (const CodeRow& row : table)
        if (row.code == text || std::find(row.words.begin(), row.words.end(), text) != row.words.end()) return row.code;
    return std::nullopt;
}

// --- masks --------------------------------------------------------------------------------------------------------

std::string hide(std::string_view) { return "***"; }

std::string mask_head_tail(std::string_view text, std::size_t head, std::size_t tail, std::size_t stars) {
    if (count_code_points(text) < head + tail + 2) return "***";
    return first_code_points(text, head) + std::string(stars, '*') + last_code_points(text, tail);
}

namespace {

bool is_space(char32_t c) { return c == ' '; }

std::string mask_han_name(const std::u32string& name) {
    const std::string first = to_utf8(name.substr(0, 1));
    if (name.find(char32_t{0xB7}) != std::u32string::npos) return first + "***";
    if (name.size() == 2) return first + "*";
    return first + (name.size() == 3 ? "*" : "**") + to_utf8(name.substr(name.size() - 1));
}

}  // namespace

std::string mask_name(std::string_view text) {
    const std::u32string name = to_code_points(text);
    if (name.size() < 2) return "***";
    if (is_han(name[0]) && std::none_of(name.begin(), name.end(), is_space)) return mask_han_name(name);
    const auto last_space = name.find_last_of(U' ');
    std::string first = to_utf8(name.substr(0, 1)) + "***";
    if (last_space == std::u32string::npos) return first;
    return first + " " + to_utf8(name.substr(last_space + 1, 1)) + "***";
}

// --- normal forms and levels --------------------------------------------------------------------------------------

std::string letters_and_digits(std::string_view text) {
    const std::string folded = fold_for_index(text);
    std::string out;
    out.reserve(folded.size());
    for (std::size_t at = 0; at < folded.size();) {
        const char32_t c = next_code_point(folded, at);
        const bool keep = c < 0x80 ? is_alnum(static_cast<char>(c))
                                   : is_han(c) || u_isalnum(static_cast<UChar32>(c)) != 0 ||
                                         u_charType(static_cast<UChar32>(c)) == U_NON_SPACING_MARK ||
                                         u_charType(static_cast<UChar32>(c)) == U_COMBINING_SPACING_MARK;
        if (keep) append_code_point(out, c);
    }
    return out.empty() ? folded : out;
}

std::string without_separators(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (is_alnum(c)) out.push_back(c);
    return out;
}

std::string first_tag_kind(std::string_view text) { return std::string(text.substr(0, text.find(':'))); }

namespace {

// The digits before the point, without a sign; "0" for numbers smaller than one.
std::string_view whole_digits(std::string_view decimal) {
    if (decimal.starts_with('-')) decimal.remove_prefix(1);
    return decimal.substr(0, decimal.find_first_of(". "));
}

struct Band {
    std::string low;
    std::string high;
};
std::string signed_band(std::string_view decimal, const Band& band) {
    return decimal.starts_with('-') ? "-" + band.high + "..-" + band.low : band.low + ".." + band.high;
}

}  // namespace

std::string narrow_band(std::string_view decimal) {
    const std::string_view whole = whole_digits(decimal);
    if (whole == "0" || whole.empty()) return signed_band(decimal, {"0", "1"});
    const std::string zeroes(whole.size() - 1, '0');
    if (whole[0] < '2') return signed_band(decimal, {"1" + zeroes, "2" + zeroes});
    if (whole[0] < '5') return signed_band(decimal, {"2" + zeroes, "5" + zeroes});
    return signed_band(decimal, {"5" + zeroes, "10" + zeroes});
}

std::string wide_band(std::string_view decimal) {
    const std::string_view whole = whole_digits(decimal);
    if (whole == "0" || whole.empty()) return signed_band(decimal, {"0", "1"});
    const std::string zeroes(whole.size() - 1, '0');
    return signed_band(decimal, {"1" + zeroes, "10" + zeroes});
}

}  // namespace cloister::datatypes::internal
