// Section 1.1 of the catalogue: numbers by which governments and registers know people.
#include "datatypes/government_ids.h"

#include <algorithm>
#include <array>

#include "datatypes/check_digits.h"
#include "datatypes/dates.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

constexpr std::string_view kCheckDigit = "check digit does not match";

bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

// As identifier(), with a multiplication sign, which some keyboards give, read as the letter X.
Result<std::string> identifier_with_x(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier(input));
    static constexpr std::string_view kTimes = "\xC3\x97";
    if (text.ends_with(kTimes)) text.replace(text.size() - kTimes.size(), kTimes.size(), "X");
    return text;
}

bool is_resident_shape(std::string_view text) {
    return text.size() == 18 && all_digits(text.substr(0, 17)) && (is_digit(text[17]) || text[17] == 'X');
}

Result<void> check_resident(std::string_view text) {
    if (text.size() != 18) return refused("must have 18 characters");
    if (!is_resident_shape(text)) return refused("must be 17 digits and a digit or X");
    if (text[0] == '0') return refused("does not begin with a division code");
    const auto born = parse_date(text.substr(6, 8));
    if (!born || born->year() < std::chrono::year(1800)) return refused("has no date of birth in its middle");
    if (!is_past_or_today(*born)) return refused("has a date of birth in the future");
    if (!resident_ok(text)) return refused(kCheckDigit);
    return {};
}

std::string resident_attributes(std::string_view id) {
    return std::string(id.substr(6, 4)) + ((id[16] - '0') % 2 == 1 ? "/M/" : "/F/") + std::string(id.substr(0, 2));
}
std::string resident_15_attributes(std::string_view id) { return resident_attributes(resident_15_to_18(id)); }

Result<std::string> residence_permit(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, resident_id(input));
    if (!text.starts_with("810000") && !text.starts_with("820000") && !text.starts_with("830000"))
        return refused("does not begin with 810000, 820000 or 830000");
    return text;
}

Result<std::string> foreign_permanent(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier_with_x(input));
    if (text.size() == 15 && all_digits(std::string_view(text).substr(3)) &&
        std::all_of(text.begin(), text.begin() + 3, is_upper))
        return text;
    if (text.size() != 18 || text[0] != '9' || !is_resident_shape(text))
        return refused("is neither 18 characters from 9 on nor three letters and twelve digits");
    if (!resident_ok(text)) return refused(kCheckDigit);
    return text;
}

Result<std::string> home_return_permit(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, {9, 11}));
    if ((text[0] != 'H' && text[0] != 'M') || text.size() == 10 || !all_digits(std::string_view(text).substr(1)))
        return refused("is not H or M with 8 or 10 digits");
    return text;
}

Result<std::string> taiwan_permit(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, {8, 11}));
    const bool old_form = text.size() == 11 && all_digits(std::string_view(text).substr(0, 10)) && is_upper(text[10]);
    if (!old_form && !(text.size() == 8 && all_digits(text))) return refused("is neither 8 digits nor the old form");
    return text;
}

std::string without_brackets(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != '(' && c != ')') out.push_back(c);
    return out;
}
std::string with_bracketed_check(std::string_view id) {
    return std::string(id.substr(0, id.size() - 1)) + "(" + id.back() + ")";
}

Result<std::string> hong_kong(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, identifier(input));
    const std::string bare = without_brackets(text);
    if (text != bare && text != (bare.empty() ? bare : with_bracketed_check(bare)))
        return refused("has brackets in another place than around the check digit");
    const std::size_t letters = bare.size() == 9 ? 2 : 1;
    if ((bare.size() != 8 && bare.size() != 9) || !all_digits(std::string_view(bare).substr(letters, 6)) ||
        !std::all_of(bare.begin(), bare.begin() + static_cast<std::ptrdiff_t>(letters), is_upper))
        return refused("is not one or two letters, six digits and a check digit");
    if (!hong_kong_ok(bare)) return refused(kCheckDigit);
    return with_bracketed_check(bare);
}

Result<std::string> macao(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, identifier(input));
    const std::string bare = without_brackets(text);
    if (bare.size() != 8 || !all_digits(bare) || (bare[0] != '1' && bare[0] != '5' && bare[0] != '7') ||
        (text != bare && text != with_bracketed_check(bare)))
        return refused("is not seven digits from 1, 5 or 7 on and a digit in brackets");
    return with_bracketed_check(bare);
}

bool is_taiwan_shape(std::string_view text, std::string_view second) {
    return text.size() == 10 && is_upper(text[0]) && second.find(text[1]) != std::string_view::npos &&
           all_digits(text.substr(1));
}
Result<std::string> taiwan(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier(input));
    if (!is_taiwan_shape(text, "12")) return refused("is not a letter, 1 or 2 and eight digits");
    if (!taiwan_ok(text)) return refused(kCheckDigit);
    return text;
}
Result<std::string> taiwan_resident(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier(input));
    if (text.size() == 10 && is_upper(text[0]) && is_upper(text[1]) && all_digits(std::string_view(text).substr(2)))
        return text;
    if (!is_taiwan_shape(text, "89")) return refused("is not a letter, 8 or 9 and eight digits, nor the older form");
    if (!taiwan_ok(text)) return refused(kCheckDigit);
    return text;
}
std::string taiwan_sex(std::string_view id) {
    if (id[1] == '1' || id[1] == '8') return "M";
    return id[1] == '2' || id[1] == '9' ? "F" : "*";
}

Result<std::string> passport(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, {6, 9}));
    if (!has_digit(text)) return refused("has no digit");
    return text;
}

Result<std::string> driver(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier_with_x(input));
    if (text.size() == 12 && all_digits(text)) return text;
    return resident_id(text);
}

// 军字第1234567号: one to three characters, 字第, digits, 号.
Result<std::string> military(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_line(input, {6, 16}));
    const std::u32string letters = to_code_points(text);
    const auto mark = letters.find(U"字第");
    if (mark == std::u32string::npos || mark < 1 || mark > 3 || letters.back() != U'号')
        return refused("is not of the form 军字第1234567号");
    const std::string digits = to_utf8(std::u32string_view(letters).substr(mark + 2, letters.size() - mark - 3));
    if (!all_digits(digits) || digits.size() < 4 || digits.size() > 8 ||
        !std::all_of(letters.begin(), letters.begin() + static_cast<std::ptrdiff_t>(mark), is_han))
        return refused("is not of the form 军字第1234567号");
    return text;
}
std::string mask_military(std::string_view text) {
    const auto mark = text.find("字第");
    return std::string(text.substr(0, mark)) + "字第****号";
}

// A number whose shape is the mainland resident number must also pass its check; other countries have other rules.
Result<std::string> checked_if_resident(std::string text) {
    if (is_resident_shape(text)) {
        if (const auto checked = check_resident(text); !checked) return checked.error();
    }
    return text;
}

Result<std::string> social_security(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier_with_x(input));
    if (!all_alnum(text) || !has_digit(text)) return refused("is not made of letters and digits");
    if (text.size() < 6 || text.size() > 18) return refused("must have 6 to 18 characters");
    return checked_if_resident(std::move(text));
}

Result<std::string> uscc(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, {18, 18}));
    if (!uscc_ok(text)) return refused(kCheckDigit);
    return text;
}
Result<std::string> tax_id(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier_with_x(input));
    if (!all_alnum(text)) return refused("has a character other than letters and digits");
    if (text.size() == 8) {
        if (!taiwan_firm_ok(text)) return refused(kCheckDigit);
        return text;
    }
    if (text.size() == 18) {
        if (uscc_ok(text) || check_resident(text).has_value()) return text;
        return refused("passes the check of neither a resident number nor a unified social credit code");
    }
    if (text.size() != 15 && text.size() != 17 && text.size() != 20) return refused("has the wrong length");
    return text;
}
Result<std::string> organisation(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, {9, 9}));
    if (!organisation_ok(text)) return refused(kCheckDigit);
    return text.insert(8, "-");
}
std::string uscc_type_and_area(std::string_view text) { return std::string(text.substr(0, 8)); }

Result<std::string> plate(std::string_view input) {
    static constexpr std::u32string_view kProvinces = U"京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, identifier(input));
    std::u32string letters = to_code_points(text);
    std::erase(letters, char32_t{0xB7});
    if ((letters.size() != 7 && letters.size() != 8) || kProvinces.find(letters[0]) == std::u32string_view::npos)
        return refused("is not a mainland number plate");
    const std::string rest = to_utf8(std::u32string_view(letters).substr(1));
    if (!is_upper(rest[0]) || rest.find_first_of("IO", 1) != std::string::npos || !has_digit(rest))
        return refused("is not a mainland number plate");
    const std::u32string_view tail = std::u32string_view(letters).substr(1);
    const bool special = tail.back() > 0x7F && std::u32string_view(U"学警港澳挂").find(tail.back()) != tail.npos;
    if (!all_alnum(to_utf8(tail.substr(0, tail.size() - (special ? 1 : 0)))))
        return refused("is not a mainland number plate");
    return to_utf8(letters);
}
std::string mask_plate(std::string_view text) {
    return first_code_points(text, 2) + "·" + std::string(text.substr(4, 1)) + "***" + last_code_points(text, 1);
}

Result<std::string> vin(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, {17, 17}));
    if (text.find_first_of("IOQ") != std::string::npos) return refused("has a letter that is not used: I, O or Q");
    if (!vin_ok(text)) return refused(kCheckDigit);
    return text;
}
std::string vin_maker_and_year(std::string_view text) { return std::string(text.substr(0, 3)) + "/" + text[9]; }

// Any identifier: those with a known form must pass their own check, the others are letters and digits.
Result<std::string> any_id(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier_with_x(input));
    if (text.find('(') != std::string::npos) {
        if (text.size() == 10 && is_digit(text[0])) return macao(text);
        return hong_kong(text);
    }
    std::erase_if(text, [](char c) { return c == '.' || c == '/'; });
    if (!all_alnum(text)) return refused("has a character other than letters and digits");
    if (text.size() < 4 || text.size() > 32) return refused("must have 4 to 32 characters");
    if (!has_digit(text)) return refused("has no digit");
    if (is_taiwan_shape(text, "1289") && !taiwan_ok(text)) return refused(kCheckDigit);
    if (text.size() == 8 && hong_kong_ok(text)) return with_bracketed_check(text);
    return checked_if_resident(std::move(text));
}
std::string any_id_key(std::string_view text) {
    const std::string bare = without_brackets(text);
    return looks_like_resident_15(bare) ? resident_15_to_18(bare) : bare;
}
std::string mask_any_id(std::string_view text) {
    const std::string bare = without_brackets(text);
    return mask_head_tail(bare, 1, 1, is_resident_shape(bare) ? 16 : 4);
}

std::string mask_hong_kong(std::string_view text) { return std::string(text.substr(0, text.size() - 7)) + "***(*)"; }
std::string mask_macao(std::string_view text) { return std::string(text.substr(0, 1)) + "******(*)"; }
std::string mask_driver(std::string_view text) {
    return text.size() == 18 ? mask_resident(text) : mask_head_tail(text, 2, 2, 8);
}
std::string driver_attributes(std::string_view text) { return text.size() == 18 ? resident_attributes(text) : "*"; }
std::string first_nine(std::string_view text) { return std::string(text.substr(0, 9)); }

}  // namespace

Result<std::string> resident_id(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier_with_x(input));
    CLOISTER_RETURN_IF_ERROR(check_resident(text));
    return text;
}

bool looks_like_resident_15(std::string_view text) {
    static constexpr std::array<std::string_view, 34> kProvinces = {
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
        "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"};
    if (text.size() != 15 || !all_digits(text)) return false;
    if (std::find(kProvinces.begin(), kProvinces.end(), text.substr(0, 2)) == kProvinces.end()) return false;
    return parse_date("19" + std::string(text.substr(6, 6))).has_value();
}

Result<std::string> resident_id_15(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, identifier(input));
    if (text.size() != 15 || !all_digits(text)) return refused("must have 15 digits");
    if (!looks_like_resident_15(text)) return refused("has no division code or no date of birth in its middle");
    return text;
}

std::string resident_15_to_18(std::string_view text) {
    std::string out = std::string(text.substr(0, 6)) + "19" + std::string(text.substr(6));
    return out + resident_check(out);
}

std::string mask_resident(std::string_view id) { return mask_head_tail(id, 6, 4, 8); }

std::vector<TypeSpec> government_id_types() {
    using enum Sensitive;
    constexpr auto kText = Shape::text;
    return {
        {{"id.any", "identity document number", "证件号码", "證件號碼"},
         kText,
         4,
         by_profile,
         "RP",
         "11010519491231002X",
         any_id,
         mask_any_id,
         any_id_key},
        {{"id.cn.resident", "resident ID number", "公民身份号码", "公民身分號碼"},
         kText,
         4,
         by_profile,
         "RP",
         "11010519491231002X",
         resident_id,
         mask_resident,
         nullptr,
         {resident_attributes}},
        {{"id.cn.resident15", "old 15-digit ID", "15位旧身份证号", "舊15碼身份證號"},
         kText,
         4,
         by_profile,
         "RP",
         "110105491231002",
         resident_id_15,
         head_tail<6, 3, 6>,
         resident_15_to_18,
         {resident_15_attributes}},
        {{"id.cn.hmt_residence", "residence permit for Hong Kong, Macao and Taiwan residents", "港澳台居民居住证",
          "港澳臺居民居住證"},
         kText,
         4,
         by_profile,
         "RP",
         "810000199408230021",
         residence_permit,
         mask_resident,
         nullptr,
         {resident_attributes}},
        {{"id.cn.foreign_pr", "foreigner's permanent residence ID", "外国人永久居留身份证", "外國人永久居留身份證"},
         kText,
         4,
         by_profile,
         "RP",
         "ABC110012345678",
         foreign_permanent,
         head_tail<1, 4, 8>},
        {{"id.cn.hm_permit", "mainland travel permit, Hong Kong and Macao", "港澳居民来往内地通行证",
          "港澳居民來往內地通行證"},
         kText,
         4,
         by_profile,
         "RP",
         "H12345678",
         home_return_permit,
         head_tail<3, 2, 4>,
         first_nine},
        {{"id.cn.tw_permit", "mainland travel permit, Taiwan", "台湾居民来往大陆通行证", "臺灣居民來往大陸通行證"},
         kText,
         4,
         by_profile,
         "RP",
         "12345678",
         taiwan_permit,
         head_tail<2, 2, 4>},
        {{"id.hk", "Hong Kong identity card", "香港身份证", "香港身份證"},
         kText,
         4,
         by_profile,
         "RP",
         "A123456(3)",
         hong_kong,
         mask_hong_kong,
         without_brackets},
        {{"id.mo", "Macao resident ID", "澳门身份证", "澳門身份證"},
         kText,
         4,
         by_profile,
         "RP",
         "1234567(8)",
         macao,
         mask_macao,
         without_brackets},
        {{"id.tw", "Taiwan national ID", "台湾身份证号", "國民身分證統一編號"},
         kText,
         4,
         by_profile,
         "RP",
         "A123456789",
         taiwan,
         head_tail<3, 3, 4>,
         nullptr,
         {taiwan_sex}},
        {{"id.tw.arc", "Taiwan resident certificate", "台湾居留证号", "統一證號"},
         kText,
         4,
         by_profile,
         "RP",
         "A800000014",
         taiwan_resident,
         head_tail<3, 3, 4>,
         nullptr,
         {taiwan_sex}},
        {{"id.passport", "passport number", "护照号码", "護照號碼"},
         kText,
         4,
         by_profile,
         "RP",
         "E12345678",
         passport,
         head_tail<1, 3, 5>},
        {{"id.driver.cn", "driving licence number", "驾驶证号", "駕駛執照號碼"},
         kText,
         4,
         by_profile,
         "RP",
         "11010519491231002X",
         driver,
         mask_driver,
         nullptr,
         {driver_attributes}},
        {{"id.military.cn", "military or police officer card", "军官证 / 警官证", "軍官證 / 警官證"},
         kText,
         4,
         by_profile,
         "RP",
         "军字第1234567号",
         military,
         mask_military},
        {{"id.social_security", "social security number", "社会保障号码", "社會保障號碼"},
         kText,
         4,
         by_profile,
         "RP",
         "123456789",
         social_security,
         head_tail<0, 4, 5>},
        {{"tax.id", "taxpayer number", "纳税人识别号", "納稅人識別號"},
         kText,
         3,
         no,
         "RACC",
         "04595257",
         tax_id,
         head_tail<2, 2, 4>},
        {{"org.uscc", "unified social credit code", "统一社会信用代码", "統一社會信用代碼"},
         kText,
         3,
         no,
         "RT3",
         "91350100M000100Y43",
         uscc,
         head_tail<8, 2, 8>,
         nullptr,
         {uscc_type_and_area}},
        {{"org.code9", "old organisation code", "组织机构代码", "組織機構代碼"},
         kText,
         1,
         no,
         "RT3",
         "D2143569-X",
         organisation,
         nullptr,
         without_separators},
        {{"plate.cn", "number plate", "车牌号", "車牌號碼"},
         kText,
         3,
         no,
         "RP",
         "京A12345",
         plate,
         mask_plate,
         nullptr,
         {first_characters<2>}},
        {{"vin", "vehicle identification number", "车架号", "車身號碼"},
         kText,
         3,
         no,
         "RP",
         "1M8GDM9AXKP042788",
         vin,
         head_tail<3, 4, 10>,
         nullptr,
         {vin_maker_and_year}},
    };
}

}  // namespace cloister::datatypes::internal
