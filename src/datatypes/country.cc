// Countries by code and by name; the names come from ICU, in English and in both Chinese scripts.
#include <unicode/locid.h>
#include <unicode/region.h>
#include <unicode/unistr.h>

#include <memory>
#include <unordered_map>

#include "datatypes/codes.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

struct Country {
    std::string alpha3;
    std::string region;
};

struct Countries {
    std::unordered_map<std::string, Country> by_code;           // alpha-2 and alpha-3
    std::unordered_map<std::string, std::string> code_by_name;  // folded for the index -> alpha-3
};

std::string continent_of(const char* alpha2) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Region* region = icu::Region::getInstance(alpha2, status);
    if (U_FAILURE(status) || region == nullptr) return "other";
    const icu::Region* continent = region->getContainingRegion(URGN_CONTINENT);
    if (continent == nullptr) return "other";
    switch (continent->getNumericCode()) {
        case 2: return "Africa";
        case 9: return "Oceania";
        case 19: return "Americas";
        case 142: return "Asia";
        case 150: return "Europe";
        default: return "other";
    }
}

void add_names(Countries& to, const icu::Locale& country, const std::string& alpha3) {
    for (const char* language : {"en", "zh_Hans", "zh_Hant"}) {
        icu::UnicodeString name;
        country.getDisplayCountry(icu::Locale(language), name);
        std::string text;
        name.toUTF8String(text);
        const auto folded = fold_text(text);
        if (folded) to.code_by_name.emplace(fold_for_index(*folded), alpha3);
    }
}

Countries make_countries() {
    // What people write beside the names that ICU knows.
    static constexpr std::pair<const char*, const char*> kAliases[] = {
        {"uk", "GBR"},       {"england", "GBR"},        {"great britain", "GBR"},  {"eire", "IRL"},
        {"中国香港", "HKG"}, {"香港", "HKG"},           {"hong kong", "HKG"},      {"中国澳门", "MAC"},
        {"澳门", "MAC"},     {"macau", "MAC"},          {"macao", "MAC"},          {"中国台湾", "TWN"},
        {"台湾", "TWN"},     {"mainland china", "CHN"}, {"中国大陆", "CHN"},       {"korea", "KOR"},
        {"russia", "RUS"},   {"holland", "NLD"},        {"czech republic", "CZE"}, {"united states of america", "USA"}};
    Countries countries;
    for (const char* const* alpha2 = icu::Locale::getISOCountries(); *alpha2 != nullptr; ++alpha2) {
        const icu::Locale locale("", *alpha2);
        const std::string alpha3 = locale.getISO3Country();
        if (alpha3.size() != 3) continue;
        const Country country{alpha3, continent_of(*alpha2)};
        countries.by_code.emplace(*alpha2, country);
        countries.by_code.emplace(alpha3, country);
        add_names(countries, locale, alpha3);
    }
    for (const auto& [name, code] : kAliases) countries.code_by_name.insert_or_assign(name, code);
    return countries;
}

const Countries& countries() {
    static const Countries instance = make_countries();
    return instance;
}

}  // namespace

Result<std::string> nationality(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_line(input, {1, 60}));
    std::string upper = upper_ascii(text);
    if (upper.size() <= 3 && countries().by_code.contains(upper)) return upper;
    const auto& names = countries().code_by_name;
    if (const auto found = names.find(fold_for_index(text)); found != names.end()) return found->second;
    return refused("is not a country of ISO 3166-1");
}

std::string country_alpha3(std::string_view code) {
    const auto found = countries().by_code.find(std::string(code));
    return found == countries().by_code.end() ? std::string(code) : found->second.alpha3;
}

std::string region_of(std::string_view code) {
    const auto found = countries().by_code.find(std::string(code));
    return found == countries().by_code.end() ? "other" : found->second.region;
}

}  // namespace cloister::datatypes::internal
