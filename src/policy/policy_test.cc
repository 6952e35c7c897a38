#include "policy/policy.h"

#include <gtest/gtest.h>
using namespace cloister::policy;
TEST(DefaultPolicy, parses) {
    const auto p = Policy::parse(default_document(), 1);
    ASSERT_TRUE(p.has_value()) << p.error().detail();
}
