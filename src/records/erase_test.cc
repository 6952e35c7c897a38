#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "audit/merkle.h"
#include "audit/note.h"
#include "records/records_testing.h"

namespace cloister::records {
namespace {

using namespace testing;  // NOLINT: the folder's own helpers

const Fields kLin{{"basic.name", "林小雨"}, {"contact.mobile", "13812345678"}, {"contact.city", "上海"}};

Result<Erasure> erase(TestVault& vault, CustomerId customer, Records* records = nullptr) {
    Call call = vault.call("erasure-request");
    return (records == nullptr ? *vault.records : *records).erase(call, customer);
}

bool has_keys(TestVault& vault, CustomerId customer) { return vault.keys->find(customer).has_value(); }

std::int64_t rows_of_customers(const TestVault& vault) {
    return vault.count(
        "SELECT (SELECT COUNT(*) FROM records) + (SELECT COUNT(*) FROM history) + "
        "(SELECT COUNT(*) FROM blind_index)");
}

std::vector<std::string> actions_of(TestVault& vault, CustomerId customer) {
    std::vector<std::string> actions;
    for (const audit::Entry& entry : entries_of(vault, customer)) actions.insert(actions.begin(), entry.action);
    return actions;
}

TEST(Erase, destroys_keys_then_rows_and_says_so) {  // R15, R16
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    TestVault::must(update(vault, lin, {{"contact.city", "北京"}}));
    const CustomerId other = create_one(vault, kLin);
    const std::int64_t rows_of_both = rows_of_customers(vault);
    const Erasure erasure = TestVault::must(erase(vault, lin));
    EXPECT_EQ(erasure.state, "complete");
    EXPECT_FALSE(has_keys(vault, lin));
    EXPECT_TRUE(has_keys(vault, other));
    EXPECT_LT(rows_of_customers(vault), rows_of_both);
    EXPECT_EQ(vault.count("SELECT COUNT(*) FROM history"), 0);
    EXPECT_EQ(vault.find("contact.mobile", "13812345678"), std::vector<CustomerId>{other});
    Call call = vault.call();
    const auto view = vault.records->read(call, lin, {}, [](Result<std::uint64_t>) {});
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error().code(), ErrorCode::not_found);
    EXPECT_EQ(update(vault, lin, {{"contact.city", "广州"}}).error().code(), ErrorCode::not_found);
    const auto actions = actions_of(vault, lin);
    const std::vector<std::string> end{"customer.erase", "customer.keys-destroyed", "customer.purge"};
    EXPECT_NE(std::search(actions.begin(), actions.end(), end.begin(), end.end()), actions.end());
}

TEST(Erase, certificate_proves_that_the_entry_is_in_the_signed_log) {  // R17
    namespace json = boost::json;
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    const Erasure erasure = TestVault::must(erase(vault, lin));
    const json::object certificate = json::parse(erasure.certificate).as_object();
    EXPECT_EQ(certificate.at("format").as_string(), "cloister-erasure/1");
    const std::string statement(certificate.at("statement").as_string());
    EXPECT_NE(statement.find("customer " + lin.to_string() + "\n"), std::string::npos);
    EXPECT_NE(statement.find("erased " + format_rfc3339(erasure.erased) + "\n"), std::string::npos);
    const auto key = audit::parse_verifier_key(certificate.at("verifier_key").as_string()).value();
    const auto signature_bytes = base64_decode(certificate.at("signature").as_string()).value();
    crypto::Signature signature{};
    ASSERT_EQ(signature_bytes.size(), signature.size());
    std::copy(signature_bytes.begin(), signature_bytes.end(), signature.begin());
    EXPECT_TRUE(crypto::verify(key.key, as_bytes(statement), signature));

    const json::object& log = certificate.at("log").as_object();
    const auto checkpoint = audit::open_checkpoint(log.at("checkpoint").as_string(), key).value();
    EXPECT_EQ(checkpoint.size, static_cast<std::uint64_t>(log.at("tree_size").as_int64()));
    const Bytes leaf = base64_decode(log.at("entry").as_string()).value();
    const auto entry = audit::decode(leaf).value();
    EXPECT_EQ(entry.action, "customer.keys-destroyed");
    EXPECT_EQ(entry.customers, std::vector<CustomerId>{lin});
    std::vector<Digest> proof;
    for (const json::value& hash : log.at("inclusion_proof").as_array()) {
        const Bytes bytes = base64_decode(hash.as_string()).value();
        proof.emplace_back();
        ASSERT_EQ(bytes.size(), proof.back().size());
        std::copy(bytes.begin(), bytes.end(), proof.back().begin());
    }
    EXPECT_TRUE(audit::verify_inclusion(static_cast<std::uint64_t>(log.at("index").as_int64()), checkpoint.size,
                                        audit::leaf_hash(leaf), proof, checkpoint.root));
    EXPECT_EQ(erasure.certificate.find("林"), std::string::npos);
}

TEST(Erase, gives_the_first_certificate_when_asked_twice_and_audits_both) {  // R15, R25
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    const Erasure first = TestVault::must(erase(vault, lin));
    const std::size_t entries = entries_of(vault, lin).size();
    vault.clock.advance(std::chrono::hours(1));
    const Erasure second = TestVault::must(erase(vault, lin));
    EXPECT_EQ(second.certificate, first.certificate);
    EXPECT_EQ(second.erased, first.erased);
    EXPECT_EQ(second.state, "complete");
    EXPECT_EQ(entries_of(vault, lin).size(), entries + 1);
}

TEST(Erase, refuses_and_audits_who_is_unknown_or_not_allowed) {  // R25
    TestVault vault;
    const CustomerId nobody = CustomerId::make_v7(1, crypto::random_array<10>());
    EXPECT_EQ(erase(vault, nobody).error().code(), ErrorCode::not_found);
    EXPECT_EQ(entries_of(vault, nobody).front().decision, "deny");
    const CustomerId lin = create_one(vault, kLin);
    Call agent = vault.call("customer-service", "support-agent");
    EXPECT_EQ(vault.records->erase(agent, lin).error().code(), ErrorCode::forbidden);
    EXPECT_EQ(entries_of(vault, lin).front().decision, "deny");
    EXPECT_TRUE(has_keys(vault, lin));
}

TEST(Erase, is_finished_at_start_up_after_a_crash_before_the_keys_went) {  // R18
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    {
        WatchedVault watched(vault);
        watched.keys.shred_fails = true;  // the crash: the first step is durable, the second did not happen
        EXPECT_FALSE(erase(vault, lin, watched.records.get()));
    }
    EXPECT_TRUE(has_keys(vault, lin));
    Call call = vault.call();
    EXPECT_EQ(vault.records->read(call, lin, {}, [](Result<std::uint64_t>) {}).error().code(), ErrorCode::not_found);
    vault.reopen();
    EXPECT_FALSE(has_keys(vault, lin));
    EXPECT_EQ(rows_of_customers(vault), 0);
    EXPECT_EQ(vault.count("SELECT state FROM erasures"), 3);
    const auto actions = actions_of(vault, lin);
    EXPECT_EQ(std::count(actions.begin(), actions.end(), "customer.keys-destroyed"), 1);
    const Erasure erasure = TestVault::must(erase(vault, lin));  // whoever asks again gets the certificate
    EXPECT_FALSE(erasure.certificate.empty());
    EXPECT_EQ(TestVault::must(erase(vault, lin)).certificate, erasure.certificate);
}

TEST(Erase, is_finished_at_start_up_after_a_crash_behind_the_keys) {  // R18
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    {
        WatchedVault watched(vault);
        watched.keys.shred_fails = true;
        EXPECT_FALSE(erase(vault, lin, watched.records.get()));
    }
    TestVault::must_do(vault.keys->shred(lin));  // gone, but nothing tells of it yet
    vault.reopen();
    EXPECT_EQ(rows_of_customers(vault), 0);
    const auto actions = actions_of(vault, lin);
    EXPECT_EQ(std::count(actions.begin(), actions.end(), "customer.keys-destroyed"), 1);
    EXPECT_EQ(std::count(actions.begin(), actions.end(), "customer.purge"), 1);
}

TEST(Erase, of_a_customer_with_very_many_records_goes_on_behind_the_answer) {
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    std::vector<InputCustomer> batch(1);
    batch[0].schema = vault.rules->schema();
    batch[0].customer = lin;
    for (int i = 0; i < 2'500; ++i)
        batch[0].records.push_back(
            record_of(*batch[0].schema, "transaction", {{"order_no", "A-" + std::to_string(i)}}));
    TestVault::must(wait_for(
        [&](Written done) { vault.records->batch_write(shared(vault.call()), std::move(batch), std::move(done)); }));
    const Erasure erasure = TestVault::must(erase(vault, lin));
    EXPECT_EQ(erasure.state, "keys-destroyed");
    EXPECT_FALSE(has_keys(vault, lin));
    vault.reopen();  // finishes what the thread had not done
    EXPECT_EQ(rows_of_customers(vault), 0);
    EXPECT_EQ(TestVault::must(erase(vault, lin)).state, "complete");
}

TEST(Erase, lets_only_one_of_two_at_once_begin) {
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    std::vector<std::future<Result<Erasure>>> calls;
    for (int i = 0; i < 4; ++i) calls.push_back(std::async(std::launch::async, [&] { return erase(vault, lin); }));
    int done = 0;
    for (auto& call : calls) {
        const auto erasure = call.get();
        if (erasure)
            ++done;
        else
            EXPECT_EQ(erasure.error().code(), ErrorCode::conflict);
    }
    EXPECT_GE(done, 1);
    EXPECT_FALSE(has_keys(vault, lin));
    EXPECT_EQ(rows_of_customers(vault), 0);
}

TEST(StartUp, drops_keys_of_customers_that_never_arrived) {  // R18
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    const CustomerId never = CustomerId::make_v7(to_unix_millis(vault.clock.now()), crypto::random_array<10>());
    const std::vector<keys::CollectionNumber> collections{1, 2};
    TestVault::must(vault.keys->create({{never, collections}}));
    vault.reopen();
    EXPECT_FALSE(has_keys(vault, never));
    EXPECT_TRUE(has_keys(vault, lin));
}

TEST(StartUp, keeps_keys_of_customers_that_only_the_log_knows) {  // an older copy of the store was put back
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    TestVault::must_do(vault.data->write([](store::Transaction& t) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(t.execute("DELETE FROM customers", {}));
        return {};
    }));
    vault.reopen();
    EXPECT_TRUE(has_keys(vault, lin));
}

}  // namespace
}  // namespace cloister::records
