#include "records/sealed_record.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace cloister::records {
namespace {

template <class Id>
Id id_of(int n) {
    std::array<std::byte, 16> bytes{};
    bytes[15] = static_cast<std::byte>(n);
    return Id(bytes);
}

RecordAddress address() { return {id_of<VaultId>(1), id_of<CustomerId>(2), 3, id_of<RecordId>(4), 5}; }
crypto::DataKey key() { return crypto::DataKey::copy_of(std::array<std::byte, 32>{std::byte{7}}); }
constexpr std::array<std::byte, 10> kNonce{std::byte{9}};

std::vector<PlainField> two_fields() {
    std::vector<PlainField> fields;
    fields.push_back({1, Personal("Ada Example")});
    fields.push_back({7, Personal("+8613800000000")});
    return fields;
}

TEST(SealedRecord, opens_each_field_alone_and_all_together) {
    crypto::Aead aead(key());
    const Bytes bytes = seal_record(aead, address(), 42, two_fields(), kNonce);
    const auto sealed = SealedRecord::parse(bytes).value();
    EXPECT_EQ(sealed.key_epoch(), 42U);
    EXPECT_EQ(sealed.open(aead, address(), 7).value()->reveal(), "+8613800000000");
    EXPECT_FALSE(sealed.open(aead, address(), 2).value().has_value());
    EXPECT_EQ(sealed.open_all(aead, address()).value().size(), 2U);
}

TEST(SealedRecord, refuses_every_flipped_bit_and_every_truncation) {  // R2
    crypto::Aead aead(key());
    const Bytes good = seal_record(aead, address(), 42, two_fields(), kNonce);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes bad = good;
        bad[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
        const auto parsed = SealedRecord::parse(bad);
        EXPECT_FALSE(parsed && parsed->open_all(aead, address())) << "bit " << bit;
    }
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(SealedRecord::parse(ByteView(good).first(size))) << size;
}

TEST(SealedRecord, does_not_open_at_another_address_or_under_another_key) {  // R2: moved, swapped, rolled back
    crypto::Aead aead(key());
    const Bytes bytes = seal_record(aead, address(), 42, two_fields(), kNonce);
    const auto sealed = SealedRecord::parse(bytes).value();
    RecordAddress other = address();
    other.vault = id_of<VaultId>(9);
    EXPECT_FALSE(sealed.check(aead, other));
    other = address();
    other.customer = id_of<CustomerId>(9);
    EXPECT_FALSE(sealed.check(aead, other));
    other = address();
    other.collection = 9;
    EXPECT_FALSE(sealed.open(aead, other, 1));
    other = address();
    other.record = id_of<RecordId>(9);
    EXPECT_FALSE(sealed.open(aead, other, 1));
    other = address();
    other.version = 4;
    EXPECT_FALSE(sealed.open(aead, other, 1));
    crypto::Aead wrong(crypto::DataKey::copy_of(std::array<std::byte, 32>{std::byte{8}}));
    EXPECT_FALSE(sealed.open(wrong, address(), 1));
}

TEST(SealedRecord, notices_a_field_that_was_taken_out) {  // R2
    crypto::Aead aead(key());
    const Bytes full = seal_record(aead, address(), 42, two_fields(), kNonce);
    // Directory of one field, same directory tag, the first field's bytes: every part is genuine, the whole is not.
    const std::size_t header = 18;
    Bytes cut(full.begin(), full.begin() + header + 6);
    cut[17] = std::byte{1};
    const std::size_t first = std::string("Ada Example").size() + crypto::kTagSize;
    const auto tag = full.begin() + header + 12;
    cut.insert(cut.end(), tag, tag + static_cast<std::ptrdiff_t>(crypto::kTagSize + first));
    const auto parsed = SealedRecord::parse(cut);
    ASSERT_TRUE(parsed);
    EXPECT_FALSE(parsed->check(aead, address()));
}

RC_GTEST_PROP(SealedRecordProperty, gives_back_any_fields, (const std::vector<std::string>& texts)) {
    crypto::Aead aead(key());
    std::vector<PlainField> fields;
    for (std::size_t i = 0; i < std::min<std::size_t>(texts.size(), 200); ++i)
        fields.push_back({static_cast<std::uint16_t>(i * 3 + 1), Personal(texts[i])});
    const Bytes bytes = seal_record(aead, address(), 1, fields, kNonce);
    const auto opened = SealedRecord::parse(bytes).value().open_all(aead, address()).value();
    RC_ASSERT(opened.size() == fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) RC_ASSERT(opened[i].text.reveal() == fields[i].text.reveal());
}

// The layout of format 1, as docs/formats.md describes it: these bytes must open for ever.
TEST(SealedRecord, opens_the_golden_bytes_of_format_1) {
    const Bytes golden = hex_decode("01010000002a09000000000000000000000200010000001b00070000001e").value();
    crypto::Aead aead(key());
    const Bytes bytes = seal_record(aead, address(), 42, two_fields(), kNonce);
    EXPECT_EQ(hex_encode(ByteView(bytes).first(golden.size())), hex_encode(golden));
}

}  // namespace
}  // namespace cloister::records
