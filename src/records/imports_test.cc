#include "records/imports.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "records/import_job.h"
#include "records/test_vault.h"

namespace cloister::records {
namespace {

using testing::TestVault;

const auto kGoOn = [](const ImportProgress&) { return true; };

std::string read_file(const std::string& path) {
    std::ifstream in(std::string(CLOISTER_SOURCE_DIR) + "/" + path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    return {std::istreambuf_iterator<char>(in), {}};
}

ImportOptions options(std::string_view json) {
    std::vector<FieldProblem> problems;
    return TestVault::must(parse_import_options(json, problems));
}

// Starts an import and feeds the whole text in pieces.
ImportProgress run(TestVault& vault, const ImportOptions& how, std::string_view text, std::size_t piece = 1u << 20) {
    Call call = vault.call();
    const ImportProgress job = TestVault::must(vault.imports->start(call, how));
    ImportProgress now = job;
    for (std::size_t at = 0;; at += piece) {
        const bool last = at + piece >= text.size();
        auto fed = vault.imports->feed(call, job.id, at, text.substr(at, piece), last, kGoOn);
        now = TestVault::must(std::move(fed));
        if (last) return now;
    }
}

std::vector<ImportReject> rejects(TestVault& vault, const ImportProgress& job) {
    return TestVault::must(vault.imports->rejects(job.id, 0, 1'000));
}

TEST(Imports, brings_in_the_sample_customers_and_their_records) {
    TestVault vault;
    const auto customers =
        run(vault, options(read_file("samples/mapping-customers.json")), read_file("samples/customers.csv"), 100'000);
    EXPECT_EQ(customers.state, "finished");
    EXPECT_EQ(customers.rows, 3'000u);
    EXPECT_EQ(customers.created + customers.rejected, 3'000u);
    EXPECT_LT(customers.rejected, 30u);
    for (const ImportReject& r : rejects(vault, customers))
        std::cerr << r.row << " " << r.field << ": " << r.reason << "\n";
    EXPECT_EQ(customers.received, read_file("samples/customers.csv").size());
    EXPECT_EQ(vault.customers(), static_cast<std::int64_t>(customers.created));
    const auto found = vault.find("contact.mobile", "13812345678");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(vault.value(found[0], "basic.name"), "梁彬之");

    const auto sales =
        run(vault, options(read_file("samples/mapping-transactions.json")), read_file("samples/transactions.csv"));
    EXPECT_EQ(sales.created + sales.rejected, sales.rows);
    EXPECT_GT(sales.created, 14'000u);
    EXPECT_EQ(vault.count("SELECT COUNT(*) FROM records WHERE collection = 4"),
              static_cast<std::int64_t>(sales.created));
    EXPECT_EQ(vault.find("transaction.order_no", "O000001"), found);
}

TEST(Imports, guesses_columns_from_a_chinese_header_in_gb18030) {
    TestVault vault;
    const std::string text =
        "\xd0\xd5\xc3\xfb,\xca\xd6\xbb\xfa\xba\xc5,\xb1\xb8\xd7\xa2\n"  // 姓名,手机号,备注
        "\xd5\xc5\xc8\xfd,13812345678,x\n";                             // 张三
    const auto job = run(vault, {}, text);
    EXPECT_EQ(job.encoding, "gb18030");
    EXPECT_EQ(job.created, 1u);
    const std::vector<std::pair<std::string, std::string>> want{
        {"姓名", "basic.name"}, {"手机号", "contact.mobile"}, {"备注", ""}};
    EXPECT_EQ(job.columns, want);
    const auto found = vault.find("contact.mobile", "13812345678");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(vault.value(found[0], "basic.name"), "张三");
}

TEST(Imports, reads_json_lines_with_nested_members_and_absent_values) {
    TestVault vault;
    const auto job = run(vault, options(R"({"format": "jsonl"})"),
                         "{\"name\": \"Ann Lee\", \"contact\": {\"mobile\": \"13812345678\"}, \"email\": null}\n"
                         "{\"name\": \"Bob Ray\", \"email\": \"bob@example.org\"}\n"
                         "{\"name\": \n");
    EXPECT_EQ(job.created, 2u);
    EXPECT_EQ(job.rejected, 1u);
    EXPECT_EQ(vault.find("contact.mobile", "13812345678").size(), 1u);
    EXPECT_EQ(vault.find("contact.email", "bob@example.org").size(), 1u);
}

TEST(Imports, rejects_bad_rows_with_line_and_field_and_keeps_the_others) {
    TestVault vault;
    const auto job = run(vault, {},
                         "name,mobile,email\n"
                         "\"Ann\nLee\",12,nobody\n"
                         "Bob Ray,13812345678,\n"
                         "Cid\n"
                         "\xff,13812345679,\n");
    EXPECT_EQ(job.rows, 4u);
    EXPECT_EQ(job.created, 1u);
    EXPECT_EQ(job.rejected, 3u);
    const auto found = rejects(vault, job);
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].row, 1u);
    EXPECT_EQ(found[0].line, 2u);
    EXPECT_EQ(found[0].field, "contact.email");
    EXPECT_EQ(found[1].field, "contact.mobile");
    EXPECT_EQ(found[2].line, 5u);
    EXPECT_EQ(found[2].reason, "the row has fewer cells than the header");
    EXPECT_EQ(found[3].row, 4u);
    EXPECT_EQ(found[3].reason, "not well-formed UTF-8");
    const auto page = TestVault::must(vault.imports->rejects(job.id, 0, 1));
    ASSERT_EQ(page.size(), 1u);
    EXPECT_EQ(page[0].field, "contact.email, contact.mobile");
}

std::string numbered(std::size_t count) {
    std::string text = "customer_no,name\r\n";
    for (std::size_t i = 0; i < count; ++i) text += "C" + std::to_string(i) + ",Ann Lee\r\n";
    return text;
}

TEST(Imports, goes_on_after_a_crash_without_doubling_or_losing_a_row) {
    const std::string text = numbered(5'000);
    for (const std::size_t crash : {std::size_t{10}, std::size_t{30'000}, text.size() - 3}) {
        TestVault vault;
        Call call = vault.call();
        const auto job = TestVault::must(vault.imports->start(call, options(R"({"label": "crash"})")));
        // Stops in the middle of a row; what is not stored is lost with the process.
        TestVault::must(vault.imports->feed(call, job.id, 0, text.substr(0, crash), false, kGoOn));
        vault.reopen();
        const auto now = TestVault::must(vault.imports->progress(job.id));
        EXPECT_EQ(now.state, "running");
        EXPECT_LE(now.received, crash);
        const auto wrong = vault.imports->feed(call, job.id, now.received + 1, "x", false, kGoOn);
        ASSERT_FALSE(wrong);
        EXPECT_EQ(wrong.error().code(), ErrorCode::conflict);
        EXPECT_NE(wrong.error().detail().find(std::to_string(now.received)), std::string::npos);
        const auto done =
            TestVault::must(vault.imports->feed(call, job.id, now.received, text.substr(now.received), true, kGoOn));
        EXPECT_EQ(done.state, "finished");
        EXPECT_EQ(done.created, 5'000u);
        EXPECT_EQ(done.rows, 5'000u);
        EXPECT_EQ(vault.customers(), 5'000);
        EXPECT_EQ(vault.find("basic.customer_no", "C4999").size(), 1u);
    }
}

TEST(Imports, stops_when_told_and_goes_on_later) {
    TestVault vault;
    const std::string text = numbered(9'000);
    Call call = vault.call();
    const auto job = TestVault::must(vault.imports->start(call, {}));
    const auto stopped =
        TestVault::must(vault.imports->feed(call, job.id, 0, text, true, [](const ImportProgress&) { return false; }));
    EXPECT_EQ(stopped.state, "running");
    EXPECT_LT(stopped.created, 9'000u);
    EXPECT_EQ(vault.customers(), static_cast<std::int64_t>(stopped.created));
    const auto done = TestVault::must(
        vault.imports->feed(call, job.id, stopped.received, text.substr(stopped.received), true, kGoOn));
    EXPECT_EQ(done.created, 9'000u);
    EXPECT_EQ(vault.customers(), 9'000);
}

TEST(Imports, an_ended_import_takes_nothing_more) {
    TestVault vault;
    Call call = vault.call();
    const auto job = TestVault::must(vault.imports->start(call, {}));
    EXPECT_EQ(TestVault::must(vault.imports->cancel(call, job.id)).state, "cancelled");
    EXPECT_EQ(vault.imports->feed(call, job.id, 0, "name\nx\n", true, kGoOn).error().code(), ErrorCode::conflict);
    EXPECT_EQ(vault.imports->cancel(call, job.id).error().code(), ErrorCode::conflict);
    EXPECT_EQ(vault.imports->progress(ImportId()).error().code(), ErrorCode::not_found);
}

TEST(Imports, a_file_without_a_known_column_fails_and_names_no_cell) {
    TestVault vault;
    Call call = vault.call();
    const auto job = TestVault::must(vault.imports->start(call, {}));
    const auto fed = vault.imports->feed(call, job.id, 0, "Ann Lee,13812345678\nBob,13912345678\n", true, kGoOn);
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(fed.error().detail().find("138"), std::string::npos);
    EXPECT_EQ(TestVault::must(vault.imports->progress(job.id)).state, "failed");
}

TEST(Imports, an_unknown_column_is_named_with_the_nearest) {
    TestVault vault;
    Call call = vault.call();
    const auto job = TestVault::must(vault.imports->start(call, options(R"({"columns": {"nmae": "basic.name"}})")));
    EXPECT_FALSE(vault.imports->feed(call, job.id, 0, "name,mobile\n", true, kGoOn));
    ASSERT_EQ(call.problems.size(), 1u);
    EXPECT_EQ(call.problems[0].path, "columns.nmae");
    EXPECT_NE(call.problems[0].reason.find("\"name\""), std::string::npos);
    Call wrong = vault.call();
    EXPECT_FALSE(vault.imports->start(wrong, options(R"({"columns": {"a": "basic.nmae"}})")));
    ASSERT_EQ(wrong.problems.size(), 1u);
    EXPECT_NE(wrong.problems[0].reason.find("basic.name"), std::string::npos);
}

TEST(Imports, needs_the_right_to_import_and_audits_the_refusal) {
    TestVault vault;
    Call agent = vault.call("customer-service", "support-agent");
    const auto refused = vault.imports->start(agent, options(R"({"columns": {"a": "basic.name"}})"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::forbidden);
    const auto entries = TestVault::must(vault.audit->search({.action = "import.run"}));
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].entry.decision, "deny");
}

TEST(Imports, records_every_customer_and_the_fields_in_the_audit_log) {
    TestVault vault;
    const auto job = run(vault, {}, numbered(3));
    const auto found = vault.find("basic.customer_no", "C1");
    ASSERT_EQ(found.size(), 1u);
    // Entries of writes reach the journal in the background; reopening waits for that.
    vault.reopen();
    const auto entries = TestVault::must(vault.audit->search({.customer = found[0], .action = "import.run"}));
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].entry.changes.size(), 3u);
    EXPECT_EQ(entries[0].entry.fields.size(), 2u);
    EXPECT_EQ(entries[0].entry.details.at(0).second, job.id.to_string());
    EXPECT_EQ(TestVault::must(vault.audit->search({.action = "import.run"})).size(),
              4u);  // started, mapped, batch, finished
}

constexpr std::string_view kLinked = R"({"collection": "transaction",
    "link": {"column": "who", "field": "basic.customer_no"},
    "columns": {"order": "transaction.order_no", "n": "transaction.quantity"}})";

TEST(Imports, adds_records_to_the_customer_the_link_names) {
    TestVault vault;
    run(vault, {}, numbered(2));
    const auto job = run(vault, options(kLinked), "who,order,n\nC0,O1,1\nC1,O2,2\nC0,O3,3\nC7,O4,4\n,O5,5\n");
    EXPECT_EQ(job.created, 3u);
    EXPECT_EQ(job.rejected, 2u);
    const auto found = rejects(vault, job);
    EXPECT_EQ(found.at(0).reason, "no customer with this customer_no");
    EXPECT_EQ(found.at(0).field, "who");
    EXPECT_EQ(vault.find("transaction.order_no", "O3"), vault.find("basic.customer_no", "C0"));
    EXPECT_EQ(vault.count("SELECT COUNT(*) FROM customers WHERE version = 2"), 2);
}

constexpr std::string_view kReport =
    R"({"duplicates": "report", "duplicate_keys": ["contact.mobile", "contact.email"]})";
constexpr std::string_view kMerge = R"({"duplicates": "merge", "duplicate_keys": ["contact.mobile"], "columns": {
    "name": "basic.name", "mobile": "contact.mobile", "city": "contact.city", "order": "transaction.order_no"}})";

TEST(Imports, reports_duplicates_of_rows_and_of_customers) {
    TestVault vault;
    run(vault, {}, "name,mobile\nAnn Lee,13812345678\n");
    const auto job = run(vault, options(kReport),
                         "name,mobile,email\nAnn Lee,+86 138 1234 5678,\nBob Ray,13912345678,b@example.org\n"
                         "Bob R,,B@example.org\n");
    EXPECT_EQ(job.created, 1u);
    EXPECT_EQ(job.duplicates, 2u);
    const auto found = rejects(vault, job);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].reason, "duplicate of an existing customer");
    EXPECT_EQ(found[1].reason, "duplicate of row 2");
    EXPECT_EQ(found[1].field, "contact.email");
}

TEST(Imports, merges_rows_of_one_customer_and_adds_records_to_stored_ones) {
    TestVault vault;
    const auto first =
        run(vault, options(kMerge), "name,mobile,city,order\nAnn Lee,13812345678,,O1\nAnn,13812345678,Oslo,O2\n");
    EXPECT_EQ(first.created, 1u);
    EXPECT_EQ(first.merged, 1u);
    const auto found = vault.find("contact.mobile", "13812345678");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(vault.value(found[0], "basic.name"), "Ann Lee");
    EXPECT_EQ(vault.value(found[0], "contact.city"), "Oslo");
    const auto second =
        run(vault, options(kMerge),
            "name,mobile,city,order\n,13812345678,,O3\nAnn Lee,13812345678,,O4\nAnn Lee,13812345678,Rome,O5\n");
    EXPECT_EQ(second.created, 0u);
    EXPECT_EQ(second.merged, 2u);
    EXPECT_EQ(second.duplicates, 1u);
    EXPECT_EQ(rejects(vault, second).at(0).reason, "duplicate of an existing customer; merge adds records only");
    EXPECT_EQ(vault.count("SELECT COUNT(*) FROM records WHERE collection = 4"), 4);
    EXPECT_EQ(vault.find("transaction.order_no", "O4"), found);
    EXPECT_TRUE(vault.find("transaction.order_no", "O5").empty());
}

TEST(Imports, finds_duplicates_in_batches_that_are_still_on_their_way) {
    TestVault vault;
    std::string text = "name,mobile\n";
    for (std::size_t i = 0; i < 15'000; ++i) text += "Ann Lee,138" + std::to_string(10'000'000 + i % 7'500) + "\n";
    for (const std::string_view policy : {"report", "merge"}) {
        const auto job = run(
            vault, options(R"({"duplicate_keys": ["contact.mobile"], "duplicates": ")" + std::string(policy) + "\"}"),
            text);
        EXPECT_EQ(job.created + job.duplicates + job.merged, 15'000u) << policy;
        EXPECT_EQ(vault.customers(), 7'500) << policy;
    }
}

// A file of a few damaged cells: whatever is wrong with them, no reject shows one.
RC_GTEST_PROP(ImportsProperty, rejects_never_contain_a_value, ()) {
    static TestVault vault;
    const auto cell = rc::gen::container<std::string>(rc::gen::inRange('0', 'z'));
    std::string text = "name,mobile,email,birth_date,id_number\n";
    std::vector<std::string> values;
    for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 5; ++column) {
            values.push_back("Zq" + *cell + "qZ");
            text += values.back() + (column == 4 ? "\n" : ",");
        }
    const auto job = run(vault, {}, text);
    for (const ImportReject& reject : rejects(vault, job))
        for (const std::string& value : values) {
            RC_ASSERT(reject.reason.find(value) == std::string::npos);
            RC_ASSERT(reject.field.find(value) == std::string::npos);
        }
}

}  // namespace
}  // namespace cloister::records
