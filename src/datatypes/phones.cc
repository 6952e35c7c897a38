#include "datatypes/phones.h"

#include <algorithm>
#include <optional>

#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

// What a number is made of once blanks, hyphens, dots and brackets are gone.
struct Dialled {
    bool international = false;  // it began with + or 00
    std::string digits;
    std::string extension;
};

Result<Dialled> read(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string folded, fold_text(input));
    std::string_view text = folded;
    if (text.starts_with('\'')) text.remove_prefix(1);
    if (text.starts_with("tel:")) text.remove_prefix(4);
    if (text.empty()) return refused("is empty");
    if (text.size() > 40) return refused("is too long");
    Dialled dialled;
    bool extension = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_digit(c)) {
            (extension ? dialled.extension : dialled.digits).push_back(c);
        } else if (c == '+' && dialled.digits.empty() && !dialled.international) {
            dialled.international = true;
        } else if (text.substr(i).starts_with(";ext=") && !extension) {
            extension = true;
            i += 4;
        } else if (c != ' ' && c != '-' && c != '.' && c != '(' && c != ')') {
            return refused("has a character that telephone numbers do not have");
        }
    }
    if (extension && (dialled.extension.empty() || dialled.extension.size() > 6))
        return refused("has an extension of the wrong length");
    if (!dialled.international && dialled.digits.starts_with("00")) {
        dialled.international = true;
        dialled.digits.erase(0, 2);
    }
    return dialled;
}

// An area code without its zero: Beijing and the 2x cities have two digits, the others three.
std::size_t area_length(std::string_view national) { return national.starts_with("10") || national[0] == '2' ? 2 : 3; }

bool is_mainland_landline(std::string_view national) {
    if (!all_digits(national) || national.size() < 9 || national[0] == '0') return false;
    if (national[0] == '1' && national[1] != '0') return false;
    const std::size_t local = national.size() - area_length(national);
    return (local == 7 || local == 8) && national[area_length(national)] > '1';
}

// Numbering plans that are strict enough to check; other countries only have E.164's lengths.
bool plan_allows(std::string_view digits) {
    const auto national = [&](std::size_t code) { return digits.substr(code); };
    if (digits.starts_with("86")) return is_mainland_mobile(national(2)) || is_mainland_landline(national(2));
    if (digits.starts_with("852")) return digits.size() == 11 && digits[3] >= '2';
    if (digits.starts_with("853"))
        return digits.size() == 11 && (digits[3] == '6' || digits[3] == '2' || digits[3] == '8');
    if (digits.starts_with("886"))
        return digits.size() > 3 &&
               (digits[3] == '9' ? digits.size() == 12 : digits.size() == 11 || digits.size() == 12);
    if (digits.starts_with('1')) return digits.size() == 11 && digits[1] >= '2';
    if (digits.starts_with("447")) return digits.size() == 12;
    if (digits.starts_with("33") || digits.starts_with("34")) return digits.size() == 11;
    if (digits.starts_with("45") || digits.starts_with("47")) return digits.size() == 10;
    return true;
}

std::string written(std::string_view digits, const Dialled& dialled) {
    return "+" + std::string(digits) + (dialled.extension.empty() ? "" : ";ext=" + dialled.extension);
}

Result<std::string> international(const Dialled& dialled) {
    if (dialled.digits.empty() || dialled.digits[0] == '0') return refused("has no country code after its prefix");
    if (dialled.digits.size() < 7 || dialled.digits.size() > 15) return refused("must have 7 to 15 digits");
    if (!plan_allows(dialled.digits)) return refused("does not fit the numbering plan of its country");
    return written(dialled.digits, dialled);
}

// The number without +86, 86 or the trunk 0; nothing for another country's.
std::optional<std::string> mainland_national(const Dialled& dialled) {
    std::string_view digits = dialled.digits;
    if (dialled.international || (digits.size() >= 12 && digits.starts_with("86"))) {
        if (!digits.starts_with("86")) return std::nullopt;
        digits.remove_prefix(2);
    }
    if (digits.starts_with('0') && !dialled.international) digits.remove_prefix(1);
    return std::string(digits);
}

struct Region {
    std::string_view country;
    std::string_view trunk;  // what a national number begins with and the international form drops
    std::size_t size;
    std::string_view first;  // the digits a mobile number may begin with
};
Result<std::string> regional_mobile(std::string_view input, const Region& region) {
    CLOISTER_ASSIGN_OR_RETURN(const Dialled dialled, read(input));
    std::string_view digits = dialled.digits;
    if (digits.starts_with(region.country) && (dialled.international || digits.size() > region.size))
        digits.remove_prefix(region.country.size());
    else if (dialled.international)
        return refused("belongs to another country");
    if (!region.trunk.empty() && digits.size() > region.size && digits.starts_with(region.trunk))
        digits.remove_prefix(region.trunk.size());
    if (digits.size() != region.size || region.first.find(digits[0]) == std::string_view::npos ||
        !dialled.extension.empty())
        return refused("is not a mobile number of its region");
    return "+" + std::string(region.country) + std::string(digits);
}

std::size_t country_length(std::string_view digits) {
    static constexpr std::string_view kTwo[] = {"20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41",
                                                "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "54",
                                                "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66",
                                                "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"};
    if (digits.starts_with('1') || digits.starts_with('7')) return 1;
    return std::find(std::begin(kTwo), std::end(kTwo), digits.substr(0, 2)) != std::end(kTwo) ? 2 : 3;
}

std::string_view without_extension(std::string_view e164) { return e164.substr(0, e164.find(';')); }

}  // namespace

bool is_mainland_mobile(std::string_view digits) {
    return digits.size() == 11 && digits[0] == '1' && digits[1] >= '3' && all_digits(digits);
}

Result<std::string> mainland_mobile(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const Dialled dialled, read(input));
    const auto national = mainland_national(dialled);
    if (!national || !is_mainland_mobile(*national) || !dialled.extension.empty())
        return refused("is not a mainland mobile number");
    return "+86" + *national;
}

Result<std::string> mainland_landline(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(Dialled dialled, read(input));
    if (!dialled.international && dialled.extension.empty()) {  // 010-12345678-123: the third part is an extension
        CLOISTER_ASSIGN_OR_RETURN(const std::string folded, fold_text(input));
        const auto last = folded.rfind('-');
        const auto first = folded.find('-');
        const bool three_parts = first != last && folded.find('-', first + 1) == last;
        if (three_parts && last - first >= 8 && folded.size() - last - 1 <= 6) {
            dialled.extension = folded.substr(last + 1);
            if (!all_digits(dialled.extension)) return refused("has an extension that is not a number");
            dialled.digits.resize(dialled.digits.size() - dialled.extension.size());
        }
    }
    const bool domestic = dialled.digits.starts_with('0');
    const auto national = mainland_national(dialled);
    if (!national || (!domestic && !dialled.international) || !is_mainland_landline(*national))
        return refused("is not a mainland fixed line with its area code");
    return written("86" + *national, dialled);
}

Result<std::string> international_phone(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const Dialled dialled, read(input));
    if (!dialled.international) return refused("does not begin with + and a country code");
    if (!dialled.extension.empty()) return refused("has an extension");
    return international(dialled);
}

Result<std::string> any_phone(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const Dialled dialled, read(input));
    if (dialled.international) return international(dialled);
    if (const auto national = mainland_national(dialled); national && is_mainland_mobile(*national))
        return "+86" + *national;
    if (dialled.digits.starts_with('0')) return mainland_landline(input);
    return refused("is neither a mainland number nor one with + and a country code");
}

Result<std::string> hong_kong_mobile(std::string_view input) {
    return regional_mobile(input, {.country = "852", .trunk = "", .size = 8, .first = "456789"});
}
Result<std::string> macao_mobile(std::string_view input) {
    return regional_mobile(input, {.country = "853", .trunk = "", .size = 8, .first = "6"});
}
Result<std::string> taiwan_mobile(std::string_view input) {
    return regional_mobile(input, {.country = "886", .trunk = "0", .size = 9, .first = "9"});
}

std::string mask_phone(std::string_view e164) {
    const std::string_view number = without_extension(e164);
    const std::string_view digits = number.substr(1);
    const std::string tail(number.substr(number.size() - std::min<std::size_t>(4, number.size())));
    if (digits.starts_with("86")) {
        const std::string_view national = digits.substr(2);
        if (is_mainland_mobile(national)) return std::string(national.substr(0, 3)) + "****" + tail;
        return "0" + std::string(national.substr(0, area_length(national))) + "-****" + tail;
    }
    if (digits.starts_with("852") || digits.starts_with("853")) return std::string(digits.substr(3, 4)) + "****";
    if (digits.starts_with("8869")) return "0" + std::string(digits.substr(3, 3)) + "***" + tail.substr(1);
    return phone_country(e164) + "******" + tail.substr(2);
}

std::string phone_country(std::string_view e164) {
    return std::string(e164.substr(0, 1 + country_length(e164.substr(1))));
}
std::string phone_carrier_prefix(std::string_view e164) { return std::string(e164.substr(0, 6)); }
std::string phone_area(std::string_view e164) { return std::string(e164.substr(0, 3 + area_length(e164.substr(3)))); }

}  // namespace cloister::datatypes::internal
