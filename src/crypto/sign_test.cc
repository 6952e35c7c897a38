#include "crypto/sign.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "crypto/test_vectors.h"

namespace cloister::crypto {
namespace {

Bytes hex(std::string_view text) { return hex_decode(text).value(); }

PublicKey key_of(ByteView bytes) {
    PublicKey key{};
    EXPECT_EQ(bytes.size(), key.size());
    std::copy_n(bytes.begin(), key.size(), key.begin());
    return key;
}

struct SignCase {
    const char* name;
    std::string_view seed, public_key, message, signature;
};
using Rfc8032 = testing::TestWithParam<SignCase>;
TEST_P(Rfc8032, matches) {
    const SignCase& want = GetParam();
    const Bytes seed = hex(want.seed);
    const SigningKey key(SigningSeed::copy_of(std::span<const std::byte, 32>(seed)));
    EXPECT_EQ(hex_encode(key.public_key()), want.public_key);
    const Signature signature = key.sign(hex(want.message));
    EXPECT_EQ(hex_encode(signature), want.signature);
    EXPECT_TRUE(verify(key.public_key(), hex(want.message), signature));
}
INSTANTIATE_TEST_SUITE_P(
    Section7_1, Rfc8032,
    testing::Values(
        SignCase{"test_1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd"
                 "25bf5f0595bbe24655141438e7a100b"},
        SignCase{"test_2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c3"
                 "87b2eaeb4302aeeb00d291612bb0c00"},
        SignCase{"test_3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594"
                 "a7c15e9716ed28dc027beceea1ec40a"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(Verify, agrees_with_every_wycheproof_case) {
    const auto file = testing_support::load_vectors("wycheproof/ed25519_test.json");
    const auto cases = testing_support::wycheproof_cases(file);
    for (const auto& [group, test, valid, id] : cases) {
        const PublicKey key = key_of(testing_support::bytes_at(group->at("publicKey").as_object(), "pk"));
        const Bytes message = testing_support::bytes_at(*test, "msg");
        EXPECT_EQ(verify(key, message, testing_support::bytes_at(*test, "sig")), valid) << id;
    }
    EXPECT_EQ(cases.size(), 151U);
}

// R2: two honest verifiers must never disagree about a checkpoint, so whatever RFC 8032 leaves open is refused. What is
// left are mixed-order points without a residue: the equation holds with and without the cofactor.
TEST(Verify, is_strict_in_every_cctv_edge_case) {
    const std::set<std::string_view> refused = {"low_order_A",     "low_order_R",       "non_canonical_A",
                                                "non_canonical_R", "low_order_residue", "reencoded_k"};
    const auto file = testing_support::load_vectors("cctv/ed25519_edge_cases.json");
    ASSERT_EQ(file.as_array().size(), 914U);
    int accepted = 0;
    for (const auto& vector : file.as_array()) {
        const auto& test = vector.as_object();
        bool want = true;
        if (const auto* flags = test.at("flags").if_array())
            for (const auto& flag : *flags) want = want && !refused.contains(std::string_view(flag.as_string()));
        const PublicKey key = key_of(testing_support::bytes_at(test, "key"));
        const Bytes signature = testing_support::bytes_at(test, "sig");
        const bool got = verify(key, as_bytes(testing_support::text_at(test, "msg")), signature);
        EXPECT_EQ(got, want) << testing_support::number_at(test, "number");
        accepted += got ? 1 : 0;
    }
    EXPECT_GT(accepted, 0);
}

RC_GTEST_PROP(SignProperty, verifies_what_was_signed, (const std::string& message)) {
    const SigningKey key(SigningSeed::random());
    RC_ASSERT(verify(key.public_key(), as_bytes(message), key.sign(as_bytes(message))));
    RC_ASSERT(!verify(key.public_key(), as_bytes(message + "x"), key.sign(as_bytes(message))));
}

TEST(Verify, refuses_every_single_bit_flip_and_truncation_of_a_signature) {
    const SigningKey key(SigningSeed::random());
    const Bytes message = to_bytes("checkpoint");
    const Signature signature = key.sign(message);
    for (std::size_t bit = 0; bit < 512; ++bit) {
        Signature flipped = signature;
        flipped[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(verify(key.public_key(), message, flipped)) << bit;
    }
    for (std::size_t size = 0; size < signature.size(); ++size)
        EXPECT_FALSE(verify(key.public_key(), message, ByteView(signature).first(size)));
    Bytes longer = to_bytes(ByteView(signature));
    longer.push_back({});
    EXPECT_FALSE(verify(key.public_key(), message, longer));
}

TEST(Verify, refuses_another_key) {
    const SigningKey key(SigningSeed::random());
    const SigningKey other(SigningSeed::random());
    EXPECT_FALSE(verify(other.public_key(), as_bytes("text"), key.sign(as_bytes("text"))));
}

}  // namespace
}  // namespace cloister::crypto
