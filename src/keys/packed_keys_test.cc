#include "keys/packed_keys.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace cloister::keys {
namespace {

CustomerId customer_id(unsigned char n) {
    std::array<std::byte, 16> bytes{};
    bytes[0] = std::byte{1};
    bytes[15] = std::byte{n};
    return CustomerId(bytes);
}

Kek kek(std::uint32_t number) { return {number, crypto::KeyEncryptionKey::random()}; }

OpenedKeysPtr keys_for(std::initializer_list<CollectionNumber> collections) {
    std::vector<OpenedKeys::Entry> entries;
    for (const CollectionNumber c : collections) entries.push_back({c, crypto::DataKey::random()});
    return std::make_shared<const OpenedKeys>(1u, std::move(entries));
}

Bytes packed_under(const Kek& kek, const OpenedKeys& keys, CustomerId customer = customer_id(1)) {
    crypto::Aead aead(kek.key);
    return pack(VaultId(), customer, kek, aead, crypto::random_array<crypto::kNonceSize>(), keys);
}

bool opens(const Kek& kek, ByteView packed, CustomerId customer = customer_id(1), VaultId vault = VaultId()) {
    const auto view = parse_packed(packed);
    if (!view || view->kek != kek.number) return false;
    return unpack(vault, customer, kek, *view).has_value();
}

TEST(PackedKeys, are_laid_out_as_documented) {
    const Kek under = kek(0x01020304);
    const auto keys = keys_for({0x0203, 0x0102});
    const Bytes packed = packed_under(under, *keys);
    ASSERT_EQ(packed.size(), 40u + 66 * 2);
    EXPECT_EQ(hex_encode(ByteView(packed).first(14)),
              "0101"      // version, suite
              "01020304"  // KEK
              "00000001"  // epoch
              "0002"      // count
              "0102");    // the lower collection first
    EXPECT_EQ(hex_encode(ByteView(packed).subspan(14, 32)),
              hex_encode(crypto::commitment_of(keys->find(0x0102)->reveal())));
    // Opened by hand, from the description alone.
    Bytes data = to_bytes("cloister/v1 customer keys");
    append(data, VaultId().bytes());
    append(data, customer_id(1).bytes());
    append(data, ByteView(packed).first(80));
    crypto::Nonce nonce;
    std::copy_n(packed.begin() + 80, 12, nonce.begin());
    Bytes plain(64);
    ASSERT_TRUE(crypto::Aead(under.key).open(nonce, data, ByteView(packed).subspan(92), plain));
    EXPECT_TRUE(std::equal(plain.begin(), plain.begin() + 32, keys->find(0x0102)->reveal().begin()));
}

TEST(PackedKeys, do_not_open_for_another_customer_vault_or_kek) {
    const Kek under = kek(1);
    const Bytes packed = packed_under(under, *keys_for({1, 2}));
    EXPECT_TRUE(opens(under, packed));
    EXPECT_FALSE(opens(under, packed, customer_id(2)));
    std::array<std::byte, 16> other{};
    other[3] = std::byte{1};
    EXPECT_FALSE(opens(under, packed, customer_id(1), VaultId(other)));
    EXPECT_FALSE(opens(kek(1), packed));
}

TEST(PackedKeys, refuse_every_bit_flip_and_truncation) {
    const Kek under = kek(1);
    const Bytes packed = packed_under(under, *keys_for({1, 2, 3}));
    for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
        Bytes bent = packed;
        bent[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
        ASSERT_FALSE(opens(under, bent)) << bit;
    }
    for (std::size_t size = 0; size < packed.size(); ++size)
        ASSERT_FALSE(opens(under, ByteView(packed).first(size))) << size;
    Bytes longer = packed;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(opens(under, longer));
}

// The commitment is checked by itself: whoever holds the KEK cannot put another key under an old commitment.
TEST(PackedKeys, refuse_a_key_that_is_not_the_committed_one) {
    const Kek under = kek(1);
    const auto honest = keys_for({1});
    const Bytes packed = packed_under(under, *honest);
    Bytes forged(packed.begin(), packed.begin() + 46);
    const auto nonce = crypto::random_array<crypto::kNonceSize>();
    Bytes data = to_bytes("cloister/v1 customer keys");
    append(data, VaultId().bytes());
    append(data, customer_id(1).bytes());
    append(data, forged);
    Bytes sealed(48);
    const auto other = crypto::DataKey::random();
    crypto::Aead(under.key).seal(nonce, data, other.reveal(), sealed);
    append(forged, nonce);
    append(forged, sealed);
    ASSERT_EQ(forged.size(), packed.size());
    EXPECT_FALSE(opens(under, forged));
}

TEST(PackedKeys, refuse_collections_out_of_order_or_twice) {
    for (const CollectionNumber second : {CollectionNumber{1}, CollectionNumber{2}}) {
        Bytes packed = packed_under(kek(1), *keys_for({2, 3}));
        store_be(packed.data() + 12 + 34, second);
        EXPECT_FALSE(parse_packed(packed));
    }
}

TEST(PackedKeys, hold_no_key_in_the_clear) {
    const auto keys = keys_for({1, 2});
    const Bytes packed = packed_under(kek(1), *keys);
    for (const auto& entry : keys->entries())
        EXPECT_EQ(as_text(packed).find(as_text(entry.key.reveal())), std::string_view::npos);
}

RC_GTEST_PROP(PackedKeysProperty, come_back_as_they_went_in, (std::set<CollectionNumber> collections)) {
    std::vector<OpenedKeys::Entry> entries;
    for (const CollectionNumber c : collections) entries.push_back({c, crypto::DataKey::random()});
    const OpenedKeys keys(*rc::gen::arbitrary<std::uint32_t>(), std::move(entries));
    const Kek under = kek(*rc::gen::arbitrary<std::uint32_t>());
    const Bytes packed = packed_under(under, keys);
    RC_ASSERT(packed.size() == 40 + 66 * collections.size());
    const auto view = parse_packed(packed);
    RC_ASSERT(view.has_value());
    const auto back = unpack(VaultId(), customer_id(1), under, *view);
    RC_ASSERT(back.has_value());
    RC_ASSERT((*back)->epoch() == keys.epoch());
    RC_ASSERT((*back)->entries().size() == collections.size());
    for (const CollectionNumber c : collections) RC_ASSERT((*back)->find(c)->equals(*keys.find(c)));
}

}  // namespace
}  // namespace cloister::keys
