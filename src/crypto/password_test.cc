#include "crypto/password.h"

#include <gtest/gtest.h>

#include "crypto/test_vectors.h"

namespace cloister::crypto {
namespace {

using testing_support::bytes_at;
using testing_support::number_at;

void expect_match(const boost::json::object& test) {
    const Bytes password = bytes_at(test, "password_hex");
    const Bytes salt = bytes_at(test, "salt_hex");
    const Bytes secret = test.contains("secret_hex") ? bytes_at(test, "secret_hex") : Bytes();
    const Bytes associated_data = test.contains("ad_hex") ? bytes_at(test, "ad_hex") : Bytes();
    const Argon2Cost cost{.memory_kib = static_cast<std::uint32_t>(number_at(test, "m_kib")),
                          .passes = static_cast<std::uint32_t>(number_at(test, "t")),
                          .lanes = static_cast<std::uint32_t>(number_at(test, "p"))};
    Bytes out(number_at(test, "tag_len"));
    ASSERT_TRUE(argon2id(password, salt, cost, out, {.secret = secret, .associated_data = associated_data}));
    EXPECT_EQ(hex_encode(out), testing_support::text_at(test, "tag_hex"));
}

// Argon2d and Argon2i, the other two vectors of section 5, are not offered.
TEST(Argon2id, matches_rfc9106_section_5_3) {
    const auto file = testing_support::load_vectors("argon2.json");
    int run = 0;
    for (const auto& test : file.at("rfc9106").as_array())
        if (testing_support::text_at(test.as_object(), "type") == "argon2id") {
            expect_match(test.as_object());
            ++run;
        }
    EXPECT_EQ(run, 1);
}

TEST(Argon2id, matches_every_further_vector) {
    const auto file = testing_support::load_vectors("argon2.json");
    expect_match(file.at("argon2id_no_secret_no_ad").as_object());
    for (const auto& test : file.at("extra_argon2id").as_array()) expect_match(test.as_object());
    EXPECT_EQ(file.at("extra_argon2id").as_array().size(), 4U);
}

struct Inputs {
    std::size_t salt = 16;
    std::size_t out = 32;
    Argon2Cost cost = {.memory_kib = 32, .passes = 1, .lanes = 1};
};

Result<void> derive(const Inputs& inputs) {
    const Bytes salt(inputs.salt);
    Bytes out(inputs.out);
    return argon2id(as_bytes("pass phrase"), salt, inputs.cost, out);
}

TEST(Argon2id, refuses_parameters_outside_rfc9106) {
    ASSERT_TRUE(derive({}));
    EXPECT_TRUE(derive({.salt = 8}));
    EXPECT_TRUE(derive({.out = 4}));
    for (const Inputs& bad : {Inputs{.salt = 7}, Inputs{.salt = 0}, Inputs{.out = 3}, Inputs{.out = 0},
                              Inputs{.cost = {.memory_kib = 32, .passes = 0, .lanes = 1}},
                              Inputs{.cost = {.memory_kib = 32, .passes = 1, .lanes = 0}},
                              Inputs{.cost = {.memory_kib = 7, .passes = 1, .lanes = 1}},
                              Inputs{.cost = {.memory_kib = 31, .passes = 1, .lanes = 4}},
                              Inputs{.cost = {.memory_kib = 32, .passes = 1, .lanes = 1U << 24}}})
        EXPECT_EQ(derive(bad).error().code(), ErrorCode::invalid_argument);
}

TEST(Argon2id, depends_on_every_input) {
    const Argon2Cost cost{.memory_kib = 64, .passes = 1, .lanes = 1};
    const auto derived = [](std::string_view password, std::string_view salt, const Argon2Cost& with,
                            const Argon2Extra& extra) {
        Bytes out(32);
        argon2id(as_bytes(password), as_bytes(salt), with, out, extra).value();
        return out;
    };
    const Bytes key = derived("password", "saltsalt", cost, {});
    EXPECT_EQ(key, derived("password", "saltsalt", cost, {}));
    EXPECT_NE(key, derived("passwore", "saltsalt", cost, {}));
    EXPECT_NE(key, derived("password", "saltsalu", cost, {}));
    EXPECT_NE(key, derived("password", "saltsalt", {.memory_kib = 72, .passes = 1, .lanes = 1}, {}));
    EXPECT_NE(key, derived("password", "saltsalt", {.memory_kib = 64, .passes = 2, .lanes = 1}, {}));
    EXPECT_NE(key, derived("password", "saltsalt", {.memory_kib = 64, .passes = 1, .lanes = 2}, {}));
    EXPECT_NE(key, derived("password", "saltsalt", cost, {.secret = as_bytes("x")}));
    EXPECT_NE(key, derived("password", "saltsalt", cost, {.associated_data = as_bytes("x")}));
}

}  // namespace
}  // namespace cloister::crypto
