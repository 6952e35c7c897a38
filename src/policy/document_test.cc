// What a policy document may say, and what the message is when it says something else.
#include <gtest/gtest.h>

#include "policy/policy.h"

namespace cloister::policy {
namespace {

std::string message_of(std::string_view yaml) {
    const auto policy = Policy::parse(yaml, 1);
    return policy ? "accepted" : policy.error().detail();
}
std::string with_role(std::string_view members) {
    return "format: cloister-policy/1\npurposes:\n  p: {title: t, legal_basis: consent, retention: r}\nroles:\n  r: {" +
           std::string(members) + "}\n";
}
std::string with_purpose(std::string_view members) {
    return "format: cloister-policy/1\npurposes:\n  p: {" + std::string(members) + "}\nroles: {}\n";
}

struct Case {
    const char* name;
    std::string yaml;
    const char* message;
};
using Parse = testing::TestWithParam<Case>;
TEST_P(Parse, says_what_is_wrong_and_where) { EXPECT_EQ(message_of(GetParam().yaml), GetParam().message); }

INSTANTIATE_TEST_SUITE_P(
    Document, Parse,
    testing::Values(
        Case{"accepts_a_role_without_purposes", with_role("title: t, actions: [audit.read]"), "accepted"},
        Case{"empty", "", "the document is empty"}, Case{"a_list", "[]", "line 1: the policy must be a mapping"},
        Case{"another_format", "format: cloister-policy/2\npurposes: {}\nroles: {}\n",
             "line 1: \"cloister-policy/2\" is not a format this version knows; it knows cloister-policy/1"},
        Case{"unknown_key", with_role("title: t, actions: [], efects: {}"),
             "line 5: unknown key \"efects\" in the role \"r\", did you mean \"effects\"?"},
        Case{"unknown_action", with_role("title: t, actions: [customer.raed]"),
             "line 5: \"customer.raed\" is no action, did you mean \"customer.read\"?"},
        Case{"every_action", with_role("title: t, actions: [\"*\"]"),
             "line 5: no role has every action: name the kinds, such as \"customer.*\""},
        Case{"unknown_purpose", with_role("title: t, actions: [], purposes: [q]"),
             "line 5: the role \"r\" names the purpose \"q\", which the policy does not have"},
        Case{"token_effect", with_role("title: t, actions: [], effects: {a.b: token}"),
             "line 5: the effect \"token\" is reserved: it is not available yet"},
        Case{"denying_purpose", with_purpose("title: t, legal_basis: consent, retention: r, needs: {a.b: denied}"),
             "line 3: a purpose cannot deny a field: leave it out of its needs, or say absent"},
        Case{"grade_in_needs", with_purpose("title: t, legal_basis: consent, retention: r, needs: {grade.4: clear}"),
             "line 3: \"grade.4\" is no pattern: say collection.field, collection.* or \"*\""},
        Case{"legal_basis", with_purpose("title: t, legal_basis: contrat, retention: r"),
             "line 3: \"contrat\" is no legal basis, did you mean \"contract\"?"},
        Case{"missing_title", with_purpose("legal_basis: consent, retention: r"),
             "line 3: the purpose \"p\" has no \"title\""},
        Case{"rate_of_zero", with_role("title: t, actions: [], obligations: {rate_limit: {count: 0, per: hour}}"),
             "line 5: \"count\" must be a number from 1 to 1000000000"},
        Case{"key_given_twice", with_role("title: t, actions: [], title: u"), "line 5: \"title\" is given twice"},
        Case{"anchor", with_role("title: &a t, actions: []"), "line 5: anchors are not part of the format"},
        Case{"tag", with_role("title: !!str t, actions: []"), "line 5: tags are not part of the format"},
        Case{"second_document", "format: a\n---\nformat: b\n", "there is a second document"},
        Case{"not_text", std::string("format: \xff\n"), "the document is not UTF-8 text"},
        Case{"too_deep", "a: [[[[[[[[[[]]]]]]]]]]\n", "line 1: nested more than 8 levels deep"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Parse, refuses_an_alias_before_it_could_grow) {
    EXPECT_NE(message_of("a: &a [x, x]\nb: [*a, *a]\n").find("not part of the format"), std::string::npos);
}

TEST(Parse, refuses_a_document_past_256_KiB_and_one_of_too_many_nodes) {
    EXPECT_EQ(Policy::parse(std::string((256u << 10) + 1, '#'), 1).error().code(), ErrorCode::too_large);
    std::string many = "a: [";
    for (int i = 0; i < 20'000; ++i) many += "x,";
    EXPECT_EQ(Policy::parse(many + "x]\n", 1).error().code(), ErrorCode::too_large);
}

TEST(Parse, keeps_the_text_as_it_was_given) {
    const auto policy = Policy::parse(default_document(), 3);
    ASSERT_TRUE(policy.has_value()) << policy.error().detail();
    EXPECT_EQ(policy.value()->document(), default_document());
    EXPECT_EQ(policy.value()->version(), 3u);
}

}  // namespace
}  // namespace cloister::policy
