// The forms that many types share: how they are checked, written and masked. The templates exist to be pointed at from
// a TypeSpec.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "datatypes/spec.h"
#include "datatypes/text_tools.h"

namespace cloister::datatypes::internal {

inline Error refused(std::string_view why) { return Error(ErrorCode::invalid_argument, std::string(why)); }

// --- checked forms ------------------------------------------------------------------------------------------------

struct Bounds {
    std::size_t min;
    std::size_t max;  // both in code points
};
Result<std::string> bounded_line(std::string_view input, Bounds bounds);
Result<std::string> bounded_word(std::string_view input, Bounds bounds);
Result<std::string> bounded_prose(std::string_view input, Bounds bounds);
Result<std::string> bounded_code(std::string_view input, Bounds bounds, std::string_view also);
Result<std::string> bounded_integer(std::string_view input, long long min, long long max);

// One folded line of text.
template <std::size_t Max>
Result<std::string> line(std::string_view input) {
    return bounded_line(input, {1, Max});
}
// A short folded text in lower case, for free enumerations.
template <std::size_t Max>
Result<std::string> word(std::string_view input) {
    return bounded_word(input, {1, Max});
}
// Text over several lines, kept as written.
template <std::size_t Max>
Result<std::string> prose(std::string_view input) {
    return bounded_prose(input, {1, Max});
}
// ASCII letters, digits, `.`, `_`, `-`.
template <std::size_t Min, std::size_t Max>
Result<std::string> code(std::string_view input) {
    return bounded_code(input, {Min, Max}, "._-");
}
template <long long Min, long long Max>
Result<std::string> integer(std::string_view input) {
    return bounded_integer(input, Min, Max);
}
// "true" or "false", from the words people use in several languages.
Result<std::string> flag(std::string_view input);
// Tags between commas, bars, semicolons or their Chinese forms; at most 100 of 60 characters; joined with commas.
Result<std::string> tags(std::string_view input);
// A number with up to 18 digits before and `scale` digits after the point, without useless zeroes.
struct DecimalForm {
    std::size_t integer_digits = 18;
    std::size_t scale = 9;
    std::size_t least_scale = 0;  // the digits after the point that are always written
};
Result<std::string> decimal(std::string_view input, DecimalForm form);
Result<std::string> plain_decimal(std::string_view input);

// An identifier for comparing: folded, without blanks and hyphens, upper case. A leading apostrophe, which spreadsheets
// put in front of long numbers, goes.
Result<std::string> identifier(std::string_view input);
// Letters and digits only, `min` to `max` of them.
Result<std::string> alnum_identifier(std::string_view input, Bounds bounds);
template <std::size_t Min, std::size_t Max>
Result<std::string> alnum(std::string_view input) {
    return alnum_identifier(input, {Min, Max});
}
Result<std::string> digit_identifier(std::string_view input, Bounds bounds);
template <std::size_t Min, std::size_t Max>
Result<std::string> digits(std::string_view input) {
    return digit_identifier(input, {Min, Max});
}

// A code of a fixed table; each row is the code and the words that mean it, in lower case.
struct CodeRow {
    std::string_view code;
    std::span<const std::string_view> words;
};
std::optional<std::string_view> find_code(std::span<const CodeRow> table, std::string_view folded);

// --- masks --------------------------------------------------------------------------------------------------------

std::string hide(std::string_view);  // ***
std::string mask_head_tail(std::string_view text, std::size_t head, std::size_t tail, std::size_t stars);
template <std::size_t Head, std::size_t Tail, std::size_t Stars>
std::string head_tail(std::string_view text) {
    return mask_head_tail(text, Head, Tail, Stars);
}
// 张*三, 欧**明, J*** S***; takes names and whatever stands in their place.
std::string mask_name(std::string_view name);

// --- normal forms and levels --------------------------------------------------------------------------------------

// Folded for the index, without anything but letters and digits (in any script).
std::string letters_and_digits(std::string_view text);
std::string without_separators(std::string_view text);  // drops everything but ASCII letters and digits
std::string first_tag_kind(std::string_view text);      // what stands before the first `:`, or the text
template <std::size_t Count>
std::string first_characters(std::string_view text) {
    return first_code_points(text, Count);
}
// Bands of decimals: 1-2-5 steps, then powers of ten. "50..100", "10..100", "-10..-1", "0..1".
std::string narrow_band(std::string_view decimal);
std::string wide_band(std::string_view decimal);

}  // namespace cloister::datatypes::internal
