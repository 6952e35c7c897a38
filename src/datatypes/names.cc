#include "datatypes/names.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>

#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

constexpr char32_t kDot = 0xB7;
constexpr std::size_t kMaxName = 50;

bool is_name_mark(char32_t c) {
    return c == ' ' || c == '-' || c == '\'' || c == 0x2019 || c == '.' || c == ',' || c == '(' || c == ')' ||
           c == kDot;
}
bool is_name_letter(char32_t c) {
    if (c < 0x80) return is_letter(static_cast<char>(c));
    if (is_han(c)) return true;
    const auto icu_char = static_cast<UChar32>(c);
    if (u_isUAlphabetic(icu_char) != 0 && u_isdigit(icu_char) == 0) return u_charType(icu_char) != U_LETTER_NUMBER;
    const auto type = u_charType(icu_char);
    return type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK || type == U_MODIFIER_LETTER ||
           (c >= 0xE0100 && c <= 0xE01EF);
}

// Between Chinese characters a blank says nothing, and `.` is the dot of a translated name.
std::string close_up(const std::u32string& letters) {
    std::u32string out;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const bool inside = i > 0 && i + 1 < letters.size() && is_han(letters[i - 1]) && is_han(letters[i + 1]);
        if (letters[i] == ' ' && inside) continue;
        out.push_back(letters[i] == '.' && inside ? kDot : letters[i]);
    }
    return to_utf8(out);
}

const std::u32string_view kCompound[] = {
    U"欧阳", U"司马", U"上官", U"诸葛", U"司徒", U"东方", U"独孤", U"南宫", U"万俟", U"闻人", U"夏侯",
    U"尉迟", U"公羊", U"赫连", U"皇甫", U"宗政", U"濮阳", U"公孙", U"慕容", U"钟离", U"长孙", U"宇文",
    U"鲜于", U"令狐", U"轩辕", U"端木", U"百里", U"呼延", U"东郭", U"西门", U"申屠", U"太史", U"淳于",
    U"单于", U"澹台", U"公冶", U"仲孙", U"闾丘", U"司空", U"亓官", U"拓跋", U"第五", U"梁丘", U"左丘"};

}  // namespace

Result<std::string> name(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, bounded_line(input, {1, kMaxName}));
    if (is_placeholder(text)) return refused("is a placeholder, not a name");
    bool letters = false;
    bool han = false;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (c < 0x80 && is_digit(static_cast<char>(c))) return refused("has a digit");
        const bool letter = is_name_letter(c);
        if (!letter && !is_name_mark(c)) return refused("has a character that names do not have");
        letters = letters || letter;
        han = han || is_han(c);
    }
    if (!letters) return refused("has no letter");
    return han ? close_up(to_code_points(text)) : text;
}

Result<std::string> latin_name(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, name(input));
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (c < 0x80) continue;
        UErrorCode status = U_ZERO_ERROR;
        const UScriptCode script = uscript_getScript(static_cast<UChar32>(c), &status);
        if (script != USCRIPT_LATIN && script != USCRIPT_COMMON && script != USCRIPT_INHERITED)
            return refused("is not written in Latin letters");
    }
    return text;
}

std::string surname_of(std::string_view text) {
    const std::u32string letters = to_code_points(text);
    if (letters.empty()) return "*";
    if (is_han(letters[0])) {
        if (const auto dot = letters.find(kDot); dot != std::u32string::npos) return to_utf8(letters.substr(0, dot));
        std::u32string head = letters.substr(0, 2);
        std::transform(head.begin(), head.end(), head.begin(), simplified);
        const bool compound = std::find(std::begin(kCompound), std::end(kCompound), head) != std::end(kCompound);
        return to_utf8(letters.substr(0, compound && letters.size() > 2 ? 2 : 1));
    }
    if (const auto comma = letters.find(U','); comma != std::u32string::npos && comma > 0)
        return to_utf8(letters.substr(0, comma));
    const auto space = letters.find_last_of(U' ');
    return space == std::u32string::npos ? "*" : to_utf8(letters.substr(space + 1));
}

std::string latin_name_key(std::string_view text) {
    std::string out;
    for (const char c : fold_for_index(text))
        if (static_cast<signed char>(c) < 0 || is_letter(c))
            out.push_back(c);
        else if (c == ' ' && !out.empty() && out.back() != ' ')
            out.push_back(' ');
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return upper_ascii(out);
}

std::string latin_initial(std::string_view text) { return first_code_points(latin_name_key(text), 1); }

std::string mask_given_name(std::string_view text) { return count_code_points(text) == 1 ? "*" : "**"; }

}  // namespace cloister::datatypes::internal
