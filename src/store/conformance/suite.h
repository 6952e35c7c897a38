// What every engine must do. A test program includes this once and instantiates `Conformance` with its engines:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, Conformance, testing::Values(Engine{...}), engine_name);
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <map>
#include <thread>

#include "store/conformance/harness.h"

namespace cloister::store {

struct Engine {
    std::string name;
    // A database that lives in `directory`, made when it is not there yet.
    std::function<Result<std::unique_ptr<Database>>(const std::filesystem::path& directory, std::size_t queue_limit)>
        open;
};
inline std::string engine_name(const testing::TestParamInfo<Engine>& info) { return info.param.name; }

class Conformance : public testing::TestWithParam<Engine> {
 protected:
    void SetUp() override { reopen(); }
    void reopen(std::size_t queue_limit = 1000) {
        database_.reset();
        auto opened = GetParam().open(directory_.path(), queue_limit);
        ASSERT_TRUE(opened.has_value()) << opened.error().detail();
        database_ = *std::move(opened);
        const auto migrated = database_->migrate("conformance", kNumbers);
        ASSERT_TRUE(migrated.has_value()) << migrated.error().detail();
    }
    Database& db() { return *database_; }

    TempDir directory_;
    std::unique_ptr<Database> database_;
};

TEST_P(Conformance, a_write_is_there_after_reopening) {
    ASSERT_TRUE(db().write([](Transaction& tx) { return put(tx, 1, 10); }));
    reopen();
    EXPECT_EQ(content(db()), (Model{{1, 10}}));
}

TEST_P(Conformance, a_failed_work_leaves_nothing) {
    const auto failed = db().write([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(put(tx, 1, 10));
        return Error(ErrorCode::precondition_failed, "changed my mind");
    });
    EXPECT_EQ(failed.error().code(), ErrorCode::precondition_failed);
    EXPECT_EQ(content(db()), Model{});
}

TEST_P(Conformance, a_bug_in_a_work_becomes_an_internal_error_and_the_next_write_succeeds) {
    const auto failed = db().write([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(put(tx, 1, 10));
        CLOISTER_ASSERT(1 == 2);
        return {};
    });
    EXPECT_EQ(failed.error().code(), ErrorCode::internal);
    EXPECT_TRUE(db().write([](Transaction& tx) { return put(tx, 2, 20); }));
    EXPECT_EQ(content(db()), (Model{{2, 20}}));
}

TEST_P(Conformance, in_a_group_only_the_failing_work_is_rolled_back) {
    Group group(db());
    group.add([](Transaction& tx) { return put(tx, 1, 10); });
    group.add([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(put(tx, 2, 20));
        return put(tx, 1, 11);  // taken
    });
    group.add([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(put(tx, 5, 50));
        throw std::runtime_error("bug");
    });
    group.add([](Transaction& tx) { return put(tx, 3, 30); });
    const std::vector<Result<void>> results = group.finish();
    EXPECT_TRUE(results[0].has_value());
    EXPECT_EQ(results[1].error().code(), ErrorCode::already_exists);
    EXPECT_EQ(results[2].error().code(), ErrorCode::internal);
    EXPECT_TRUE(results[3].has_value());
    EXPECT_EQ(content(db()), (Model{{1, 10}, {3, 30}}));
}

TEST_P(Conformance, a_group_ends_as_if_its_works_had_run_one_after_another) {
    using Steps = std::vector<std::tuple<std::uint8_t, std::int64_t, bool>>;  // key, value, does it fail here?
    EXPECT_TRUE(rc::check([this] {
        const auto works = *rc::gen::arbitrary<std::vector<Steps>>();
        Model model = content(db());
        Group group(db());
        std::vector<bool> want;
        for (const auto& steps : works) {
            Model after = model;
            bool fails = false;
            for (const auto& [key, value, fail] : steps) fails = fails || fail || !after.emplace(key, value).second;
            want.push_back(!fails);
            if (!fails) model = after;
            group.add([steps](Transaction& tx) -> Result<void> {
                for (const auto& [key, value, fail] : steps) {
                    if (fail) return Error(ErrorCode::conflict);
                    CLOISTER_RETURN_IF_ERROR(put(tx, key, value));
                }
                return {};
            });
        }
        const std::vector<Result<void>> results = group.finish();
        for (std::size_t i = 0; i < want.size(); ++i) RC_ASSERT(results[i].has_value() == want[i]);
        RC_ASSERT(content(db()) == model);
    }));
}

TEST_P(Conformance, a_work_sees_its_own_changes) {
    EXPECT_TRUE(db().write([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(put(tx, 1, 10));
        EXPECT_EQ(content(tx), (Model{{1, 10}}));
        CLOISTER_ASSIGN_OR_RETURN(const auto changed,
                                  tx.execute("UPDATE numbers SET value = value + $1", {std::int64_t{1}}));
        EXPECT_EQ(changed, 1);
        CLOISTER_ASSIGN_OR_RETURN(const auto none, tx.execute("DELETE FROM numbers WHERE key = $1", {std::int64_t{9}}));
        EXPECT_EQ(none, 0);
        return {};
    }));
    EXPECT_EQ(content(db()), (Model{{1, 11}}));
}

TEST_P(Conformance, parameters_go_by_number_not_by_place) {
    EXPECT_TRUE(db().write([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(tx.execute("INSERT INTO numbers(value, key) SELECT $2, $1 WHERE $2 > $1",
                                            {std::int64_t{1}, std::int64_t{10}}));
        return {};
    }));
    EXPECT_EQ(content(db()), (Model{{1, 10}}));
}

TEST_P(Conformance, values_come_back_as_they_were_given) {
    const std::string zeroes("a\0b", 3);
    EXPECT_TRUE(db().write([&](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(tx.execute("INSERT INTO names(name, data) VALUES($1, $2)", {"", as_bytes(zeroes)}));
        CLOISTER_RETURN_IF_ERROR(tx.execute("INSERT INTO names(name, data) VALUES($1, $2)", {"empty", ByteView()}));
        CLOISTER_RETURN_IF_ERROR(tx.execute("INSERT INTO names(name, data) VALUES($1, $2)", {"null", nullptr}));
        return {};
    }));
    EXPECT_TRUE(db().read([&](Snapshot& snapshot) -> Result<void> {
        std::vector<std::string> seen;
        CLOISTER_RETURN_IF_ERROR(snapshot.query("SELECT name, data FROM names ORDER BY name", {}, [&](const Row& row) {
            seen.push_back(std::string(row.text(0)) + "=" +
                           (row.is_null(1) ? "NULL" : std::string(as_text(row.blob(1)))));
            return true;
        }));
        EXPECT_EQ(seen, (std::vector<std::string>{"=" + zeroes, "empty=", "null=NULL"}));
        return {};
    }));
}

TEST_P(Conformance, constraints_have_their_own_errors) {
    ASSERT_TRUE(db().write([](Transaction& tx) { return put(tx, 1, 10); }));
    const auto twice = db().write([](Transaction& tx) { return put(tx, 1, 11); });
    EXPECT_EQ(twice.error().code(), ErrorCode::already_exists);
    const auto dangling = db().write([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(
            tx.execute("INSERT INTO names(name, number) VALUES($1, $2)", {"Anna", std::int64_t{7}}));
        return {};
    });
    EXPECT_EQ(dangling.error().code(), ErrorCode::conflict);
    EXPECT_EQ(dangling.error().detail().find("Anna"), std::string::npos);  // messages never carry values
}

TEST_P(Conformance, a_read_sees_one_snapshot_while_others_write) {
    ASSERT_TRUE(db().write([](Transaction& tx) { return put(tx, 1, 10); }));
    EXPECT_TRUE(db().read([this](Snapshot& snapshot) -> Result<void> {
        EXPECT_EQ(content(snapshot), (Model{{1, 10}}));
        EXPECT_TRUE(db().write([](Transaction& tx) { return put(tx, 2, 20); }));
        EXPECT_EQ(content(snapshot), (Model{{1, 10}}));
        EXPECT_TRUE(db().read([](Snapshot& nested) -> Result<void> {  // the same thread, the same snapshot
            EXPECT_EQ(content(nested), (Model{{1, 10}}));
            return {};
        }));
        return {};
    }));
    EXPECT_EQ(content(db()), (Model{{1, 10}, {2, 20}}));
}

TEST_P(Conformance, an_acknowledged_write_is_seen_by_the_next_read_of_any_thread) {
    for (std::int64_t i = 0; i < 50; ++i) {
        ASSERT_TRUE(db().write([i](Transaction& tx) { return put(tx, i, i); }));
        std::thread([this, i] { EXPECT_EQ(content(db()).size(), static_cast<std::size_t>(i) + 1); }).join();
    }
}

TEST_P(Conformance, queries_may_be_nested_even_with_the_same_words) {
    ASSERT_TRUE(db().write([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(put(tx, 1, 10));
        return put(tx, 2, 20);
    }));
    EXPECT_TRUE(db().read([](Snapshot& snapshot) -> Result<void> {
        int pairs = 0;
        return snapshot.query("SELECT key FROM numbers", {}, [&](const Row&) {
            return snapshot.query("SELECT key FROM numbers", {}, [&](const Row&) { return ++pairs < 100; }).has_value();
        });
    }));
}

TEST_P(Conformance, a_stopped_query_and_a_throwing_row_callback_leave_the_connection_usable) {
    ASSERT_TRUE(db().write([](Transaction& tx) { return put(tx, 1, 10); }));
    EXPECT_THROW((void)db().read([](Snapshot& snapshot) -> Result<void> {
        return snapshot.query("SELECT key FROM numbers", {}, [](const Row&) -> bool { throw Bug("row"); });
    }),
                 Bug);
    ASSERT_TRUE(db().write([](Transaction& tx) { return put(tx, 2, 20); }));
    EXPECT_EQ(content(db()).size(), 2u);  // a new snapshot, not the abandoned one
}

TEST_P(Conformance, after_commit_runs_in_order_before_the_writer_is_told_and_only_on_success) {
    std::vector<std::string> seen;  // only touched by the database's thread until finish() returns
    Group group(db());
    for (const char* name : {"a", "b", "c"})
        group.add([&seen, name](Transaction& tx) -> Result<void> {
            tx.after_commit([&seen, name] { seen.push_back(std::string(name) + "1"); });
            tx.after_commit([&seen, name] { seen.push_back(std::string(name) + "2"); });
            if (name[0] == 'b') return Error(ErrorCode::conflict);
            return {};
        });
    group.finish();
    EXPECT_EQ(seen, (std::vector<std::string>{"a1", "a2", "c1", "c2"}));
}

TEST_P(Conformance, results_arrive_in_commit_order) {
    std::vector<int> order;
    std::latch all(100);
    for (int i = 0; i < 100; ++i)
        db().write_async([i](Transaction& tx) { return put(tx, i, i); },
                         [&, i](Result<void>) {
                             order.push_back(i);
                             all.count_down();
                         });
    all.wait();
    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_P(Conformance, a_full_queue_refuses_at_once) {
    reopen(2);
    const auto before = db().counters();
    std::latch started(1);
    std::latch release(1);
    std::atomic<int> succeeded = 0;
    const auto count = [&](Result<void> result) { succeeded += result.has_value() ? 1 : 0; };
    db().write_async(
        [&](Transaction&) -> Result<void> {
            started.count_down();
            release.wait();
            return {};
        },
        count);
    started.wait();
    db().write_async([](Transaction& tx) { return put(tx, 1, 1); }, count);
    db().write_async([](Transaction& tx) { return put(tx, 2, 2); }, count);
    std::optional<Result<void>> refused;
    db().write_async([](Transaction& tx) { return put(tx, 3, 3); }, [&](Result<void> result) { refused = result; });
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->error().code(), ErrorCode::unavailable);
    EXPECT_EQ(db().counters().queue_length, 2u);
    release.count_down();
    database_.reset();  // finishes what was accepted
    EXPECT_EQ(succeeded, 3);
    reopen();
    EXPECT_EQ(content(db()), (Model{{1, 1}, {2, 2}}));
    EXPECT_EQ(before.failed_writes, 0u);
}

TEST_P(Conformance, readers_and_writers_on_many_threads_see_whole_transactions) {
    // Every work moves one unit between two rows: each snapshot has the same sum.
    ASSERT_TRUE(db().write([](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(put(tx, 1, 1000));
        return put(tx, 2, 0);
    }));
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            while (!stop) {
                const Model model = content(db());
                EXPECT_EQ(model.at(1) + model.at(2), 1000);
            }
        });
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; ++i)
        writers.emplace_back([&] {
            for (int n = 0; n < 50; ++n)
                EXPECT_TRUE(db().write([](Transaction& tx) -> Result<void> {
                    CLOISTER_RETURN_IF_ERROR(tx.execute("UPDATE numbers SET value = value - 1 WHERE key = 1", {}));
                    CLOISTER_RETURN_IF_ERROR(tx.execute("UPDATE numbers SET value = value + 1 WHERE key = 2", {}));
                    return {};
                }));
        });
    for (std::thread& thread : writers) thread.join();
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(content(db()), (Model{{1, 850}, {2, 150}}));
}

TEST_P(Conformance, a_reading_thread_may_outlive_the_database) {
    std::latch has_read(1);
    std::latch closed(1);
    std::thread reader([&] {
        EXPECT_EQ(content(db()), Model{});
        has_read.count_down();
        closed.wait();
    });
    has_read.wait();
    database_.reset();
    closed.count_down();
    reader.join();
}

TEST_P(Conformance, migrations_run_once_and_go_on_where_they_stopped) {
    ASSERT_TRUE(db().migrate("other", std::span(kNumbers).first(0)));
    constexpr Migration kOther[] = {
        {1, "one", "CREATE TABLE other(a {int})"},
        {2, "two", "ALTER TABLE other ADD COLUMN b {text}; CREATE INDEX other_b ON other(b)"}};
    ASSERT_TRUE(db().migrate("other", std::span(kOther).first(1)));
    ASSERT_TRUE(db().migrate("other", kOther));
    ASSERT_TRUE(db().migrate("other", kOther));
    ASSERT_TRUE(
        db().read([](Snapshot& s) { return s.query("SELECT a, b FROM other", {}, [](const Row&) { return true; }); }));
    const auto older = db().migrate("other", std::span(kOther).first(1));
    EXPECT_EQ(older.error().code(), ErrorCode::unsupported);
}

TEST_P(Conformance, a_failing_migration_leaves_nothing_of_itself) {
    constexpr Migration kBroken[] = {{1, "broken", "CREATE TABLE half(a {int}); CREATE TABLE half(a {int})"}};
    EXPECT_FALSE(db().migrate("broken", kBroken).has_value());
    EXPECT_FALSE(
        db().read([](Snapshot& s) { return s.query("SELECT a FROM half", {}, [](const Row&) { return true; }); })
            .has_value());
    constexpr Migration kMended[] = {{1, "mended", "CREATE TABLE half(a {int})"}};
    EXPECT_TRUE(db().migrate("broken", kMended));
}

TEST_P(Conformance, counters_tell_the_group_size) {
    const Counters before = db().counters();
    Group group(db());
    for (int i = 0; i < 10; ++i) group.add([i](Transaction& tx) { return put(tx, i, i); });
    group.add([](Transaction&) -> Result<void> { return Error(ErrorCode::conflict); });
    group.finish();
    const Counters after = db().counters();
    EXPECT_EQ(after.writes - before.writes, 11u);  // ten and the one that held the writer
    EXPECT_EQ(after.failed_writes - before.failed_writes, 1u);
    EXPECT_EQ(after.commits - before.commits, 2u);
    EXPECT_TRUE(db().writable());  // a refusal by a work says nothing about the device
}

TEST_P(Conformance, checkpoint_and_truncate_keeps_the_content) {
    ASSERT_TRUE(db().write([](Transaction& tx) { return put(tx, 1, 10); }));
    ASSERT_TRUE(db().checkpoint_and_truncate());
    EXPECT_EQ(content(db()), (Model{{1, 10}}));
    ASSERT_TRUE(db().write([](Transaction& tx) { return put(tx, 2, 20); }));
    EXPECT_EQ(content(db()).size(), 2u);
}

}  // namespace cloister::store
