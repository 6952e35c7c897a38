// What is particular to the embedded engine; the rest is in conformance/.
#include <sqlite3.h>

#include <fstream>
#include <thread>

#include "store/conformance/harness.h"
#include "store/migrate.h"
#include "store/sqlite/connection.h"

namespace cloister::store {
namespace {

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Sqlite : public testing::Test {
 protected:
    std::unique_ptr<Database> open(SqliteOptions options = {}) {
        options.file = file();
        options.create = true;
        auto opened = open_sqlite(options);
        EXPECT_TRUE(opened.has_value()) << opened.error().detail();
        EXPECT_TRUE((*opened)->migrate("conformance", kNumbers));
        return *std::move(opened);
    }
    std::filesystem::path file() const { return directory_.path() / "test.db"; }
    std::filesystem::path log() const { return directory_.path() / "test.db-wal"; }

    TempDir directory_;
};

TEST_F(Sqlite, a_missing_file_is_not_found_and_not_made) {
    const auto opened = open_sqlite({.file = file()});
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code(), ErrorCode::not_found);
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Sqlite, a_file_that_is_no_database_is_corrupt) {
    std::ofstream(file()) << std::string(8192, 'x');
    const auto opened = open_sqlite({.file = file()});
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
}

TEST_F(Sqlite, an_empty_file_is_corrupt_and_stays_empty) {
    std::ofstream(file()).flush();
    const auto opened = open_sqlite({.file = file()});
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
    EXPECT_EQ(std::filesystem::file_size(file()), 0u);
}

TEST_F(Sqlite, files_are_for_their_owner_only) {
    const auto database = open();
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    EXPECT_EQ(std::filesystem::status(file()).permissions() & others, std::filesystem::perms::none);
    EXPECT_EQ(std::filesystem::status(log()).permissions() & others, std::filesystem::perms::none);
}

// A destroyed key must not survive in old page images.
TEST_F(Sqlite, after_secure_delete_and_truncation_no_file_holds_the_deleted_bytes) {
    const std::string secret = "0123456789abcdef-this-is-a-key";
    const auto database = open({.secure_delete = true});
    ASSERT_TRUE(database->write([&](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(tx.execute("INSERT INTO names(name, data) VALUES('k', $1)", {as_bytes(secret)}));
        return {};
    }));
    EXPECT_NE(bytes_of(log()).find(secret), std::string::npos);
    ASSERT_TRUE(database->write([&](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(tx.execute("DELETE FROM names WHERE name = $1", {"k"}));
        return {};
    }));
    ASSERT_TRUE(database->checkpoint_and_truncate());
    EXPECT_EQ(bytes_of(log()), "");
    EXPECT_EQ(bytes_of(file()).find(secret), std::string::npos);
}

TEST_F(Sqlite, truncation_gives_up_while_a_reader_stays_and_succeeds_afterwards) {
    const auto database = open();
    std::latch reading(1);
    std::latch tried(1);
    ASSERT_TRUE(database->write([](Transaction& tx) { return put(tx, 1, 1); }));
    std::thread reader([&] {
        EXPECT_TRUE(database->read([&](Snapshot& snapshot) -> Result<void> {
            EXPECT_EQ(content(snapshot).size(), 1u);
            reading.count_down();
            tried.wait();
            return {};
        }));
    });
    reading.wait();
    ASSERT_TRUE(database->write([](Transaction& tx) { return put(tx, 2, 2); }));
    const auto refused = database->checkpoint_and_truncate();
    EXPECT_EQ(refused.error().code(), ErrorCode::unavailable);
    tried.count_down();
    reader.join();
    EXPECT_TRUE(database->checkpoint_and_truncate());
}

TEST_F(Sqlite, the_log_stays_bounded_when_much_is_written) {
    const auto database = open({.durable = false});
    std::uintmax_t longest = 0;
    for (std::int64_t round = 0; round < 24; ++round) {
        ASSERT_TRUE(database->write([round](Transaction& tx) -> Result<void> {
            const Bytes megabytes(16u << 20, std::byte{1});
            CLOISTER_RETURN_IF_ERROR(
                tx.execute("INSERT OR REPLACE INTO names(name, data) VALUES($1, $2)", {"large", ByteView(megabytes)}));
            return put(tx, round, round);
        }));
        longest = std::max(longest, std::filesystem::file_size(log()));
    }
    EXPECT_LT(longest, 352u << 20);  // 384 MiB were written
}

TEST_F(Sqlite, more_statements_than_the_cache_holds_still_work) {
    const auto database = open();
    EXPECT_TRUE(database->read([](Snapshot& snapshot) -> Result<void> {
        for (int round = 0; round < 2; ++round)
            for (int i = 0; i < 600; ++i) {
                const std::string sql = "SELECT " + std::to_string(i);
                CLOISTER_ASSIGN_OR_RETURN(const auto got,
                                          snapshot.first(sql, {}, [](const Row& row) { return row.integer(0); }));
                EXPECT_EQ(got, i);
            }
        return {};
    }));
}

TEST_F(Sqlite, a_deferred_constraint_fails_only_the_work_that_breaks_it) {
    const auto database = open();
    constexpr Migration kDeferred[] = {
        {1, "d", "CREATE TABLE child(n {int} REFERENCES numbers(key) DEFERRABLE INITIALLY DEFERRED)"}};
    ASSERT_TRUE(database->migrate("d", kDeferred));
    Group group(*database);
    group.add([](Transaction& tx) { return put(tx, 1, 1); });
    group.add([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(tx.execute("INSERT INTO child(n) VALUES(99)", {}));
        return {};
    });
    group.add([](Transaction& tx) { return put(tx, 2, 2); });
    const auto results = group.finish();
    EXPECT_TRUE(results[0].has_value());
    EXPECT_EQ(results[1].error().code(), ErrorCode::conflict);
    EXPECT_TRUE(results[2].has_value());
    EXPECT_EQ(content(*database).size(), 2u);
}

TEST_F(Sqlite, several_statements_in_one_call_are_a_bug) {
    const auto database = open();
    const auto result = database->write([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(tx.execute("DELETE FROM names; DELETE FROM numbers", {}));
        return {};
    });
    EXPECT_EQ(result.error().code(), ErrorCode::internal);
}

TEST(Dialect, replaces_the_words_in_braces) {
    const Dialect dialect{.blob = "B", .integer = "I", .text = "T", .clustered = " C"};
    EXPECT_EQ(in_dialect("t(a {blob}, b {int}, c {text}){clustered}", dialect), "t(a B, b I, c T) C");
    EXPECT_THROW(in_dialect("{varchar}", dialect), Bug);
}

}  // namespace
}  // namespace cloister::store
