#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "crypto/sign.h"

namespace cloister::crypto {
namespace {

Bytes hex(std::string_view text) { return hex_decode(text).value(); }

TEST(Sha256, matches_fips180_4_example_abc) {
    EXPECT_EQ(hex_encode(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hmac, matches_rfc4231_test_case_2) {
    EXPECT_EQ(hex_encode(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hkdf, matches_rfc5869_appendix_a1) {
    Bytes out(42);
    ASSERT_TRUE(hkdf_sha256({.ikm = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
                             .salt = hex("000102030405060708090a0b0c"),
                             .info = hex("f0f1f2f3f4f5f6f7f8f9")},
                            out));
    EXPECT_EQ(hex_encode(out), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

RC_GTEST_PROP(AeadProperty, opens_what_it_sealed, (const std::string& text, const std::string& associated)) {
    Aead aead(DataKey::random());
    const auto nonce = random_array<kNonceSize>();
    Bytes sealed(text.size() + kTagSize);
    aead.seal(nonce, as_bytes(associated), as_bytes(text), sealed);
    Bytes opened(text.size());
    RC_ASSERT(aead.open(nonce, as_bytes(associated), sealed, opened).has_value());
    RC_ASSERT(as_text(opened) == text);
}

TEST(Sign, verifies_what_it_signed_and_nothing_else) {
    const SigningKey key(SigningSeed::random());
    const Signature signature = key.sign(as_bytes("checkpoint"));
    EXPECT_TRUE(verify(key.public_key(), as_bytes("checkpoint"), signature));
    EXPECT_FALSE(verify(key.public_key(), as_bytes("checkpoinT"), signature));
}

}  // namespace
}  // namespace cloister::crypto
