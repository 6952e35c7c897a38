// Every file operation of a run of writes fails once, for each way in which it can fail: what was acknowledged is
// there, what was refused is not, and the next write succeeds.
#include <sqlite3.h>

#include <thread>

#include "store/conformance/harness.h"
#include "store/sqlite/fault_vfs.h"

namespace cloister::store {
namespace {

using sqlite::FaultPlan;

struct Fault {
    const char* name;
    int code;
    bool torn;
    int count;
};

class SqliteFaults : public testing::TestWithParam<Fault> {
 protected:
    void SetUp() override { sqlite::install_fault_vfs(); }
    void TearDown() override { sqlite::set_faults({}); }
};

std::unique_ptr<Database> open_in(const TempDir& directory) {
    // A tiny cache, so that large works reach the disk before their commit.
    auto opened = open_sqlite({.file = directory.path() / "test.db", .create = true, .cache_kib = 40});
    EXPECT_TRUE(opened.has_value()) << opened.error().detail();
    EXPECT_TRUE((*opened)->migrate("conformance", kNumbers));
    return *std::move(opened);
}

Work put_many(std::int64_t from, std::int64_t count) {
    return [=](Transaction& tx) -> Result<void> {
        for (std::int64_t key = from; key < from + count; ++key) CLOISTER_RETURN_IF_ERROR(put(tx, key, key));
        return {};
    };
}

// A work that does not look at its errors; half of it must not stay nevertheless.
Work put_carelessly(std::int64_t from, std::int64_t count) {
    return [=](Transaction& tx) -> Result<void> {
        for (std::int64_t key = from; key < from + count; ++key) (void)put(tx, key, key).has_value();
        return {};
    };
}

void note(Model& model, const Result<void>& result, std::int64_t from, std::int64_t count) {
    if (!result) {
        EXPECT_TRUE(result.error().code() == ErrorCode::storage_full || result.error().code() == ErrorCode::unavailable)
            << result.error().detail();
        return;
    }
    for (std::int64_t key = from; key < from + count; ++key) model[key] = key;
}

// Small and large works, alone and in groups. Returns what was acknowledged.
Model run_writes(Database& database) {
    Model model;
    note(model, database.write(put_many(0, 3)), 0, 3);
    Group group(database);
    group.add(put_many(100, 2));
    group.add(put_many(10'000, 3000));
    group.add(put_carelessly(20'000, 3000));
    group.add(put_many(200, 2));
    const std::vector<Result<void>> results = group.finish();
    note(model, results[0], 100, 2);
    note(model, results[1], 10'000, 3000);
    note(model, results[2], 20'000, 3000);
    note(model, results[3], 200, 2);
    note(model, database.write(put_many(300, 3)), 300, 3);
    (void)database.checkpoint_and_truncate().has_value();
    note(model, database.write(put_carelessly(30'000, 3000)), 30'000, 3000);
    return model;
}

TEST_P(SqliteFaults, at_any_operation_lose_nothing_acknowledged_and_leave_nothing_refused) {
    int total = 1;
    for (int at = 1; at <= total; at += at < 40 ? 1 : 7) {
        SCOPED_TRACE("operation " + std::to_string(at));
        const TempDir directory;
        auto database = open_in(directory);
        sqlite::set_faults({.first = at, .count = GetParam().count, .code = GetParam().code, .torn = GetParam().torn});
        Model model = run_writes(*database);
        total = std::max(total, sqlite::operations());
        sqlite::set_faults({});
        ASSERT_EQ(content(*database), model);
        const auto later = database->write(put_many(900, 1));
        ASSERT_TRUE(later.has_value()) << later.error().detail();
        EXPECT_TRUE(database->writable());
        note(model, later, 900, 1);
        ASSERT_EQ(content(*database), model);
        database.reset();
        database = open_in(directory);
        ASSERT_EQ(content(*database), model);
    }
    EXPECT_GT(total, 40);
}

INSTANTIATE_TEST_SUITE_P(Every, SqliteFaults,
                         testing::Values(Fault{"write_finds_no_room", SQLITE_FULL, false, 1},
                                         Fault{"torn_write", SQLITE_IOERR_WRITE, true, 1},
                                         Fault{"failed_sync", SQLITE_IOERR_FSYNC, false, 1},
                                         Fault{"full_for_long", SQLITE_FULL, true, 200}),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(SqliteFullDisk, is_reported_and_over_by_itself) {
    sqlite::install_fault_vfs();
    const TempDir directory;
    auto database = open_in(directory);
    sqlite::set_faults({.first = 1, .count = 1'000'000, .code = SQLITE_FULL});
    EXPECT_EQ(database->write(put_many(0, 1)).error().code(), ErrorCode::storage_full);
    EXPECT_FALSE(database->writable());
    EXPECT_EQ(content(*database), Model{});  // reading goes on
    sqlite::set_faults({});
    EXPECT_TRUE(database->write(put_many(0, 1)));
    EXPECT_TRUE(database->writable());
}

TEST(SqliteCrash, right_after_a_refused_commit_does_not_bring_it_back) {
    // The sync of a commit fails after its frames were written. A copy of the files is what a crash would leave.
    sqlite::install_fault_vfs();
    const TempDir directory;
    const TempDir copy;
    auto database = open_in(directory);
    ASSERT_TRUE(database->checkpoint_and_truncate());
    ASSERT_TRUE(database->write(put_many(0, 1)));
    sqlite::set_faults({});
    ASSERT_TRUE(database->write(put_many(1, 1)));
    const int operations = sqlite::operations();  // of one commit; the last one is its sync
    sqlite::set_faults({.first = operations, .code = SQLITE_IOERR_FSYNC});
    ASSERT_FALSE(database->write(put_many(2, 1)).has_value());
    sqlite::set_faults({});
    // The engine empties the log by itself after the failure, on its own thread.
    while (std::filesystem::file_size(directory.path() / "test.db-wal") > 0) std::this_thread::yield();
    for (const char* name : {"test.db", "test.db-wal"})
        std::filesystem::copy_file(directory.path() / name, copy.path() / name);
    EXPECT_EQ(content(*open_in(copy)), (Model{{0, 0}, {1, 1}}));
}

}  // namespace
}  // namespace cloister::store
