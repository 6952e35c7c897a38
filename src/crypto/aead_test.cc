#include "crypto/aead.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "crypto/hash.h"
#include "crypto/test_vectors.h"

namespace cloister::crypto {
namespace {

// Only 32-byte keys and 12-byte nonces can be written down: other sizes do not compile.
static_assert(!std::is_constructible_v<Aead, std::span<const std::byte, 16>>);
static_assert(!std::is_constructible_v<Aead, std::span<const std::byte, 24>>);
static_assert(!std::is_convertible_v<ByteView, std::span<const std::byte, 32>>);
static_assert(sizeof(Nonce) == 12 && kTagSize == 16);
static_assert(!std::is_copy_constructible_v<Aead> && std::is_nothrow_move_constructible_v<Aead>);

Bytes hex(std::string_view text) { return hex_decode(text).value(); }

Aead aead_of(ByteView key) { return Aead(std::span<const std::byte, 32>(key)); }

Nonce nonce_of(ByteView bytes) {
    Nonce nonce{};
    EXPECT_EQ(bytes.size(), nonce.size());
    std::copy_n(bytes.begin(), nonce.size(), nonce.begin());
    return nonce;
}

Bytes seal(Aead& aead, const Nonce& nonce, ByteView associated_data, ByteView plaintext) {
    Bytes sealed(plaintext.size() + kTagSize);
    aead.seal(nonce, associated_data, plaintext, sealed);
    return sealed;
}

// The plaintext, or the error. On failure nothing may be left in the output.
Result<Bytes> open(Aead& aead, const Nonce& nonce, ByteView associated_data, ByteView sealed) {
    Bytes out(sealed.size() < kTagSize ? 0 : sealed.size() - kTagSize, std::byte{0xEE});
    const Result<void> opened = aead.open(nonce, associated_data, sealed, out);
    if (opened) return out;
    const bool clean = std::all_of(out.begin(), out.end(), [](std::byte b) { return b == std::byte{0}; });
    EXPECT_TRUE(clean) << "plaintext was released";
    return opened.error();
}

void expect_refused(const Result<Bytes>& opened) {
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
    EXPECT_EQ(opened.error().detail(), "sealed bytes do not open");
}

struct Sample {
    DataKey key = DataKey::random();
    Aead aead{key};
    Nonce nonce = random_array<kNonceSize>();
    Bytes associated_data = to_bytes("vault/collection/record/field/version");
    Bytes plaintext = to_bytes("0912-345-678");
    Bytes sealed = seal(aead, nonce, associated_data, plaintext);
};

TEST(Aead, matches_the_gcm_specification_test_case_16) {
    Aead aead = aead_of(hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
    const Bytes sealed =
        seal(aead, nonce_of(hex("cafebabefacedbaddecaf888")), hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
             hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24"
                 "49a6b525b16aedf5aa0de657ba637b39"));
    EXPECT_EQ(hex_encode(sealed),
              "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e63"
              "93ba7a0ab"
              "cc9f66276fc6ece0f4e1768cddf8853bb2d551b");
}

// R23
TEST(Aead, agrees_with_every_wycheproof_case) {
    const auto file = testing_support::load_vectors("wycheproof/aes_gcm_test.json");
    int run = 0;
    int refused_by_type = 0;
    for (const auto& [group, test, valid, id] : testing_support::wycheproof_cases(file)) {
        const Bytes key = testing_support::bytes_at(*test, "key");
        const Bytes nonce = testing_support::bytes_at(*test, "iv");
        const Bytes tag = testing_support::bytes_at(*test, "tag");
        ASSERT_EQ(tag.size(), kTagSize);
        if (key.size() != 32 || nonce.size() != kNonceSize) {
            ++refused_by_type;  // see the static_asserts above
            continue;
        }
        ++run;
        Aead aead = aead_of(key);
        const Bytes associated_data = testing_support::bytes_at(*test, "aad");
        const Bytes plaintext = testing_support::bytes_at(*test, "msg");
        Bytes sealed = testing_support::bytes_at(*test, "ct");
        append(sealed, tag);
        const auto opened = open(aead, nonce_of(nonce), associated_data, sealed);
        EXPECT_EQ(opened.has_value(), valid) << id;
        if (!valid) continue;
        EXPECT_EQ(opened.value(), plaintext) << id;
        EXPECT_EQ(seal(aead, nonce_of(nonce), associated_data, plaintext), sealed) << id;
    }
    EXPECT_EQ(run, 66);
    EXPECT_EQ(refused_by_type, 250);
}

RC_GTEST_PROP(AeadProperty, opens_what_it_sealed, (const std::string& plaintext, const std::string& associated_data)) {
    Aead aead(DataKey::random());
    const Nonce nonce = random_array<kNonceSize>();
    const Bytes sealed = seal(aead, nonce, as_bytes(associated_data), as_bytes(plaintext));
    RC_ASSERT(as_text(open(aead, nonce, as_bytes(associated_data), sealed).value()) == plaintext);
}

TEST(Aead, seals_and_opens_a_large_value) {
    Sample sample;
    Bytes plaintext(3 * 1024 * 1024 + 7);
    fill_random(plaintext);
    const Bytes sealed = seal(sample.aead, sample.nonce, {}, plaintext);
    EXPECT_EQ(open(sample.aead, sample.nonce, {}, sealed).value(), plaintext);
}

// R2
TEST(Aead, refuses_every_single_bit_flip_of_sealed_bytes) {
    Sample sample;
    for (std::size_t bit = 0; bit < sample.sealed.size() * 8; ++bit) {
        Bytes flipped = sample.sealed;
        flipped[bit / 8] ^= std::byte{1} << (bit % 8);
        expect_refused(open(sample.aead, sample.nonce, sample.associated_data, flipped));
    }
    EXPECT_EQ(open(sample.aead, sample.nonce, sample.associated_data, sample.sealed).value(), sample.plaintext);
}

TEST(Aead, refuses_every_truncation_and_extension) {
    Sample sample;
    for (std::size_t size = 0; size < sample.sealed.size(); ++size) {
        expect_refused(open(sample.aead, sample.nonce, sample.associated_data, ByteView(sample.sealed).first(size)));
        expect_refused(open(sample.aead, sample.nonce, sample.associated_data, ByteView(sample.sealed).last(size)));
    }
    for (int value = 0; value < 256; ++value) {
        Bytes longer = sample.sealed;
        longer.push_back(static_cast<std::byte>(value));
        expect_refused(open(sample.aead, sample.nonce, sample.associated_data, longer));
    }
}

TEST(Aead, refuses_every_other_nonce_key_and_associated_data_one_bit_away) {
    Sample sample;
    for (std::size_t bit = 0; bit < kNonceSize * 8; ++bit) {
        Nonce nonce = sample.nonce;
        nonce[bit / 8] ^= std::byte{1} << (bit % 8);
        expect_refused(open(sample.aead, nonce, sample.associated_data, sample.sealed));
    }
    for (std::size_t bit = 0; bit < sample.associated_data.size() * 8; ++bit) {
        Bytes associated_data = sample.associated_data;
        associated_data[bit / 8] ^= std::byte{1} << (bit % 8);
        expect_refused(open(sample.aead, sample.nonce, associated_data, sample.sealed));
    }
    for (std::size_t bit = 0; bit < 256; ++bit) {
        DataKey key = sample.key.clone();
        key.fill()[bit / 8] ^= std::byte{1} << (bit % 8);
        Aead other(key);
        expect_refused(open(other, sample.nonce, sample.associated_data, sample.sealed));
    }
}

TEST(Aead, refuses_associated_data_moved_into_the_ciphertext_and_back) {
    Sample sample;
    expect_refused(open(sample.aead, sample.nonce, {}, sample.sealed));
    const Bytes without = seal(sample.aead, sample.nonce, {}, sample.plaintext);
    expect_refused(open(sample.aead, sample.nonce, sample.associated_data, without));
}

TEST(Aead, keeps_its_key_between_fields_in_either_direction) {
    Sample sample;
    for (std::uint8_t i = 0; i < 50; ++i) {
        Nonce nonce = sample.nonce;
        nonce[0] = std::byte{i};
        const Bytes sealed = seal(sample.aead, nonce, {}, sample.plaintext);
        Aead fresh(sample.key);
        EXPECT_EQ(seal(fresh, nonce, {}, sample.plaintext), sealed);
        if (i % 3 == 0) expect_refused(open(sample.aead, nonce, as_bytes("x"), sealed));
        EXPECT_EQ(open(sample.aead, nonce, {}, sealed).value(), sample.plaintext);
    }
}

TEST(Aead, a_reused_context_knows_nothing_of_the_key_before) {
    Sample sample;
    {
        Aead put_down(sample.key);
    }
    Aead other(DataKey::zeroed());
    expect_refused(open(other, sample.nonce, sample.associated_data, sample.sealed));
    Aead again(sample.key);
    EXPECT_EQ(open(again, sample.nonce, sample.associated_data, sample.sealed).value(), sample.plaintext);
}

TEST(Aead, moves_with_its_key_and_asserts_when_used_after) {
    Sample sample;
    Aead moved = std::move(sample.aead);
    EXPECT_EQ(open(moved, sample.nonce, sample.associated_data, sample.sealed).value(), sample.plaintext);
    Bytes out(sample.plaintext.size());
    EXPECT_THROW((void)sample.aead.open(sample.nonce, {}, sample.sealed, out), Bug);
    Aead target(DataKey::zeroed());
    target = std::move(moved);
    EXPECT_EQ(open(target, sample.nonce, sample.associated_data, sample.sealed).value(), sample.plaintext);
}

TEST(Aead, asserts_that_the_output_has_the_exact_size) {
    Sample sample;
    Bytes out(sample.plaintext.size() + kTagSize + 1);
    EXPECT_THROW(sample.aead.seal(sample.nonce, {}, sample.plaintext, out), Bug);
    EXPECT_THROW((void)sample.aead.open(sample.nonce, {}, sample.sealed, out), Bug);
}

TEST(Aead, works_on_many_threads_and_may_end_on_another_one) {
    Sample sample;
    std::vector<Aead> handed_over;
    for (int i = 0; i < 4; ++i) handed_over.emplace_back(sample.key);
    std::vector<std::jthread> threads;
    for (Aead& aead : handed_over)
        threads.emplace_back([aead = std::move(aead), &sample]() mutable {
            for (int i = 0; i < 200; ++i) {
                Aead own(sample.key);
                const bool both = open(aead, sample.nonce, sample.associated_data, sample.sealed).has_value() &&
                                  open(own, sample.nonce, sample.associated_data, sample.sealed).has_value();
                EXPECT_TRUE(both);
            }
        });
}

TEST(KeyCommitment, is_a_mac_of_a_fixed_label_under_the_key) {
    const DataKey key = DataKey::zeroed();
    EXPECT_EQ(hex_encode(commitment_of(key.reveal())),
              "b5e5f0d21a2efa2439f71c432a2857c870e35b507bc2d93433e0b7ec0b182a22");
}

TEST(KeyCommitment, differs_for_keys_one_bit_apart) {
    const DataKey key = DataKey::random();
    for (std::size_t bit = 0; bit < 256; ++bit) {
        DataKey other = key.clone();
        other.fill()[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_NE(commitment_of(key.reveal()), commitment_of(other.reveal()));
    }
}

}  // namespace
}  // namespace cloister::crypto
