#include "crypto/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

#include "crypto/test_vectors.h"

namespace cloister::crypto {
namespace {

Bytes repeated(int value, std::size_t count) { return Bytes(count, static_cast<std::byte>(value)); }
Bytes counting(int from, std::size_t count) {
    Bytes bytes(count);
    for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(from + static_cast<int>(i));
    return bytes;
}

TEST(Sha256, matches_fips180_4_examples) {
    EXPECT_EQ(hex_encode(sha256(ByteView())), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex_encode(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_encode(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hex_encode(sha256(repeated('a', 1'000'000))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

RC_GTEST_PROP(Sha256Property, does_not_depend_on_how_the_data_is_cut, (const std::string& a, const std::string& b)) {
    const Digest whole = sha256(as_bytes(a + b));
    Sha256 hash;
    hash.update(as_bytes(a));
    hash.update(as_bytes(b));
    RC_ASSERT(hash.finish() == whole);
    RC_ASSERT(sha256({as_bytes(a), as_bytes(b)}) == whole);
}

TEST(Sha256, starts_over_after_finish_and_when_a_new_one_is_made) {
    Sha256 hash;
    hash.update(as_bytes("left over"));
    hash.finish();
    hash.update(as_bytes("abc"));
    EXPECT_EQ(hash.finish(), sha256(as_bytes("abc")));
    {
        Sha256 abandoned;
        abandoned.update(as_bytes("left over"));
    }
    Sha256 next;
    EXPECT_EQ(next.finish(), sha256(ByteView()));
}

TEST(Sha256, moves_with_what_it_has_read) {
    Sha256 hash;
    hash.update(as_bytes("ab"));
    Sha256 moved = std::move(hash);
    moved.update(as_bytes("c"));
    EXPECT_EQ(moved.finish(), sha256(as_bytes("abc")));
    EXPECT_THROW(hash.update(as_bytes("c")), Bug);
}

struct HmacCase {
    const char* name;
    Bytes key;
    Bytes data;
    std::string_view mac;  // case 5 of the RFC shows 128 bits only
};
using HmacRfc4231 = testing::TestWithParam<HmacCase>;
TEST_P(HmacRfc4231, matches) {
    const auto& [name, key, data, mac] = GetParam();
    EXPECT_EQ(hex_encode(hmac_sha256(key, data)).substr(0, mac.size()), mac);
}
INSTANTIATE_TEST_SUITE_P(
    Hmac, HmacRfc4231,
    testing::Values(
        HmacCase{"case_1", repeated(0x0b, 20), to_bytes("Hi There"),
                 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        HmacCase{"case_2", to_bytes("Jefe"), to_bytes("what do ya want for nothing?"),
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        HmacCase{"case_3", repeated(0xaa, 20), repeated(0xdd, 50),
                 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        HmacCase{"case_4", counting(1, 25), repeated(0xcd, 50),
                 "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        HmacCase{"case_5", repeated(0x0c, 20), to_bytes("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b"},
        HmacCase{"case_6", repeated(0xaa, 131), to_bytes("Test Using Larger Than Block-Size Key - Hash Key First"),
                 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        HmacCase{
            "case_7", repeated(0xaa, 131),
            to_bytes(
                "This is a test using a larger than block-size key and a larger than block-size data. The key needs "
                "to be hashed before being used by the HMAC algorithm."),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(Hmac, agrees_with_every_wycheproof_case) {
    const auto file = testing_support::load_vectors("wycheproof/hmac_sha256_test.json");
    const auto cases = testing_support::wycheproof_cases(file);
    for (const auto& [group, test, valid, id] : cases) {
        const Bytes tag = testing_support::bytes_at(*test, "tag");
        ASSERT_EQ(tag.size() * 8, testing_support::number_at(*group, "tagSize"));
        const Digest mac =
            hmac_sha256(testing_support::bytes_at(*test, "key"), testing_support::bytes_at(*test, "msg"));
        EXPECT_EQ(constant_time_equal(ByteView(mac).first(tag.size()), tag), valid) << id;
    }
    EXPECT_EQ(cases.size(), 174U);
}

RC_GTEST_PROP(HmacProperty, a_kept_key_gives_what_a_fresh_one_gives,
              (const std::string& key, const std::vector<std::string>& messages)) {
    Hmac kept(as_bytes(key));
    for (const std::string& message : messages) {
        const std::string_view text = message;
        const std::size_t half = text.size() / 2;
        const Digest fresh = hmac_sha256(as_bytes(key), as_bytes(text));
        RC_ASSERT(kept.mac(as_bytes(text)) == fresh);
        RC_ASSERT(kept.mac({as_bytes(text.substr(0, half)), as_bytes(text.substr(half))}) == fresh);
    }
}

TEST(Hmac, takes_an_empty_key_for_zeroes_whatever_key_came_before) {
    {
        Hmac put_down(as_bytes("another key"));
    }
    EXPECT_EQ(hmac_sha256({}, as_bytes("text")), hmac_sha256(Bytes(64), as_bytes("text")));
}

TEST(Hmac, moves_with_its_key) {
    Hmac hmac(as_bytes("Jefe"));
    Hmac moved = std::move(hmac);
    EXPECT_EQ(moved.mac(as_bytes("text")), hmac_sha256(as_bytes("Jefe"), as_bytes("text")));
    EXPECT_THROW(hmac.mac(as_bytes("text")), Bug);
    Hmac target(as_bytes("other"));
    target = std::move(moved);
    EXPECT_EQ(target.mac(as_bytes("text")), hmac_sha256(as_bytes("Jefe"), as_bytes("text")));
}

struct HkdfCase {
    const char* name;
    Bytes ikm, salt, info;
    std::string_view okm;
};
using HkdfRfc5869 = testing::TestWithParam<HkdfCase>;
TEST_P(HkdfRfc5869, matches) {
    const auto& [name, ikm, salt, info, okm] = GetParam();
    Bytes out(okm.size() / 2);
    ASSERT_TRUE(hkdf_sha256({.ikm = ikm, .salt = salt, .info = info}, out));
    EXPECT_EQ(hex_encode(out), okm);
}
INSTANTIATE_TEST_SUITE_P(
    Hkdf, HkdfRfc5869,
    testing::Values(HkdfCase{"appendix_a1", repeated(0x0b, 22), counting(0, 13), counting(0xf0, 10),
                             "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
                    HkdfCase{"appendix_a2", counting(0, 80), counting(0x60, 80), counting(0xb0, 80),
                             "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65"
                             "e590e09da3275600c2f"
                             "09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
                    HkdfCase{"appendix_a3",
                             repeated(0x0b, 22),
                             {},
                             {},
                             "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(Hkdf, agrees_with_every_wycheproof_case) {
    const auto file = testing_support::load_vectors("wycheproof/hkdf_sha256_test.json");
    const auto cases = testing_support::wycheproof_cases(file);
    for (const auto& [group, test, valid, id] : cases) {
        const Bytes ikm = testing_support::bytes_at(*test, "ikm");
        const Bytes salt = testing_support::bytes_at(*test, "salt");
        const Bytes info = testing_support::bytes_at(*test, "info");
        Bytes out(testing_support::number_at(*test, "size"));
        const Result<void> derived = hkdf_sha256({.ikm = ikm, .salt = salt, .info = info}, out);
        EXPECT_EQ(derived.has_value(), valid) << id;
        if (valid) EXPECT_EQ(out, testing_support::bytes_at(*test, "okm")) << id;
    }
    EXPECT_EQ(cases.size(), 86U);
}

TEST(Hkdf, gives_255_blocks_and_no_more) {
    Bytes most(255 * 32);
    EXPECT_TRUE(hkdf_sha256({.ikm = as_bytes("key")}, most));
    Bytes more(255 * 32 + 1);
    EXPECT_EQ(hkdf_sha256({.ikm = as_bytes("key")}, more).error().code(), ErrorCode::invalid_argument);
    EXPECT_TRUE(hkdf_sha256({.ikm = as_bytes("key")}, {}));
}

TEST(DeriveKey, gives_another_key_for_each_label_and_the_same_for_the_same) {
    const auto root = RootKeyBytes::random();
    const auto one = derive_key<struct OneTag>(root, "one");
    EXPECT_TRUE(one.equals(derive_key<struct OneTag>(root, "one")));
    EXPECT_FALSE(one.equals(derive_key<struct OneTag>(root, "two")));
    EXPECT_FALSE(constant_time_equal(one.reveal(), root.reveal()));
}

}  // namespace
}  // namespace cloister::crypto
