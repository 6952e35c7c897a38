#include "audit/log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "audit/deriver.h"
#include "audit/note.h"
#include "audit/test_log.h"
#include "audit/tiles.h"

namespace cloister::audit {
namespace {

using Numbers = std::vector<std::uint64_t>;

Checkpoint checkpoint_of(TestLog& t) {
    return open_checkpoint(t.log().checkpoint().value(), parse_verifier_key(t.log().verifier_key()).value()).value();
}

TEST(AuditLog, begins_empty_with_a_signed_checkpoint) {  // R27
    TestLog t;
    EXPECT_EQ(t.log().size(), 0U);
    EXPECT_EQ(checkpoint_of(t).size, 0U);
    EXPECT_EQ(checkpoint_of(t).root, empty_root());
    EXPECT_TRUE(t.log().search({}).value().empty());
    EXPECT_TRUE(t.verify().problems.empty());
}

TEST(AuditLog, gives_entries_of_reads_and_writes_one_place_each) {  // R7, R27
    TestLog t;
    EXPECT_EQ(t.append(0), 0U);
    EXPECT_EQ(t.append(1), 1U);
    ASSERT_TRUE(t.record(2));
    ASSERT_TRUE(t.log().catch_up());
    EXPECT_EQ(t.numbers(), (Numbers{0, 1, 2}));
    EXPECT_EQ(t.log().entry_at(3).error().code(), ErrorCode::not_found);
}

TEST(AuditLog, tells_the_index_of_a_recorded_entry_once_it_is_durable) {
    TestLog t;
    t.append(0);
    std::atomic<std::uint64_t> index = 99;
    ASSERT_TRUE(t.data().write([&](store::Transaction& transaction) {
        return t.log().record(transaction, numbered_entry(1), [&](Result<std::uint64_t> at) { index = at.value(); });
    }));
    ASSERT_TRUE(t.log().catch_up());
    EXPECT_EQ(index, 1U);
}

TEST(AuditLog, forgets_the_entry_of_a_write_that_failed) {
    TestLog t;
    ASSERT_FALSE(t.data().write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(t.log().record(transaction, numbered_entry(1)));
        return Error(ErrorCode::conflict);
    }));
    ASSERT_TRUE(t.record(2));
    ASSERT_TRUE(t.log().catch_up());
    EXPECT_EQ(t.numbers(), Numbers{2});
}

TEST(AuditLog, keeps_several_entries_of_one_transaction_in_their_order) {
    TestLog t;
    ASSERT_TRUE(t.data().write([&](store::Transaction& transaction) -> Result<void> {
        for (std::uint64_t n = 0; n < 5; ++n) CLOISTER_RETURN_IF_ERROR(t.log().record(transaction, numbered_entry(n)));
        return {};
    }));
    ASSERT_TRUE(t.log().catch_up());
    EXPECT_EQ(t.numbers(), (Numbers{0, 1, 2, 3, 4}));
}

// A crash between commit and journal leaves rows that the journal never saw.
TEST(AuditLog, moves_what_a_crash_left_in_the_outbox_in_order_and_once) {
    TestLog t;
    ASSERT_TRUE(t.record(0));
    ASSERT_TRUE(t.log().catch_up());
    ASSERT_TRUE(t.data().write([&](store::Transaction& transaction) -> Result<void> {
        for (std::int64_t n = 1; n <= 3; ++n) {
            const Bytes entry = encode(numbered_entry(static_cast<std::uint64_t>(n))).value();
            CLOISTER_RETURN_IF_ERROR(
                transaction.execute("INSERT INTO audit_outbox (seq, entry) VALUES ($1, $2)", {n + 1, ByteView(entry)}));
        }
        return {};
    }));
    EXPECT_EQ(t.log().size(), 1U);
    ASSERT_TRUE(t.reopen());
    EXPECT_EQ(t.numbers(), (Numbers{0, 1, 2, 3}));
    ASSERT_TRUE(t.reopen());
    ASSERT_TRUE(t.record(4));
    ASSERT_TRUE(t.log().catch_up());
    EXPECT_EQ(t.numbers(), (Numbers{0, 1, 2, 3, 4}));
}

TEST(AuditLog, does_not_use_a_number_again_when_the_database_went_back_in_time) {
    TestLog t;
    for (std::uint64_t n = 0; n < 3; ++n) ASSERT_TRUE(t.record(n));
    ASSERT_TRUE(t.log().catch_up());
    ASSERT_TRUE(t.data().write([](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(transaction.execute("DELETE FROM audit_outbox", {}));
        return {};
    }));
    ASSERT_TRUE(t.reopen());
    ASSERT_TRUE(t.record(3));
    t.close();  // what was recorded must be recognised as new
    ASSERT_TRUE(t.open());
    EXPECT_EQ(t.numbers(), (Numbers{0, 1, 2, 3}));
}

TEST(AuditLog, clears_the_outbox_of_what_has_arrived_but_keeps_the_newest_row) {
    TestLog t;
    for (std::uint64_t n = 0; n < 1200; ++n) {
        t.data().write_async([&t, n](store::Transaction& tx) { return t.log().record(tx, numbered_entry(n)); },
                             [](const Result<void>&) {});
    }
    ASSERT_TRUE(t.record(1200));
    ASSERT_TRUE(t.log().catch_up());
    ASSERT_TRUE(t.record(1201));
    std::int64_t rows = 0;
    std::int64_t newest = 0;
    ASSERT_TRUE(t.data().read([&](store::Snapshot& snapshot) {
        return snapshot.query("SELECT count(*), max(seq) FROM audit_outbox", {}, [&](const store::Row& row) {
            rows = row.integer(0);
            newest = row.integer(1);
            return false;
        });
    }));
    EXPECT_LT(rows, 600);
    EXPECT_EQ(newest, 1202);
    ASSERT_TRUE(t.log().catch_up());
    Numbers want(1202);
    std::iota(want.begin(), want.end(), 0);
    EXPECT_EQ(t.numbers(), want);
}

TEST(AuditLog, orders_recorded_entries_by_commit_beside_many_reads) {
    TestLog t;
    std::thread reader([&] {
        for (std::uint64_t n = 0; n < 300; ++n) t.append(10'000 + n);
    });
    for (std::uint64_t n = 0; n < 300; ++n)
        t.data().write_async([&t, n](store::Transaction& tx) { return t.log().record(tx, numbered_entry(n)); },
                             [](const Result<void>&) {});
    reader.join();
    ASSERT_TRUE(t.record(300));
    ASSERT_TRUE(t.log().catch_up());
    Numbers recorded;
    Numbers read;
    for (const std::uint64_t n : t.numbers()) (n < 10'000 ? recorded : read).push_back(n);
    EXPECT_EQ(recorded.size(), 301U);
    EXPECT_EQ(read.size(), 300U);
    EXPECT_TRUE(std::ranges::is_sorted(recorded));
    EXPECT_TRUE(std::ranges::is_sorted(read));
}

TEST(AuditLog, serves_tiles_bundles_and_proofs_that_verify) {  // R27
    TestLog t;
    for (std::uint64_t n = 0; n < 600; ++n) t.log().append(numbered_entry(n), [](const Result<std::uint64_t>&) {});
    ASSERT_TRUE(t.log().catch_up());
    const Checkpoint checkpoint = checkpoint_of(t);
    ASSERT_EQ(checkpoint.size, 600U);

    const Bytes bundle = t.log().entry_bundle(2, 88).value();
    const auto entries = parse_bundle(bundle).value();
    ASSERT_EQ(entries.size(), 88U);
    const Bytes tile = t.log().tile(0, 2, 88).value();
    ASSERT_EQ(tile.size(), 88U * 32);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const Digest leaf = leaf_hash(entries[i]);
        EXPECT_TRUE(std::ranges::equal(leaf, ByteView(tile).subspan(32 * i, 32)));
        const auto proof = t.log().prove_inclusion(512 + i, 600).value();
        EXPECT_TRUE(verify_inclusion(512 + i, 600, leaf, proof.hashes, checkpoint.root));
    }
    EXPECT_EQ(t.log().tile(1, 0, 2).value().size(), 64U);
    for (const auto& [level, index, width] : {std::tuple{0U, 2U, 89U},
                                              {0U, 3U, 1U},
                                              {1U, 0U, 3U},
                                              {2U, 0U, 1U},
                                              {9U, 0U, 1U},
                                              {0U, 0U, 0U},
                                              {0U, 0U, 257U}})
        EXPECT_EQ(t.log().tile(level, index, width).error().code(), ErrorCode::not_found);
    EXPECT_EQ(t.log().entry_bundle(2, 89).error().code(), ErrorCode::not_found);
    EXPECT_EQ(t.log().entry_bundle(UINT64_MAX, 256).error().code(), ErrorCode::not_found);

    t.append(600);
    EXPECT_FALSE(t.log().prove_inclusion(600, 601));  // no checkpoint covers it yet
    ASSERT_TRUE(t.log().catch_up());
    const auto proof = t.log().prove_consistency(600, 601).value();
    EXPECT_TRUE(verify_consistency(600, 601, proof, checkpoint.root, checkpoint_of(t).root));
}

TEST(AuditLog, follows_by_itself_when_asked_to) {
    TestLog t;
    t.close();
    t.derive_every = std::chrono::milliseconds(1);
    ASSERT_TRUE(t.open());
    t.append(0);
    while (t.log().checkpoint_size().value() != 1) std::this_thread::yield();
    EXPECT_FALSE(t.log().fatal());
    EXPECT_TRUE(t.log().writable());
}

TEST(AuditLog, derives_again_what_was_not_covered_by_a_checkpoint) {
    TestLog t;
    for (std::uint64_t n = 0; n < 300; ++n) t.append(n);
    ASSERT_TRUE(t.log().catch_up());
    const Digest root = checkpoint_of(t).root;
    t.close();
    // A crash of the machine may leave anything behind the checkpoint's part.
    spit(hash_file(hashes_directory(t.directory()), 0), slurp(hash_file(hashes_directory(t.directory()), 0)) + "torn");
    std::filesystem::remove(hash_file(hashes_directory(t.directory()), 1));
    ASSERT_TRUE(t.open());
    EXPECT_EQ(checkpoint_of(t).root, root);
    t.append(300);
    ASSERT_TRUE(t.log().catch_up());
    EXPECT_TRUE(t.verify().problems.empty());
}

TEST(AuditLog, does_not_open_when_the_files_contradict_the_checkpoint) {
    TestLog t;
    for (std::uint64_t n = 0; n < 5; ++n) t.append(n);
    ASSERT_TRUE(t.log().catch_up());
    t.close();
    const auto corrupt_after = [&](const std::filesystem::path& file, const std::string& bad) {
        const std::string good = slurp(file);
        spit(file, bad);
        const auto opened = t.open();
        EXPECT_FALSE(opened);
        if (!opened) EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
        t.close();
        spit(file, good);
    };
    std::string hashes = slurp(hash_file(hashes_directory(t.directory()), 0));
    hashes[40] = static_cast<char>(hashes[40] ^ 4);
    corrupt_after(hash_file(hashes_directory(t.directory()), 0), hashes);
    std::string checkpoint = slurp(checkpoint_file(t.directory()));
    checkpoint[checkpoint.size() - 5] = checkpoint[checkpoint.size() - 5] == 'A' ? 'B' : 'A';
    corrupt_after(checkpoint_file(t.directory()), checkpoint);
    // A valid checkpoint over more entries than there are: the journal lost some.
    const Checkpoint beyond{"cloister/test", 6, empty_root(), {}};
    corrupt_after(checkpoint_file(t.directory()),
                  sign_note(format_checkpoint(beyond), "cloister/test", t.key()).value());
    EXPECT_TRUE(t.open());
}

TEST(AuditLog, stays_consistent_with_every_former_checkpoint_when_rebuilt) {
    TestLog t;
    for (std::uint64_t n = 0; n < 700; ++n) t.log().append(numbered_entry(n), [](const Result<std::uint64_t>&) {});
    ASSERT_TRUE(t.log().catch_up());
    const std::string before = t.log().checkpoint().value();
    t.close();
    EXPECT_EQ(rebuild(t.options(), t.key(), nullptr).value(), 700U);
    ASSERT_TRUE(t.open());
    EXPECT_EQ(t.log().checkpoint().value(), before);
    EXPECT_EQ(t.log().search({.actor = "staff:1"}).value().size(), 50U);
    EXPECT_TRUE(t.verify(before).problems.empty());
}

TEST(AuditLog, exports_the_standard_layout) {
    TestLog t;
    for (std::uint64_t n = 0; n < 520; ++n) t.log().append(numbered_entry(n), [](const Result<std::uint64_t>&) {});
    ASSERT_TRUE(t.log().catch_up());
    const auto to = t.temp() / "export";
    ASSERT_TRUE(export_tiles(t.directory(), to, nullptr));
    EXPECT_EQ(slurp(to / "checkpoint"), t.log().checkpoint().value());
    EXPECT_EQ(to_bytes(slurp(to / "tile/0/000")), t.log().tile(0, 0, 256).value());
    EXPECT_EQ(to_bytes(slurp(to / "tile/0/002.p/8")), t.log().tile(0, 2, 8).value());
    EXPECT_EQ(to_bytes(slurp(to / "tile/1/000.p/2")), t.log().tile(1, 0, 2).value());
    EXPECT_EQ(to_bytes(slurp(to / "tile/entries/001")), t.log().entry_bundle(1, 256).value());
    EXPECT_EQ(to_bytes(slurp(to / "tile/entries/002.p/8")), t.log().entry_bundle(2, 8).value());
    EXPECT_EQ(std::distance(std::filesystem::recursive_directory_iterator(to), {}), 15);
    EXPECT_EQ(export_tiles(t.directory(), to, nullptr).error().code(), ErrorCode::already_exists);
}

RC_GTEST_PROP(AuditLogProperty, every_entry_is_there_once_in_order_and_every_checkpoint_stays_true, ()) {
    TestLog t;
    std::uint64_t next = 0;
    std::vector<std::string> checkpoints;
    // Every step waits for the disk, so there are few.
    const auto count = *rc::gen::inRange<std::size_t>(0, 12);
    const auto steps = *rc::gen::container<std::vector<int>>(count, rc::gen::inRange(0, 10));
    for (const int step : steps) {
        if (step < 4) {
            t.append(next++);
        } else if (step < 8) {
            RC_ASSERT(t.record(next++).has_value());
            RC_ASSERT(step < 6 || t.log().catch_up().has_value());
        } else if (step == 8) {
            RC_ASSERT(t.log().catch_up().has_value());
            checkpoints.push_back(t.log().checkpoint().value());
        } else {
            RC_ASSERT(t.reopen().has_value());
        }
    }
    RC_ASSERT(t.reopen().has_value());
    Numbers numbers = t.numbers();
    std::ranges::sort(numbers);
    Numbers want(next);
    std::iota(want.begin(), want.end(), 0);
    RC_ASSERT(numbers == want);
    RC_ASSERT(t.log().catch_up().has_value());
    for (const std::string& checkpoint : checkpoints) RC_ASSERT(t.verify(checkpoint).problems.empty());
}

}  // namespace
}  // namespace cloister::audit
