#include "audit/entry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace cloister::audit {
namespace {

CustomerId customer(unsigned char n) {
    std::array<std::byte, 16> bytes{};
    bytes[15] = std::byte{n};
    return CustomerId(bytes);
}

Entry full_entry() {
    Entry entry;
    entry.time = from_unix_micros(1'795'377'662'000'003);
    entry.actor = "staff:agent-lin";
    entry.token = "t-1";
    entry.origin = "192.0.2.7";
    entry.request = "r-9";
    entry.action = "customer.write";
    entry.customers = {customer(1), customer(2)};
    entry.fields = {{"email", "masked"}, {"name", "clear"}};
    entry.purpose = "customer-service";
    entry.reason = "ticket \"4711\"";
    entry.decision = "permit";
    entry.problem = "none";
    entry.policy_version = 7;
    RecordChange written{customer(1), 3, RecordId(), 12, {}, false};
    written.digest.fill(std::byte{0xab});
    entry.changes = {written, {customer(2), 4, RecordId(), 5, {}, true}};
    entry.details = {{"count", "2"}};
    return entry;
}

std::string text(const Entry& entry) { return std::string(as_text(encode(entry).value())); }
Result<Entry> parse(std::string_view json) { return decode(as_bytes(json)); }

TEST(AuditEntry, is_written_as_docs_formats_describes) {  // R27, golden: stored entries must open for ever
    EXPECT_EQ(
        text(full_entry()),
        R"({"v":1,"t":1795377662000003,"actor":"staff:agent-lin","token":"t-1","origin":"192.0.2.7","request":"r-9",)"
        R"("action":"customer.write","customers":["00000000-0000-0000-0000-000000000001",)"
        R"("00000000-0000-0000-0000-000000000002"],"fields":{"email":"masked","name":"clear"},)"
        R"("purpose":"customer-service","reason":"ticket \"4711\"","decision":"permit","problem":"none","policy":7,)"
        R"("changes":[{"customer":"00000000-0000-0000-0000-000000000001","collection":3,)"
        R"("record":"00000000-0000-0000-0000-000000000000","version":12,)"
        R"("digest":"q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="},)"
        R"({"customer":"00000000-0000-0000-0000-000000000002","collection":4,)"
        R"("record":"00000000-0000-0000-0000-000000000000","version":5,"deleted":true}],"details":{"count":"2"}})");
}

TEST(AuditEntry, leaves_out_what_is_empty) {
    EXPECT_EQ(text(Entry{}), R"({"v":1,"t":0})");
    EXPECT_EQ(text(parse(R"({"v":1,"t":0})").value()), R"({"v":1,"t":0})");
}

TEST(AuditEntry, comes_back_with_all_its_members) {
    const Entry want = full_entry();
    const Entry got = decode(encode(want).value()).value();
    EXPECT_EQ(got.time, want.time);
    EXPECT_EQ(got.reason, want.reason);
    EXPECT_EQ(got.customers, want.customers);
    EXPECT_EQ(got.fields, want.fields);
    EXPECT_EQ(got.details, want.details);
    EXPECT_EQ(got.policy_version, 7U);
    ASSERT_EQ(got.changes.size(), 2U);
    EXPECT_EQ(got.changes[0].digest, want.changes[0].digest);
    EXPECT_EQ(got.changes[0].version, 12U);
    EXPECT_TRUE(got.changes[1].deleted);
    EXPECT_EQ(text(got), text(want));
}

TEST(AuditEntry, two_hundred_customers_with_a_change_each_fit) {
    Entry entry = full_entry();
    entry.customers.assign(200, customer(9));
    entry.changes.assign(200, entry.changes[0]);
    EXPECT_TRUE(encode(entry));
    entry.changes.assign(400, entry.changes[0]);
    EXPECT_EQ(encode(entry).error().code(), ErrorCode::too_large);
}

TEST(AuditEntry, that_could_not_be_read_back_is_not_written) {
    Entry entry;
    entry.reason = "\xff";
    EXPECT_EQ(encode(entry).error().code(), ErrorCode::invalid_argument);
    entry.reason = "";
    entry.fields = {{"email", "clear"}, {"email", "masked"}};
    EXPECT_EQ(encode(entry).error().code(), ErrorCode::invalid_argument);
}

TEST(AuditEntry, in_any_other_spelling_is_refused) {
    for (const char* json : {"",
                             "[]",
                             "{}",
                             "null",
                             R"({"t":0})",
                             R"({"t":0,"v":1})",
                             R"({"v":1,"t":0} )",
                             R"({ "v":1,"t":0})",
                             R"({"v":1,"t":0,"actor":""})",
                             R"({"v":1,"t":0,"actor":7})",
                             R"({"v":1,"t":0.0})",
                             R"({"v":1,"t":1e3})",
                             R"({"v":1,"t":0,"other":"x"})",
                             R"({"v":1,"t":0,"actor":"\u0041"})",
                             R"({"v":1,"t":0,"customers":[]})",
                             R"({"v":1,"t":0,"actor":"a","actor":"a"})",
                             R"({"v":1,"t":0,"action":"a","actor":"b"})",
                             R"({"v":1,"t":0,"customers":["00000000-0000-0000-0000-00000000000A"]})",
                             R"({"v":1,"t":0,"policy":0})",
                             R"({"v":1,"t":0,"policy":-1})",
                             R"({"v":1,"t":99999999999999999999})",
                             R"({"v":1,"t":0,"changes":[{}]})",
                             R"({"v":1,"t":0,"fields":{"a":"b","a":"b"}})",
                             "{\"v\":1,\"t\":0,\"actor\":\"\xff\"}"})
        EXPECT_FALSE(parse(json)) << json;
    EXPECT_EQ(parse(R"({"v":2,"t":0})").error().code(), ErrorCode::unsupported);
}

TEST(AuditEntry, cut_short_anywhere_is_refused) {
    const Bytes whole = encode(full_entry()).value();
    for (std::size_t length = 0; length < whole.size(); ++length)
        ASSERT_FALSE(decode(ByteView(whole).first(length))) << length;
}

RC_GTEST_PROP(AuditEntryProperty, any_utf8_text_comes_back, ()) {
    Entry entry;
    for (const auto code : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 0x7ff))) {
        if (code < 0x80) {
            entry.reason.push_back(static_cast<char>(code));
        } else {
            entry.reason.push_back(static_cast<char>(0xc0 | (code >> 6)));
            entry.reason.push_back(static_cast<char>(0x80 | (code & 0x3f)));
        }
    }
    entry.details = {{entry.reason, entry.reason}};
    entry.time = from_unix_micros(*rc::gen::arbitrary<std::int64_t>());
    const Entry got = decode(encode(entry).value()).value();
    RC_ASSERT(got.reason == entry.reason);
    RC_ASSERT(got.details == entry.details);
    RC_ASSERT(got.time == entry.time);
}

}  // namespace
}  // namespace cloister::audit
