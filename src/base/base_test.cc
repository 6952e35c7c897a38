#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/function.h"
#include "base/ids.h"
#include "base/personal.h"
#include "base/result.h"
#include "base/text.h"

namespace cloister {
namespace {

TEST(Base64, matches_rfc4648_section_10) {
    const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : cases) {
        EXPECT_EQ(base64_encode(as_bytes(plain)), encoded);
        EXPECT_EQ(as_text(base64_decode(encoded).value()), plain);
    }
}

TEST(Base64, refuses_what_is_not_canonical) {
    for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n", "Zm-_", "Zg==Zg=="})
        EXPECT_FALSE(base64_decode(text)) << text;
    EXPECT_FALSE(base64url_decode("Zm+/"));
}

RC_GTEST_PROP(EncodingProperty, decoding_gives_back_what_was_encoded, (const std::string& text)) {
    RC_ASSERT(as_text(hex_decode(hex_encode(as_bytes(text))).value()) == text);
    RC_ASSERT(as_text(base64_decode(base64_encode(as_bytes(text))).value()) == text);
    RC_ASSERT(as_text(base64url_decode(base64url_encode(as_bytes(text))).value()) == text);
}

TEST(Utf8, tells_well_formed_from_ill_formed) {
    for (const char* good : {"", "plain ascii text", "歐陽明華", "\xF0\xA0\x80\x80", "\xF4\x8F\xBF\xBF", "é"})
        EXPECT_TRUE(is_valid_utf8(good)) << good;
    for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                            "\xF5\x80\x80\x80", "\xE6\xAD", "abcdefgh\xFF", "\xF0\x80\x80\x80"})
        EXPECT_FALSE(is_valid_utf8(bad));
}

TEST(Ids, parse_gives_back_what_to_string_wrote) {
    const std::array<std::byte, 10> random{std::byte{0xff}, std::byte{0xff}, std::byte{0xff}};
    const auto id = CustomerId::make_v7(0x0190b5a41f2eULL, random);
    EXPECT_EQ(id.to_string(), "0190b5a4-1f2e-7fff-bf00-000000000000");
    EXPECT_EQ(CustomerId::parse(id.to_string()).value(), id);
    EXPECT_EQ(CustomerId::parse("0190B5A4-1F2E-7FFF-BF00-000000000000").value(), id);
    for (const char* bad : {"", "0190b5a4", "0190b5a4-1f2e-7fff-bf00-00000000000g",
                            "0190b5a41f2e-7fff-bf00-0000000000000", "0190b5a4-1f2e-7fff-bf00-0000000000001"})
        EXPECT_FALSE(CustomerId::parse(bad)) << bad;
}

TEST(Ids, later_ids_sort_after_earlier_ones) {
    const std::array<std::byte, 10> ones{std::byte{0xff}};
    const std::array<std::byte, 10> zeroes{};
    EXPECT_LT(RecordId::make_v7(1000, ones), RecordId::make_v7(1001, zeroes));
}

TEST(Rfc3339, reads_and_writes_utc_with_microseconds) {
    const Time t = parse_rfc3339("2026-11-23T20:01:02.000003Z").value();
    EXPECT_EQ(format_rfc3339(t), "2026-11-23T20:01:02.000003Z");
    EXPECT_EQ(parse_rfc3339("2026-11-24T04:01:02.0000039+08:00").value(), t);
    EXPECT_EQ(format_rfc3339(parse_rfc3339("2024-02-29").value()), "2024-02-29T00:00:00.000000Z");
    EXPECT_EQ(format_rfc3339(parse_rfc3339("1969-12-31T23:59:59.5Z").value()), "1969-12-31T23:59:59.500000Z");
    for (const char* bad : {"", "2023-02-29", "2026-11-23T24:00:00Z", "2026-11-23T20:01:02", "2026-11-23T20:01:02.Z",
                            "2026-11-23T20:01:02Zx", "2026-11-23T20:01:02+8:00", "26-11-23"})
        EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

TEST(ByteReader, stops_at_the_end_and_stays_failed) {
    const Bytes bytes = hex_decode("0102030405").value();
    ByteReader reader(bytes);
    EXPECT_EQ(reader.be<std::uint16_t>(), 0x0102);
    EXPECT_EQ(reader.be<std::uint32_t>(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.be<std::uint8_t>(), 0U);
    EXPECT_FALSE(reader.done());
}

TEST(Nearest, proposes_only_what_is_close) {
    const std::vector<std::string> words{"port", "data", "listen"};
    EXPECT_EQ(nearest("prot", words), "port");
    EXPECT_EQ(nearest("ports", words), "port");
    EXPECT_EQ(nearest("lisen", words), "listen");
    EXPECT_EQ(nearest("zzzzzz", words), "");
}

TEST(Result, errors_travel_up_with_their_context) {
    const auto inner = []() -> Result<int> { return Error(ErrorCode::not_found, "no such thing"); };
    const auto outer = [&]() -> Result<std::string> {
        CLOISTER_ASSIGN_OR_RETURN(const int n, inner());
        return std::to_string(n);
    };
    EXPECT_EQ(outer().error().code(), ErrorCode::not_found);
    EXPECT_EQ(outer().error().within("reading").detail(), "reading: no such thing");
    EXPECT_THROW(static_cast<void>(inner().value()), Bug);
}

TEST(UniqueFunction, holds_what_can_only_be_moved) {
    auto owned = std::make_unique<int>(41);
    UniqueFunction<int(int)> f = [p = std::move(owned)](int more) { return *p + more; };
    UniqueFunction<int(int)> g = std::move(f);
    EXPECT_EQ(g(1), 42);
    EXPECT_FALSE(f);
    EXPECT_THROW(f(1), Bug);
}

TEST(Personal, is_empty_after_it_was_moved_from) {
    Personal a("Ada Example");
    const Personal b = std::move(a);
    EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(b.reveal(), "Ada Example");
}

}  // namespace
}  // namespace cloister
