// The kinds of personal data: how a value of each is checked, written in one way, compared, masked and made coarser.
// Pure functions of text; nothing here is stored or logged, and no error message contains the value.
//
// Threads  Everything is immutable after start-up.
// Source   docs/datatypes.md (generated from this catalogue)
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloister::datatypes {

// How a value is written in JSON. Inside, every value is text.
enum class Shape {
    text,     // "..."
    integer,  // 123
    decimal,  // "12.50", never a binary float
    boolean,  // true / false
    date,     // "1990-02-28"
    time,     // RFC 3339, UTC
    tags,     // ["a", "b"]; the canonical text joins them with commas
};

// One semantic type, such as "phone.mobile.cn".
class DataType {
 public:
    virtual ~DataType() = default;

    virtual std::string_view key() const = 0;
    virtual std::string_view title_en() const = 0;
    virtual std::string_view title_zh_hans() const = 0;
    virtual std::string_view title_zh_hant() const = 0;
    virtual Shape shape() const = 0;
    virtual int default_grade() const = 0;           // 1 .. 4
    virtual bool sensitive() const = 0;              // PIPL Art. 28, profile "strict"
    virtual bool storable() const { return true; }   // false: card.cvv and the like are refused at the door
    virtual std::string_view retention() const = 0;  // retention code, docs/datatypes.md

    // The canonical text that is stored: folded (full-width, blanks, dashes), checked, check digits included.
    // invalid_argument with the reason in words ("check digit does not match"), never the value.
    virtual Result<std::string> canonical(std::string_view input) const = 0;
    // What equality means: the text that blind indexes are computed from. Takes canonical text.
    virtual std::string normalise(std::string_view canonical) const = 0;
    // Fixed shape, shows no more than the catalogue says. Takes canonical text; anything else is fully masked.
    virtual std::string mask(std::string_view canonical) const = 0;
    // Generalisation ladder: level 0 is the value, levels() - 1 is "*". Takes canonical text.
    virtual int levels() const = 0;
    virtual std::string generalise(std::string_view canonical, int level) const = 0;
};

// Null when there is no such type.
const DataType* find_type(std::string_view key);
std::span<const DataType* const> all_types();

// Section 0.1 of the catalogue: reject ill-formed UTF-8, NFKC, half-width, no zero-width or bidi controls, trimmed and
// collapsed blanks, unified dashes and name dots.
Result<std::string> fold_text(std::string_view input);
// As fold_text, then Traditional -> Simplified and lower case: the second value that names and addresses are indexed
// by.
std::string fold_for_index(std::string_view folded);

// Substrings of `count` code points of the normalised text, for n-gram indexes; without duplicates, sorted.
std::vector<std::string> ngrams(std::string_view normalised, std::size_t count);
std::size_t count_code_points(std::string_view text);
std::string first_code_points(std::string_view text, std::size_t count);
std::string last_code_points(std::string_view text, std::size_t count);

// Does free text (a reason, a label) seem to hold personal data: a phone, card, identity number or e-mail address?
bool seems_personal(std::string_view text);

}  // namespace cloister::datatypes
