#include "datatypes/check_digits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cloister::datatypes::internal {
namespace {

using Check = bool (*)(std::string_view);
struct Known {
    const char* name;
    Check check;
    std::string sample;
    std::string alphabet;                // of the characters that are changed
    std::vector<std::size_t> positions;  // those at which the rule promises to notice every change
};

std::vector<std::size_t> range(std::size_t first, std::size_t last) {
    std::vector<std::size_t> out;
    for (; first < last; ++first) out.push_back(first);
    return out;
}
// Taiwan's weights 8, 6, 5, 4 and 2 share a factor with 10: changes by five, or by two, can go unnoticed there.
const std::vector<std::size_t> kTaiwanStrong = {2, 6, 8, 9};
const std::string kDigits = "0123456789";
const std::string kUscc = "0123456789ABCDEFGHJKLMNPQRTUWXY";

class CheckDigit : public testing::TestWithParam<Known> {};

// The samples marked [run] in the catalogue.
TEST_P(CheckDigit, accepts_the_published_sample) { EXPECT_TRUE(GetParam().check(GetParam().sample)); }

TEST_P(CheckDigit, rejects_every_single_change) {
    const Known& known = GetParam();
    for (const std::size_t at : known.positions)
        for (const char c : known.alphabet) {
            std::string changed = known.sample;
            changed[at] = c;
            if (changed != known.sample) EXPECT_FALSE(known.check(changed)) << "position " << at << " set to " << c;
        }
}

TEST_P(CheckDigit, rejects_every_truncation_and_extension) {
    const Known& known = GetParam();
    if (known.check == luhn_ok) return;  // Luhn has no length of its own; the types that use it do
    for (std::size_t size = 0; size < known.sample.size(); ++size)
        EXPECT_FALSE(known.check(known.sample.substr(0, size))) << size;
    EXPECT_FALSE(known.check(known.sample + "0"));
}

INSTANTIATE_TEST_SUITE_P(
    Samples, CheckDigit,
    testing::Values(Known{"resident", resident_ok, "11010519491231002X", kDigits + "X", range(0, 18)},
                    Known{"resident_hong_kong_area", resident_ok, "810000199408230021", kDigits, range(0, 18)},
                    Known{"hong_kong", hong_kong_ok, "A1234563", kDigits, range(1, 8)},
                    Known{"hong_kong_check_a", hong_kong_ok, "G123456A", kDigits, range(1, 8)},
                    Known{"taiwan", taiwan_ok, "A123456789", kDigits, kTaiwanStrong},
                    Known{"taiwan_resident", taiwan_ok, "A800000014", kDigits, kTaiwanStrong},
                    Known{"luhn_card", luhn_ok, "4111111111111111", kDigits, range(0, 16)},
                    Known{"luhn_imei", luhn_ok, "490154203237518", kDigits, range(0, 15)},
                    Known{"uscc", uscc_ok, "91350100M000100Y43", kUscc, range(0, 18)},
                    Known{"organisation", organisation_ok, "D2143569X", kDigits, range(1, 9)},
                    Known{"vin", vin_ok, "1M8GDM9AXKP042788", kDigits, range(11, 17)},
                    Known{"iban", iban_ok, "DE89370400440532013000", kDigits, range(2, 22)}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(CheckDigit, of_a_taiwan_firm_counts_the_seventh_digit_seven_both_ways) {
    EXPECT_TRUE(taiwan_firm_ok("04595257"));
    EXPECT_TRUE(taiwan_firm_ok("10458575"));
    EXPECT_FALSE(taiwan_firm_ok("04595258"));
    EXPECT_FALSE(taiwan_firm_ok("0459525"));
}

TEST(CheckDigit, of_a_machine_readable_zone_matches_icao_9303_appendix_a) {
    EXPECT_EQ(mrz_check("L898902C3"), '6');
    EXPECT_EQ(mrz_check("520727"), '3');
    EXPECT_EQ(mrz_check("AB2134<<<"), '5');
    EXPECT_EQ(mrz_check("l898902c3"), 0);
}

TEST(CheckDigit, answers_false_for_other_characters) {
    for (Check check :
         {resident_ok, luhn_ok, hong_kong_ok, taiwan_ok, taiwan_firm_ok, uscc_ok, organisation_ok, vin_ok, iban_ok}) {
        EXPECT_FALSE(check(""));
        EXPECT_FALSE(check("a123456789012345"));
        EXPECT_FALSE(check(std::string(18, '\xFF')));
        EXPECT_FALSE(check(std::string(9, '\0')));
    }
}

}  // namespace
}  // namespace cloister::datatypes::internal
