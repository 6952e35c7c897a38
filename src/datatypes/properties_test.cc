// What holds for every type and every value.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/bytes.h"
#include "datatypes/check_digits.h"
#include "datatypes/datatype.h"
#include "datatypes/spec.h"
#include "datatypes/text_tools.h"

namespace cloister::datatypes {
namespace {

using internal::all_specs;

// Values near a type's example: most characters stay, so that many are accepted.
rc::Gen<std::string> near(std::string_view example) {
    static const std::u32string kOther = U"0123456789ABXYZabz -.,:;/()@+'·张欧陽　１Ａé\u0301\u200b\U00020000\n|";
    const std::u32string letters = internal::to_code_points(example);
    return rc::gen::map(rc::gen::container<std::vector<std::pair<std::size_t, std::size_t>>>(
                            rc::gen::pair(rc::gen::inRange<std::size_t>(0, 4 * (letters.size() + 1)),
                                          rc::gen::inRange<std::size_t>(0, kOther.size()))),
                        [letters](const std::vector<std::pair<std::size_t, std::size_t>>& edits) {
                            std::u32string text = letters;
                            for (std::size_t i = 0; i < edits.size() && i < 4; ++i) {
                                const std::size_t at = edits[i].first / 4;
                                if (at < text.size() && edits[i].first % 4 < 3)
                                    text[at] = kOther[edits[i].second];
                                else
                                    text.insert(std::min(at, text.size()), 1, kOther[edits[i].second]);
                            }
                            return internal::to_utf8(text);
                        });
}

void check_accepted(const DataType& type, const std::string& text) {
    RC_ASSERT(is_valid_utf8(text));
    RC_ASSERT(type.canonical(text).has_value());
    RC_ASSERT(type.canonical(text).value() == text);
    const std::string normal = type.normalise(text);
    RC_ASSERT(is_valid_utf8(normal));
    RC_ASSERT(!normal.empty());
    RC_ASSERT(is_valid_utf8(type.mask(text)));
    RC_ASSERT(!type.mask(text).empty());
    RC_ASSERT(type.levels() >= 2);
    RC_ASSERT(type.generalise(text, 0) == text);
    RC_ASSERT(type.generalise(text, type.levels() - 1) == "*");
    for (int level = 1; level < type.levels(); ++level) RC_ASSERT(is_valid_utf8(type.generalise(text, level)));
}

RC_GTEST_PROP(EveryType, accepts_its_own_canonical_text_and_keeps_its_promises, ()) {
    for (const auto& spec : all_specs()) {
        const std::string input = *near(spec.example);
        const DataType& type = *find_type(spec.titles.key);
        const auto canonical = type.canonical(input);
        if (canonical) check_accepted(type, *canonical);
    }
}

RC_GTEST_PROP(EveryType, never_puts_the_value_into_its_error, ()) {
    const std::string noise = *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
    for (const auto& spec : all_specs())
        for (const std::string& input : {noise + "Zq7#", "918273645" + noise, *near(spec.example) + "\x01Q9"}) {
            const auto result = find_type(spec.titles.key)->canonical(input);
            if (result) continue;
            RC_ASSERT(result.error().detail().find(input) == std::string::npos);
            for (const char* mark : {"Zq7#", "918273645", "Q9"})
                RC_ASSERT(result.error().detail().find(mark) == std::string::npos);
        }
}

TEST(EveryTypeWithAnExample, accepts_the_example_as_canonical) {
    for (const auto& spec : all_specs()) {
        if (spec.example.empty()) continue;
        const DataType& type = *find_type(spec.titles.key);
        const auto canonical = type.canonical(spec.example);
        ASSERT_TRUE(canonical.has_value()) << spec.titles.key << ": " << canonical.error().detail();
        EXPECT_EQ(*canonical, spec.example) << spec.titles.key;
        EXPECT_NE(type.generalise(*canonical, 1), "") << spec.titles.key;
    }
}

// The characters that a mask may show, from the front and from the back of the canonical text.
struct Window {
    const char* key;
    const char* value;
    std::size_t head, tail;
};
constexpr Window kWindows[] = {
    {"phone.any", "+8613800138000", 6, 4},
    {"phone.mobile.cn", "+8613800138000", 6, 4},
    {"phone.mobile.hk", "+85291234567", 8, 0},
    {"phone.mobile.tw", "+886912345678", 7, 3},
    {"phone.intl", "+447700900123", 3, 2},
    {"phone.landline", "+861082760409", 5, 4},
    {"id.any", "180870204", 1, 1},
    {"id.passport", "E12345678", 1, 3},
    {"id.cn.hm_permit", "H12345678", 3, 2},
    {"id.cn.tw_permit", "12345678", 2, 2},
    {"id.mo", "1234567(8)", 1, 0},
    {"id.social_security", "123456789", 0, 4},
    {"card.pan", "6226657095298496", 6, 4},
    {"card.expiry", "11/30", 0, 0},
    {"bank.account", "123456789012", 0, 4},
    {"order.id", "O0000000024", 0, 4},
    {"payment.ref", "P20260131-000042", 0, 4},
    {"logistics.no", "SF1234567890123", 0, 4},
    {"im.wechat", "wxid_example1", 2, 1},
    {"im.qq", "123456789", 2, 2},
    {"im.other", "handle-of-someone", 2, 0},
    {"account.username", "zhang_example", 1, 0},
    {"birth.date", "1990-02-28", 4, 0},
    {"order.time", "2026-01-31T08:15:00Z", 10, 0},
    {"postcode", "100080", 2, 0},
    {"employer", "Example Works", 2, 0},
    {"minor.school", "Example School 3", 2, 0},
    {"health.insurance", "000011112222", 0, 4},
    {"name.alias", "Bartholomew", 1, 0},
    {"name.full", "欧阳小明", 1, 1},
    {"plate.cn", "京A12345", 3, 1},
    {"order.amount", "12.50 GBP", 0, 0},
    {"balance", "1024.00 CNY", 0, 0},
    {"native_place", "440304", 2, 0},
};

TEST(Mask, is_the_same_for_values_that_differ_only_in_the_hidden_part) {
    for (const Window& window : kWindows) {
        const DataType& type = *find_type(window.key);
        const std::u32string value = internal::to_code_points(window.value);
        const std::string want = type.mask(window.value);
        EXPECT_NE(want, window.value) << window.key;
        for (std::size_t at = window.head; at + window.tail < value.size(); ++at)
            for (const char32_t other : U"0123456789AZaz明") {
                std::u32string changed = value;
                changed[at] = other;
                const std::string text = internal::to_utf8(changed);
                if (type.canonical(text).has_value() && *type.canonical(text) == text)
                    EXPECT_EQ(type.mask(text), want) << window.key << " at " << at;
            }
    }
}

RC_GTEST_PROP(MaskProperty, of_a_resident_number_shows_six_and_four, ()) {
    std::string id = "110105";
    id += std::to_string(*rc::gen::inRange(1950, 2010)) + std::to_string(*rc::gen::inRange(10, 13)) +
          std::to_string(*rc::gen::inRange(10, 29)) + std::to_string(*rc::gen::inRange(100, 1000));
    id += internal::resident_check(id);
    RC_ASSERT(find_type("id.cn.resident")->mask(id) == id.substr(0, 6) + "********" + id.substr(14));
    RC_ASSERT(find_type("id.any")->mask(id) == id.substr(0, 1) + "****************" + id.substr(17));
    RC_ASSERT(find_type("id.any")->normalise(id) == id);
}

RC_GTEST_PROP(GeneraliseProperty, has_fewer_values_the_higher_the_level, ()) {
    for (const char* key :
         {"birth.date", "age", "order.amount", "postcode", "id.cn.resident", "email", "date", "points", "native_place",
          "fb.nps", "loc.precise", "order.time", "address.full", "phone.any"}) {
        const DataType& type = *find_type(key);
        std::string_view example;
        for (const auto& spec : all_specs())
            if (spec.titles.key == key) example = spec.example;
        std::vector<std::set<std::string>> values(static_cast<std::size_t>(type.levels()));
        for (int i = 0; i < 12; ++i) {
            const auto canonical = type.canonical(*near(example));
            if (!canonical) continue;
            for (int level = 0; level < type.levels(); ++level)
                values[static_cast<std::size_t>(level)].insert(type.generalise(*canonical, level));
        }
        for (std::size_t level = 1; level < values.size(); ++level)
            RC_ASSERT(values[level].size() <= values[level - 1].size());
    }
}

}  // namespace
}  // namespace cloister::datatypes
