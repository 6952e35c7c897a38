#include "datatypes/addresses.h"

#include <algorithm>

#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

constexpr std::u32string_view kProvinces[] = {
    U"北京", U"天津", U"上海", U"重庆",   U"河北", U"山西", U"辽宁", U"吉林", U"黑龙江", U"江苏", U"浙江", U"安徽",
    U"福建", U"江西", U"山东", U"河南",   U"湖北", U"湖南", U"广东", U"海南", U"四川",   U"贵州", U"云南", U"陕西",
    U"甘肃", U"青海", U"台湾", U"内蒙古", U"广西", U"西藏", U"宁夏", U"新疆", U"香港",   U"澳门"};
constexpr std::u32string_view kProvinceSuffixes[] = {U"维吾尔自治区", U"特别行政区", U"壮族自治区", U"回族自治区",
                                                     U"自治区",       U"省",         U"市"};
constexpr std::u32string_view kCitySuffixes[] = {U"自治州", U"地区", U"市", U"盟"};
constexpr std::u32string_view kDistrictSuffixes[] = {U"自治县", U"自治旗", U"新区", U"林区",
                                                     U"区",     U"县",     U"旗",   U"市"};
constexpr std::u32string_view kStreetSuffixes[] = {U"街道", U"路", U"街", U"道", U"巷", U"弄", U"镇", U"乡", U"村"};
constexpr std::size_t kMaxPartName = 12;  // code points of the longest names of divisions

// Ends of the parts, in code points; a part that was not found ends where the one before it does.
struct ChineseParts {
    std::u32string text;  // as written; the ends fit it because folding for the search keeps every position
    std::size_t province = 0;
    std::size_t city = 0;
    std::size_t district = 0;
    std::size_t street = 0;
};

// Where a part with one of these endings stops, or `from` when there is none close by.
template <std::size_t N>
std::size_t part_end(std::u32string_view text, std::size_t from, const std::u32string_view (&suffixes)[N]) {
    for (std::size_t at = from + 1; at < std::min(text.size(), from + kMaxPartName); ++at)
        for (const auto suffix : suffixes)
            if (text.substr(at).starts_with(suffix)) return at + suffix.size();
    return from;
}

ChineseParts parse(std::string_view address) {
    ChineseParts parts;
    parts.text = to_code_points(address);
    std::u32string folded = parts.text;
    std::transform(folded.begin(), folded.end(), folded.begin(), simplified);
    const std::u32string_view text = folded;
    for (const auto province : kProvinces) {
        if (!text.starts_with(province)) continue;
        parts.province = province.size();
        for (const auto suffix : kProvinceSuffixes) {
            if (!text.substr(parts.province).starts_with(suffix)) continue;
            parts.province += suffix.size();
            break;
        }
    }
    if (parts.province == 0) return parts;
    const auto skip_blank = [&](std::size_t at) { return at < text.size() && text[at] == ' ' ? at + 1 : at; };
    const std::size_t city = part_end(text, skip_blank(parts.province), kCitySuffixes);
    parts.city = std::max(parts.province, city);
    // A county directly below its province has no city between: 海南省临高县.
    const std::size_t direct = part_end(text, skip_blank(parts.province), kDistrictSuffixes);
    if (direct > parts.province && direct < parts.city) parts.city = parts.province;
    if (parts.city <= skip_blank(parts.province)) parts.city = parts.province;
    parts.district = std::max(parts.city, part_end(text, skip_blank(parts.city), kDistrictSuffixes));
    if (parts.district <= skip_blank(parts.city)) parts.district = parts.city;
    parts.street = std::max(parts.district, part_end(text, skip_blank(parts.district), kStreetSuffixes));
    if (parts.street <= skip_blank(parts.district)) parts.street = parts.district;
    return parts;
}

// "Sheffield" of "86 Broad Lane, Sheffield S17 1AW": the last part, without the words that have digits.
std::string foreign_place(std::string_view address) {
    const auto comma = address.rfind(',');
    if (comma == std::string_view::npos) return "*";
    std::string_view rest = address.substr(comma + 1);
    std::string place;
    while (!rest.empty()) {
        const auto space = std::min(rest.find(' '), rest.size());
        const std::string_view part = rest.substr(0, space);
        rest.remove_prefix(std::min(space + 1, rest.size()));
        if (part.empty() || std::any_of(part.begin(), part.end(), is_digit)) continue;
        if (!place.empty()) place.push_back(' ');
        place += part;
    }
    return place.empty() ? "*" : place;
}

std::string up_to(const ChineseParts& parts, std::size_t end) { return to_utf8(parts.text.substr(0, end)); }

std::string masked(std::string_view address, bool with_district) {
    const ChineseParts parts = parse(address);
    if (parts.province > 0) return up_to(parts, with_district ? parts.district : parts.city) + "********";
    const std::string place = foreign_place(address);
    return place == "*" ? "********" : "********, " + place;
}

}  // namespace

Result<std::string> address(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, bounded_line(input, {2, 200}));
    if (is_placeholder(text)) return refused("is a placeholder, not an address");
    return text;
}

Result<std::string> postcode(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_line(input, {3, 10}));
    const bool known =
        std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == ' ' || c == '-'; });
    if (!known || std::none_of(text.begin(), text.end(), is_digit)) return refused("is not a postal code");
    return upper_ascii(text);
}

std::string mask_to_district(std::string_view text) { return masked(text, true); }
std::string mask_to_city(std::string_view text) { return masked(text, false); }

std::string address_street(std::string_view text) {
    const ChineseParts parts = parse(text);
    return parts.province > 0 ? up_to(parts, parts.street) : foreign_place(text);
}
std::string address_district(std::string_view text) {
    const ChineseParts parts = parse(text);
    return parts.province > 0 ? up_to(parts, parts.district) : foreign_place(text);
}
std::string address_city(std::string_view text) {
    const ChineseParts parts = parse(text);
    return parts.province > 0 ? up_to(parts, parts.city) : foreign_place(text);
}
std::string address_province(std::string_view text) {
    const ChineseParts parts = parse(text);
    return parts.province > 0 ? up_to(parts, parts.province) : "*";
}
std::string address_country(std::string_view text) { return parse(text).province > 0 ? "CHN" : "*"; }

}  // namespace cloister::datatypes::internal
