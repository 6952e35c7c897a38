// Traditional -> Simplified by table: ICU's transliterator takes microseconds a character, so it is asked once for
// each.
#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <memory>
#include <vector>

#include "datatypes/text_tools.h"

namespace cloister::datatypes::internal {
namespace {

constexpr char32_t kFirst = 0x3400;
constexpr char32_t kLast = 0x9FFF;

std::vector<char16_t> make_table() {
    std::vector<char16_t> table(kLast - kFirst + 1);
    icu::UnicodeString all;  // every character between two separators, so that no rule sees a neighbour
    for (char32_t c = kFirst; c <= kLast; ++c) {
        table[c - kFirst] = static_cast<char16_t>(c);
        all.append(static_cast<UChar32>(c)).append(u'\n');
    }
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::Transliterator> translit(
        icu::Transliterator::createInstance("Traditional-Simplified", UTRANS_FORWARD, status));
    CLOISTER_ASSERT(U_SUCCESS(status) && translit != nullptr);
    translit->transliterate(all);
    std::int32_t at = 0;
    for (char32_t c = kFirst; c <= kLast; ++c) {
        const std::int32_t end = all.indexOf(u'\n', at);
        const char16_t to = all.charAt(at);
        if (end == at + 1 && to >= kFirst && to <= kLast) table[c - kFirst] = to;
        at = end + 1;
    }
    for (char16_t& to : table)  // a chain a -> b -> c ends at c; a circle stays where it was entered
        for (int step = 0; step < 4 && table[static_cast<std::size_t>(to - kFirst)] != to; ++step)
            to = table[static_cast<std::size_t>(to - kFirst)];
    return table;
}

}  // namespace

char32_t simplified(char32_t c) {
    if (c < kFirst || c > kLast) return c;
    static const std::vector<char16_t> table = make_table();
    return table[c - kFirst];
}

}  // namespace cloister::datatypes::internal
