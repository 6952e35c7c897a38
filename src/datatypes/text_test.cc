#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "base/bytes.h"
#include "datatypes/datatype.h"
#include "datatypes/text_tools.h"

namespace cloister::datatypes {
namespace {

std::string fold(std::string_view text) { return fold_text(text).value(); }

TEST(FoldText, leaves_clean_text_alone) {
    EXPECT_EQ(fold("Zhang San"), "Zhang San");
    EXPECT_EQ(fold("张三"), "张三");
    EXPECT_EQ(fold(""), "");
}

TEST(FoldText, makes_full_width_letters_digits_and_blanks_narrow) {
    EXPECT_EQ(fold("１３８００１３８０００"), "13800138000");
    EXPECT_EQ(fold("Ｗａｎｇ　Ｘ"), "Wang X");
    EXPECT_EQ(fold("＋８６－１０"), "+86-10");
}

TEST(FoldText, removes_what_cannot_be_seen) {
    EXPECT_EQ(fold("\u200b王瑞玉\ufeff"), "王瑞玉");
    EXPECT_EQ(fold("138\u200d0013\u20608000"), "13800138000");
    EXPECT_EQ(fold("abc\u202e\u2066def\u2069"), "abcdef");
}

TEST(FoldText, trims_and_collapses_every_kind_of_blank) {
    EXPECT_EQ(fold("  a \t\n b\u00a0"), "a b");
    EXPECT_EQ(fold("\u3000张\u2003 三\r\n"), "张 三");
    EXPECT_EQ(fold(" \t\n"), "");
}

TEST(FoldText, unifies_dashes_and_name_dots) {
    EXPECT_EQ(fold("a‐b‑c‒d–e—f−g－h"), "a-b-c-d-e-f-g-h");
    EXPECT_EQ(fold("依明·一•二‧三・四"), "依明·一·二·三·四");
}

TEST(FoldText, keeps_characters_beyond_the_basic_plane) {
    EXPECT_EQ(fold("李𬸪"), "李𬸪");
    EXPECT_EQ(fold("\U00020000"), "\U00020000");
    EXPECT_EQ(count_code_points("\U00020000三"), 2u);
}

TEST(FoldText, composes_accents) { EXPECT_EQ(fold("Gu\u0308nther"), "Günther"); }

TEST(FoldText, refuses_ill_formed_utf8_and_control_characters) {
    for (const std::string_view bad : {"\xff", "abc\xc0\xaf", "\xed\xa0\x80", "\xe4\xb8", "\xf4\x90\x80\x80"})
        EXPECT_EQ(fold_text(bad).error().code(), ErrorCode::invalid_argument);
    EXPECT_FALSE(fold_text(std::string_view("a\0b", 3)).has_value());
    EXPECT_FALSE(fold_text("a\x7f").has_value());
    EXPECT_FALSE(fold_text("\u0089").has_value());
}

RC_GTEST_PROP(FoldTextProperty, folding_twice_changes_nothing, (const std::vector<std::uint32_t>& raw)) {
    std::string text;
    for (const std::uint32_t value : raw) {
        const char32_t c = value % 0x30000;
        if (c < 0xD800 || c > 0xDFFF) internal::append_code_point(text, c);
    }
    const auto once = fold_text(text);
    if (!once) return;
    RC_ASSERT(is_valid_utf8(*once));
    RC_ASSERT(fold_text(*once).value() == *once);
}

TEST(FoldForIndex, maps_traditional_to_simplified_and_lower_case) {
    EXPECT_EQ(fold_for_index("張國華"), "张国华");
    EXPECT_EQ(fold_for_index("臺北市中正區88號"), fold_for_index("台北市中正区88号"));
    EXPECT_EQ(fold_for_index("Zhang SAN"), "zhang san");
    EXPECT_EQ(fold_for_index("ÉLÉONORE"), "éléonore");
    EXPECT_EQ(fold_for_index("李𬸪"), "李𬸪");
}

TEST(FoldForIndex, is_stable_for_every_han_character) {
    for (char32_t c = 0x3400; c <= 0x9FFF; ++c)
        ASSERT_EQ(internal::simplified(internal::simplified(c)), internal::simplified(c));
}

TEST(Ngrams, are_sorted_substrings_of_code_points_without_duplicates) {
    EXPECT_EQ(ngrams("abab", 2), (std::vector<std::string>{"ab", "ba"}));
    std::vector<std::string> han{"王小", "小明"};
    std::sort(han.begin(), han.end());
    EXPECT_EQ(ngrams("王小明", 2), han);
    EXPECT_EQ(ngrams("𬸪", 1), (std::vector<std::string>{"𬸪"}));
    EXPECT_TRUE(ngrams("a", 2).empty());
    EXPECT_TRUE(ngrams("abc", 0).empty());
    EXPECT_EQ(ngrams("ab", 2), (std::vector<std::string>{"ab"}));
}

TEST(CodePoints, are_cut_whole) {
    EXPECT_EQ(first_code_points("欧阳𬸪明", 3), "欧阳𬸪");
    EXPECT_EQ(last_code_points("欧阳𬸪明", 2), "𬸪明");
    EXPECT_EQ(first_code_points("ab", 9), "ab");
    EXPECT_EQ(last_code_points("ab", 9), "ab");
    EXPECT_EQ(last_code_points("ab", 0), "");
}

TEST(SeemsPersonal, finds_addresses_and_numbers_of_people) {
    for (const char* text : {"mail zhang.san@example.com please",
                             "call 13800138000",
                             "电话13800138000，谢谢",
                             "138-0013-8000",
                             "+86 138 0013 8000",
                             "0086 13800138000",
                             "018687084713",
                             "+44 7700 900123",
                             "(+44) 7700900123",
                             "010-82760409",
                             "身份证11010519491231002X",
                             "110105 19491231 002x",
                             "old id 110105491231002",
                             "card 4111111111111111",
                             "card 4111 1111 1111 1111",
                             "6226-6570-9529-8495",
                             "HKID A123456(3)",
                             "ID A123456789",
                             "１３８００１３８０００",
                             "a@b.example"})
        EXPECT_TRUE(seems_personal(text)) << text;
}

TEST(SeemsPersonal, leaves_tickets_orders_and_dates_alone) {
    for (const char* text : {"ticket 4711",
                             "order 536365",
                             "INC-2026-001234",
                             "2026-11-23",
                             "2026-11-23T20:30:30Z",
                             "20261123203030",
                             "1985年3月7日",
                             "07/03/1985",
                             "C000000001",
                             "O0000000024",
                             "case 0000012345678",
                             "amount 1234567.89",
                             "v1.2.3",
                             "0190b5a4-1f2e-7c3d-8a4b-5c6d7e8f9a0b",
                             "11010519491231002 X",
                             "4111111111111112",
                             "A123456(4)",
                             "A123456780",
                             "",
                             "@home",
                             "1732393830000",
                             "12345678901",
                             "+1",
                             "C++ 20",
                             "phone me",
                             "北京市海淀区88号",
                             "5 + 5 = 10"})
        EXPECT_FALSE(seems_personal(text)) << text;
}

}  // namespace
}  // namespace cloister::datatypes
