#include "datatypes/personal_text.h"

#include <algorithm>

#include "base/bytes.h"
#include "datatypes/check_digits.h"
#include "datatypes/government_ids.h"
#include "datatypes/phones.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes {
namespace internal {
namespace {

// One char per code point: full-width forms as ASCII, the minus signs and odd blanks unified, all else as '\x80'.
std::string narrowed(std::u32string_view text) {
    std::string out(text.size(), '\x80');
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char32_t c = text[i];
        if (c < 0x80)
            out[i] = static_cast<char>(c);
        else if (c >= 0xFF01 && c <= 0xFF5E)
            out[i] = static_cast<char>(c - 0xFEE0);
        else if (c == 0xA0 || c == 0x3000)
            out[i] = ' ';
        else if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
            out[i] = '-';
    }
    return out;
}

bool is_separator(char c) { return c == ' ' || c == '-'; }

// A run of digit groups with single separators between them; `begin` and `end` of each group in the text.
struct Group {
    std::size_t begin;
    std::size_t end;
    std::size_t size() const { return end - begin; }
};

class Scanner {
 public:
    explicit Scanner(std::u32string_view text) : text_(narrowed(text)) {}

    std::vector<Found> run() {
        for (std::size_t at = 0; at < text_.size();) {
            const std::size_t end = match(at);
            if (end > at) found_.push_back({at, end});
            at = std::max(end, at + 1);
        }
        widen_to_mail();
        return std::move(found_);
    }

 private:
    char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
    bool starts_word(std::size_t i) const { return i == 0 || !is_alnum(text_[i - 1]); }
    bool ends_word(std::size_t i) const { return i >= text_.size() || !is_alnum(text_[i]); }

    std::size_t match(std::size_t begin) const {
        if (!starts_word(begin)) return begin;
        const char c = text_[begin];
        if (c == '+' || (c == '(' && at(begin + 1) == '+')) return match_e164(begin);
        if (is_digit(c)) return match_number(begin);
        if (is_letter(c)) return match_letter_id(begin);
        return begin;
    }

    // + and 7 to 15 digits, with single blanks, hyphens or brackets between them.
    std::size_t match_e164(std::size_t begin) const {
        std::size_t i = begin + (text_[begin] == '(' ? 2 : 1);
        if (at(i) < '1' || at(i) > '9') return begin;
        std::size_t digits = 0;
        std::size_t end = i;
        for (; i < text_.size(); ++i) {
            if (is_digit(text_[i])) {
                if (++digits > 15) return begin;
                end = i + 1;
            } else if (!is_separator(text_[i]) && text_[i] != '(' && text_[i] != ')') {
                break;
            } else if (i > end + 1) {
                break;
            }
        }
        return digits >= 7 && ends_word(end) ? end : begin;
    }

    std::vector<Group> groups_from(std::size_t begin) const {
        std::vector<Group> groups;
        for (std::size_t i = begin; is_digit(at(i)) && groups.size() < 8;) {
            const std::size_t start = i;
            while (is_digit(at(i))) ++i;
            groups.push_back({start, i});
            if (!is_separator(at(i))) break;
            ++i;
        }
        return groups;
    }

    std::size_t match_number(std::size_t begin) const {
        const std::vector<Group> groups = groups_from(begin);
        std::string digits;
        std::size_t best = begin;
        for (std::size_t count = 1; count <= groups.size(); ++count) {
            const Group& last = groups[count - 1];
            digits += text_.substr(last.begin, last.size());
            if (digits.size() > 19) break;
            std::size_t end = last.end;
            std::string whole = digits;
            if ((at(end) == 'X' || at(end) == 'x') && digits.size() == 17) {
                whole.push_back('X');
                ++end;
            }
            if (ends_word(end) && is_personal({groups.data(), count}, whole)) best = end;
        }
        return best;
    }

    static bool is_personal(std::span<const Group> groups, const std::string& digits) {
        const std::size_t count = groups.size();
        if (digits.size() == 18 && resident_id(digits).has_value()) return true;
        if (count == 1) return is_unbroken(digits);
        const auto sizes = [&](std::initializer_list<std::size_t> want) {
            return std::equal(groups.begin(), groups.end(), want.begin(), want.end(),
                              [](const Group& group, std::size_t size) { return group.size() == size; });
        };
        if (sizes({3, 4, 4}) && is_mainland_mobile(digits)) return true;
        if (sizes({2, 11}) && digits.starts_with("86") && is_mainland_mobile(digits.substr(2))) return true;
        if (sizes({2, 3, 4, 4}) && digits.starts_with("86") && is_mainland_mobile(digits.substr(2))) return true;
        if (count == 2 && digits[0] == '0' && groups[0].size() <= 4 && groups[1].size() >= 7)
            return mainland_landline(digits).has_value();
        const bool fours = std::all_of(groups.begin(), groups.end() - 1, [](const Group& g) { return g.size() == 4; });
        return (fours || sizes({4, 6, 5})) && groups[count - 1].size() <= 5 && is_card(digits);
    }

    static bool is_unbroken(const std::string& digits) {
        if (is_mainland_mobile(digits)) return true;
        if (digits.size() == 12 && digits[0] == '0' && is_mainland_mobile(digits.substr(1))) return true;
        if (digits.size() == 13 && digits.starts_with("86") && is_mainland_mobile(digits.substr(2))) return true;
        if (digits.size() >= 11 && digits.starts_with("00") && digits[2] != '0') return any_phone(digits).has_value();
        return looks_like_resident_15(digits) || is_card(digits);
    }

    // 13 to 19 digits of a card scheme's range with a Luhn digit; timestamps and order numbers begin elsewhere.
    static bool is_card(const std::string& digits) {
        return digits.size() >= 13 && digits.size() <= 19 && digits[0] >= '3' && digits[0] <= '6' && luhn_ok(digits);
    }

    // A123456(3) and A123456789; without its brackets the Hong Kong form is too much like an order number.
    std::size_t match_letter_id(std::size_t begin) const {
        std::size_t i = begin;
        while (is_letter(at(i)) && i - begin < 2) ++i;
        const std::size_t letters = i - begin;
        while (is_digit(at(i))) ++i;
        const std::size_t digits = i - begin - letters;
        const std::string id = upper_ascii(std::string_view(text_).substr(begin, i - begin));
        if (letters == 1 && digits == 9 && ends_word(i) && std::string_view("1289").find(id[1]) != std::string::npos)
            return taiwan_ok(id) ? i : begin;
        if (digits == 6 && at(i) == '(' && at(i + 2) == ')' && hong_kong_ok(upper_ascii(id + at(i + 1)))) return i + 3;
        return begin;
    }

    // Mail addresses are found from their @ and may take in what was found before.
    void widen_to_mail() {
        const auto is_local = [](char c) {
            return is_alnum(c) || std::string_view("._%+-").find(c) != std::string::npos;
        };
        for (std::size_t sign = text_.find('@'); sign != std::string::npos; sign = text_.find('@', sign + 1)) {
            std::size_t begin = sign;
            while (begin > 0 && is_local(text_[begin - 1])) --begin;
            std::size_t end = sign + 1;
            while (is_alnum(at(end)) || at(end) == '.' || at(end) == '-') ++end;
            while (end > sign + 1 && !is_alnum(text_[end - 1])) --end;
            const std::string domain = text_.substr(sign + 1, end - sign - 1);
            if (begin == sign || domain.find('.') == std::string::npos) continue;
            std::erase_if(found_, [&](const Found& f) { return f.begin < end && f.end > begin; });
            found_.push_back({begin, end});
        }
        std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.begin < b.begin; });
    }

    std::string text_;
    std::vector<Found> found_;
};

}  // namespace

std::vector<Found> find_personal(std::u32string_view text) { return Scanner(text).run(); }

std::string redact(std::string_view text) {
    const std::u32string letters = to_code_points(text);
    std::u32string out;
    std::size_t at = 0;
    for (const Found& found : find_personal(letters)) {
        if (found.begin < at) {  // two addresses that share a part
            at = std::max(at, found.end);
            continue;
        }
        out += letters.substr(at, found.begin - at);
        out += U"***";
        at = found.end;
    }
    out += letters.substr(at);
    return to_utf8(out);
}

}  // namespace internal

bool seems_personal(std::string_view text) {
    if (!is_valid_utf8(text)) return false;
    return !internal::find_personal(internal::to_code_points(text)).empty();
}

}  // namespace cloister::datatypes
