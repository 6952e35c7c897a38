#include <gtest/gtest.h>

#include "records/test_vault.h"

namespace cloister::records {
namespace {

using testing::TestVault;

// One customer with a mobile number, as an import hands it over.
InputCustomer with_mobile(const TestVault& vault, const std::string& mobile) {
    InputCustomer customer;
    customer.schema = vault.rules->schema();
    const Schema::Place place = customer.schema->place("contact.mobile");
    InputRecord record;
    record.collection = place.collection;
    record.fields.push_back({place.field, place.field->type->canonical(mobile).value()});
    customer.records.push_back(std::move(record));
    return customer;
}

void import(TestVault& vault, const std::string& mobile) {
    Records::ImportBatch batch;
    batch.customers.push_back(with_mobile(vault, mobile));
    batch.entry.time = vault.clock.now();
    batch.entry.actor = "operator";
    batch.entry.action = "import.run";
    batch.entry.decision = "permit";
    ASSERT_TRUE(vault.records->write_import_batch(std::move(batch)));
}

void become(TestVault& vault, bool exclusive) {
    vault.exclusive = exclusive;
    vault.reopen();
}

TEST(Backlog, an_exclusive_import_is_found_once_its_index_rows_are_added) {
    TestVault vault;
    become(vault, true);
    import(vault, "13812345678");
    EXPECT_TRUE(vault.find("contact.mobile", "13812345678").empty());
    ASSERT_TRUE(vault.records->add_waiting_index_rows());
    EXPECT_EQ(vault.find("contact.mobile", "13812345678").size(), 1U);
    EXPECT_EQ(vault.count("SELECT COUNT(*) FROM index_backlog"), 0);
}

TEST(Backlog, rows_that_a_crash_left_out_are_added_at_the_next_start) {  // R3
    TestVault vault;
    become(vault, true);
    import(vault, "13812345678");
    import(vault, "13912345678");
    const auto before = vault.count("SELECT COUNT(*) FROM blind_index");
    become(vault, false);  // closed without adding them
    EXPECT_EQ(vault.find("contact.mobile", "13812345678").size(), 1U);
    EXPECT_EQ(vault.find("contact.mobile", "13912345678").size(), 1U);
    EXPECT_GT(vault.count("SELECT COUNT(*) FROM blind_index"), before);
    EXPECT_EQ(vault.count("SELECT COUNT(*) FROM index_backlog"), 0);
}

TEST(Backlog, a_vault_in_use_indexes_with_the_batch) {
    TestVault vault;
    import(vault, "13812345678");
    EXPECT_EQ(vault.find("contact.mobile", "13812345678").size(), 1U);
}

}  // namespace
}  // namespace cloister::records
