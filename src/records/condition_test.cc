#include "records/condition.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace cloister::records {
namespace {

const BlindIndex& index() {
    static const BlindIndex kIndex(crypto::MacKey::copy_of(std::array<std::byte, 32>{std::byte{5}}));
    return kIndex;
}
std::shared_ptr<const Schema> schema() {
    static const auto kSchema = Schema::parse(default_schema(), 1, nullptr).value();
    return kSchema;
}
Result<Matcher> make(const char* field, const char* op, const char* value, const char* upper = "") {
    return Matcher::make(schema()->place(field), Condition{field, op, Personal(value), Personal(upper)}, index());
}

TEST(Matcher, finds_equal_values_in_any_accepted_form) {
    const auto m = make("contact.mobile", "equals", "138 1234 5678").value();
    const std::string stored = schema()->place("contact.mobile").field->type->canonical("+86 13812345678").value();
    EXPECT_TRUE(m.holds(stored));
    std::vector<IndexToken> tokens;
    index().tokens_of(*schema()->place("contact.mobile").field, stored, tokens);
    EXPECT_NE(std::find(tokens.begin(), tokens.end(), IndexToken{m.slot(), m.all_of()[0]}), tokens.end());
}

TEST(Matcher, finds_a_number_by_its_last_four) {
    const auto m = make("contact.mobile", "ends_with", "5678").value();
    EXPECT_TRUE(m.holds(schema()->place("contact.mobile").field->type->canonical("13812345678").value()));
    EXPECT_FALSE(m.holds(schema()->place("contact.mobile").field->type->canonical("13812345679").value()));
}

TEST(Matcher, says_how_a_field_can_be_searched) {
    const auto wrong = make("basic.name", "ends_with", "whoever");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().detail(), "this field can be searched by equals, contains");
    EXPECT_EQ(make("basic.sex", "equals", "1").error().detail(), "this field cannot be searched: it has no index");
    EXPECT_FALSE(make("contact.mobile", "ends_with", "78"));
    EXPECT_FALSE(make("basic.birth_date", "between", "1990-01-01", "1980-01-01"));
    EXPECT_FALSE(make("basic.birth_date", "between", "1000-01-01", "2000-01-01"));
}

TEST(Matcher, compares_dates_within_the_range_exactly) {
    const auto m = make("basic.birth_date", "between", "1990-02-10", "1991-03-01").value();
    EXPECT_TRUE(m.holds("1990-02-10"));
    EXPECT_TRUE(m.holds("1991-03-01"));
    EXPECT_FALSE(m.holds("1990-02-09"));
    EXPECT_FALSE(m.holds("1991-03-02"));
}

// R10: what the index finds and what comparison finds are the same.
RC_GTEST_PROP(MatcherProperty, a_value_that_holds_has_the_tokens_looked_for, (int year, int month, int day)) {
    char text[16];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", 1950 + std::abs(year % 60), 1 + std::abs(month % 12),
                  1 + std::abs(day % 28));
    const FieldDef& field = *schema()->place("basic.birth_date").field;
    const auto m = make("basic.birth_date", "between", "1960-05-05", "1999-12-31").value();
    std::vector<IndexToken> tokens;
    index().tokens_of(field, text, tokens);
    const bool found = std::any_of(tokens.begin(), tokens.end(), [&](const IndexToken& t) {
        return t.slot == m.slot() && std::find(m.any_of().begin(), m.any_of().end(), t.token) != m.any_of().end();
    });
    if (m.holds(text)) RC_ASSERT(found);
}

TEST(CompareDecimal, is_exact) {
    EXPECT_EQ(compare_decimal("0.1", "0.10"), 0);
    EXPECT_EQ(compare_decimal("-0", "0"), 0);
    EXPECT_LT(compare_decimal("99999999999999999.0001", "99999999999999999.0002"), 0);
    EXPECT_LT(compare_decimal("-10", "-9"), 0);
    EXPECT_GT(compare_decimal("10 GBP", "9.99 GBP"), 0);
}

}  // namespace
}  // namespace cloister::records
