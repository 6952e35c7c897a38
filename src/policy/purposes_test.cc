#include <gtest/gtest.h>

#include "policy/policy.h"

namespace cloister::policy {
namespace {

constexpr std::string_view kOnlyOne = R"(purposes:
  repairs:
    title: Repair what broke
    legal_basis: contract
    retention: 2 years
    needs:
      basic.name: clear
)";

TEST(ReplacePurposes, exchanges_the_section_and_nothing_else) {
    const std::string_view document =
        "format: cloister-policy/1\n# why\npurposes:\n  a: {}\n\n# who\nroles:\n  b: {}\n";
    EXPECT_EQ(replace_purposes(document, "purposes:\n  c: {}\n\n").value(),
              "format: cloister-policy/1\n# why\npurposes:\n  c: {}\n\nroles:\n  b: {}\n");
    EXPECT_EQ(replace_purposes("roles: {}\npurposes: {}", "purposes: {a: {}}").value(),
              "roles: {}\npurposes: {a: {}}\n");
}

TEST(ReplacePurposes, outcome_parses_when_roles_name_only_what_is_left) {
    const std::string_view document = R"(format: cloister-policy/1
purposes:
  old: {title: t, legal_basis: contract, retention: r, needs: {basic.name: clear}}
roles:
  fixer: {title: Fixer, actions: [customer.read], purposes: [repairs], collections: [basic]}
)";
    const auto policy = Policy::parse(replace_purposes(document, kOnlyOne).value(), 2);
    ASSERT_TRUE(policy) << policy.error().detail();
    ASSERT_EQ((*policy)->purposes().size(), 1U);
    EXPECT_EQ((*policy)->purposes()[0].name, "repairs");
    EXPECT_FALSE(Policy::parse(replace_purposes(default_document(), kOnlyOne).value(),
                               2));  // its roles name purposes that are gone
}

TEST(ReplacePurposes, refuses_other_sections_and_missing_ones) {
    EXPECT_FALSE(replace_purposes(default_document(), "purposes: {}\nroles: {}\n"));
    EXPECT_FALSE(replace_purposes(default_document(), ""));
    EXPECT_FALSE(replace_purposes(default_document(), "  purposes: {}"));
    EXPECT_FALSE(replace_purposes("roles: {}", kOnlyOne));
}

}  // namespace
}  // namespace cloister::policy
