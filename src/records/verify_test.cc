#include "records/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "records/records_testing.h"
#include "records/tables.h"

namespace cloister::records {
namespace {

using namespace testing;  // NOLINT: the folder's own helpers

// A small vault with everything in it that verification looks at: history, a deletion, many-records, an erasure.
class Verify : public ::testing::Test {
 protected:
    void SetUp() override {
        // The first entry of a log tells of the rules, as a new vault writes it.
        audit::Entry first;
        first.actor = "system";
        first.action = "vault.create";
        first.decision = "permit";
        first.details = TestVault::must(vault.rules->details());
        TestVault::must(vault.audit->append_and_wait(first));
        lin =
            create_one(vault, {{"basic.name", "林小雨"}, {"contact.mobile", "13812345678"}, {"contact.city", "上海"}});
        wang = create_one(vault, {{"basic.name", "王建国"}, {"contact.mobile", "13900000001"}});
        gone = create_one(vault, {{"basic.name", "李四"}});
        TestVault::must(update(vault, lin, {{"contact.city", "北京"}}));
        order = *TestVault::must(add(vault, lin, "transaction", {{"order_no", "A-1"}})).front().record;
        TestVault::must(remove(vault, wang, "contact", RecordId()));
        Call call = vault.call("erasure-request");
        TestVault::must(vault.records->erase(call, gone));
    }

    VerifyReport verify() {
        const std::filesystem::path scratch =
            std::filesystem::temp_directory_path() / ("cloister-verify-" + std::to_string(::getpid()));
        VerifyReport report;
        {
            const auto verifier = TestVault::must(Verifier::make({.vault = vault.id,
                                                                  .data = *vault.data,
                                                                  .keys = *vault.keys,
                                                                  .rules = *vault.rules,
                                                                  .scratch = scratch}));
            TestVault::must_do(vault.audit->catch_up());
            for (std::uint64_t i = 0; i < vault.audit->size(); ++i) {
                const Bytes payload = TestVault::must(audit::encode(TestVault::must(vault.audit->entry_at(i))));
                verifier->entry({.position = i, .tag = 1, .payload = payload});
            }
            report = TestVault::must(verifier->run([](std::uint64_t, std::uint64_t) {}));
        }
        EXPECT_FALSE(std::filesystem::exists(scratch));
        return report;
    }

    void tamper(std::string_view sql, std::initializer_list<store::Param> params = {}) {
        TestVault::must_do(vault.data->write([&](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(const std::int64_t changed, transaction.execute(sql, params));
            EXPECT_GT(changed, 0) << sql;
            return {};
        }));
    }

    // There is such a finding, and it names the customer.
    void expect_found(std::string_view kind, std::string_view place, CustomerId customer) {
        const VerifyReport report = verify();
        const bool found = std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& f) {
            return f.kind == kind && f.place == place && f.customer == (customer.is_nil() ? "" : customer.to_string());
        });
        std::string all;
        for (const Finding& f : report.findings) all += f.kind + " | " + f.place + " | " + f.customer + "\n";
        EXPECT_TRUE(found) << kind << " at " << place << " not among:\n" << all;
    }

    TestVault vault;
    CustomerId lin;
    CustomerId wang;
    CustomerId gone;
    RecordId order;
};

TEST_F(Verify, finds_nothing_in_a_vault_that_only_cloister_wrote) {  // R31
    const VerifyReport report = verify();
    for (const Finding& f : report.findings) ADD_FAILURE() << f.kind << " " << f.place << " " << f.explanation;
    EXPECT_EQ(report.findings_total, 0u);
    EXPECT_EQ(report.customers, 3u);
    EXPECT_EQ(report.records, 4u);
    EXPECT_EQ(report.versions, 2u);
}

TEST_F(Verify, names_a_changed_record) {  // R31
    tamper("UPDATE records SET sealed = sealed || x'00' WHERE customer = $1 AND collection = 2", {lin.bytes()});
    expect_found("changed", "contact", lin);
    expect_found("does-not-open", "contact", lin);
}

TEST_F(Verify, names_a_record_that_was_rolled_back) {  // R31
    tamper(
        "UPDATE records SET version = 1, sealed = (SELECT sealed FROM history WHERE history.customer = "
        "records.customer AND history.collection = 2 AND history.version = 1) WHERE customer = $1 AND collection = 2",
        {lin.bytes()});
    expect_found("rolled-back", "contact", lin);
}

TEST_F(Verify, names_an_inserted_record_and_customer) {  // R31
    const RecordId invented = RecordId::make_v7(5, crypto::random_array<10>());
    tamper(
        "INSERT INTO records SELECT customer, collection, $2, version, created, updated, sealed, x'' FROM records "
        "WHERE customer = $1 AND collection = 4",
        {lin.bytes(), invented.bytes()});
    expect_found("inserted", "transaction/" + invented.to_string(), lin);
    const CustomerId stranger = CustomerId::make_v7(5, crypto::random_array<10>());
    tamper("INSERT INTO customers SELECT $2, version, created, updated, state FROM customers WHERE customer = $1",
           {lin.bytes(), stranger.bytes()});
    expect_found("inserted", "customer", stranger);
}

TEST_F(Verify, names_a_deleted_record_and_customer) {  // R31
    tamper("DELETE FROM records WHERE customer = $1 AND collection = 4", {lin.bytes()});
    expect_found("deleted", "transaction/" + order.to_string(), lin);
    tamper("DELETE FROM customers WHERE customer = $1", {wang.bytes()});
    expect_found("deleted", "customer", wang);
    expect_found("orphan", "basic", wang);
}

TEST_F(Verify, names_a_deleted_record_that_was_put_back) {  // R31
    tamper(
        "INSERT INTO records SELECT customer, collection, record, version, created, replaced, sealed, x'' FROM "
        "history WHERE customer = $1",
        {wang.bytes()});
    expect_found("inserted", "contact", wang);
}

TEST_F(Verify, names_both_records_that_were_swapped) {  // R31
    TestVault::must_do(vault.data->write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(const auto first, find_record(transaction, lin, 1, RecordId()));
        CLOISTER_ASSIGN_OR_RETURN(const auto second, find_record(transaction, wang, 1, RecordId()));
        for (const auto& [customer, sealed] : {std::pair(lin, second->sealed), std::pair(wang, first->sealed)})
            CLOISTER_RETURN_IF_ERROR(
                transaction.execute("UPDATE records SET sealed = $2 WHERE customer = $1 AND collection = 1",
                                    {customer.bytes(), ByteView(sealed)}));
        return {};
    }));
    expect_found("changed", "basic", lin);
    expect_found("changed", "basic", wang);
    expect_found("does-not-open", "basic", lin);
}

TEST_F(Verify, names_changed_and_missing_history) {  // R31
    tamper("UPDATE history SET sealed = sealed || x'00' WHERE customer = $1", {lin.bytes()});
    expect_found("changed", "history contact version 1", lin);
    tamper("DELETE FROM history WHERE customer = $1", {lin.bytes()});
    expect_found("deleted", "history contact version 1", lin);
}

TEST_F(Verify, names_index_rows_that_were_added_or_removed) {  // R31
    tamper("INSERT INTO blind_index (slot, token, customer, record) VALUES (1, 424242, $1, x'')", {wang.bytes()});
    expect_found("orphan", "index row", wang);
    tamper("DELETE FROM blind_index WHERE customer = $1", {lin.bytes()});
    expect_found("index-deleted", "contact", lin);
    expect_found("index-deleted", "transaction/" + order.to_string(), lin);
}

TEST_F(Verify, names_index_tokens_that_are_not_those_of_the_values) {  // R31
    tamper("UPDATE records SET tokens = x'00010000000000000001' WHERE customer = $1 AND collection = 2", {lin.bytes()});
    expect_found("index-changed", "contact", lin);
}

TEST_F(Verify, names_an_edited_policy) {  // R31: whoever edits the policy gives himself rights
    tamper("UPDATE documents SET body = body || '\n# and everything for me' WHERE kind = 'policy'");
    expect_found("changed", "policy 1", {});
    tamper("INSERT INTO documents SELECT kind, 2, body, actor, created FROM documents WHERE kind = 'policy'");
    expect_found("inserted", "policy 2", {});
    tamper("DELETE FROM documents WHERE kind = 'schema'");
    expect_found("deleted", "schema 1", {});
}

TEST_F(Verify, names_a_customer_whose_state_was_turned_round) {  // R31
    tamper("UPDATE customers SET state = 2 WHERE customer = $1", {lin.bytes()});
    expect_found("changed", "customer", lin);
    tamper("UPDATE customers SET state = 1 WHERE customer = $1", {gone.bytes()});
    expect_found("changed", "customer", gone);
}

TEST_F(Verify, names_missing_and_returned_keys_and_counts_unused_ones) {  // R31
    const std::vector<keys::CollectionNumber> collections{1, 2};
    TestVault::must_do(vault.keys->shred(wang));
    expect_found("no-key", "keys", wang);
    TestVault::must(vault.keys->create({{gone, collections}}));
    expect_found("inserted", "keys", gone);
    const CustomerId stranger = CustomerId::make_v7(5, crypto::random_array<10>());
    TestVault::must(vault.keys->create({{stranger, collections}}));
    EXPECT_EQ(verify().unused_keys, 1u);  // a write that came to nothing leaves such; nothing opens under them
}

}  // namespace
}  // namespace cloister::records
