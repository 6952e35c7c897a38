// Text as code points: what the folding, the masks and the scanner of this module share. Takes well-formed UTF-8 unless
// a function says otherwise.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

bool is_ascii(std::string_view text);
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
inline bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
bool all_digits(std::string_view text);  // false for empty text
bool all_alnum(std::string_view text);   // ASCII; false for empty text

// The code point that starts at `at`, which moves behind it. Requires at < text.size().
char32_t next_code_point(std::string_view text, std::size_t& at);
void append_code_point(std::string& to, char32_t code_point);
std::u32string to_code_points(std::string_view text);
std::string to_utf8(std::u32string_view code_points);

bool is_han(char32_t code_point);
// One code point to its simplified form; itself when there is none. Stable: simplified(simplified(c)) == simplified(c).
char32_t simplified(char32_t code_point);

// The text in upper case (ASCII letters only), or in lower case (all scripts), normalised again.
std::string upper_ascii(std::string_view text);
std::string lower_text(std::string_view text);

// Free text: well-formed, NFC, LF line ends, no bidi controls, no control characters but tab and line feed, trimmed.
// Unlike fold_text it keeps dashes, blanks and joiners as they were written.
Result<std::string> fold_prose(std::string_view input);

// Words that stand for "nothing here" in exported files: NULL, N/A, -, 无 ... Takes folded text.
bool is_placeholder(std::string_view folded);

}  // namespace cloister::datatypes::internal
