// Erasure: after shred() nothing on disk or in memory opens the customer's records.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <unordered_set>

#include "keys/keys_testing.h"

namespace cloister::keys {
namespace {

using testing::customer;
using testing::Fixture;
using testing::kFive;
using testing::same_keys;

// Is any stretch of twelve bytes of what was wrapped (commitments, nonce, ciphertext) anywhere in the files?
class Remnants {
 public:
    static constexpr std::size_t kWindow = 12;
    explicit Remnants(const std::string& files) : files_(files) {
        for (std::size_t i = 0; i + kWindow <= files_.size(); ++i)
            windows_.insert(std::string_view(files_).substr(i, kWindow));
    }
    bool of(ByteView packed) const {
        const std::string_view text = as_text(packed);
        for (std::size_t i = 14; i + kWindow <= text.size(); ++i)
            if (windows_.contains(text.substr(i, kWindow))) return true;
        return false;
    }

 private:
    const std::string files_;
    std::unordered_set<std::string_view> windows_;
};

TEST(Shred, makes_the_customer_not_found_at_once_and_after_reopening) {
    Fixture f;
    const auto made = f.make(1, 3);
    ASSERT_TRUE(f.keyring->shred(customer(2)));
    EXPECT_EQ(f.keyring->find(customer(2)).error().code(), ErrorCode::not_found);
    EXPECT_EQ(f.keyring->find_or_extend(customer(2), kFive).error().code(), ErrorCode::not_found);
    f.reopen();
    EXPECT_EQ(f.keyring->find(customer(2)).error().code(), ErrorCode::not_found);
    EXPECT_TRUE(same_keys(**f.keyring->find(customer(1)), *made[0], kFive));
    EXPECT_TRUE(same_keys(**f.keyring->find(customer(3)), *made[2], kFive));
}

TEST(Shred, succeeds_when_there_is_nothing_to_erase) {
    Fixture f;
    EXPECT_TRUE(f.keyring->shred(customer(1)));
    EXPECT_TRUE(f.keyring->shred_many({}));
}

TEST(Shred, empties_the_write_ahead_log) {
    Fixture f;
    f.make(1, 50);
    ASSERT_TRUE(f.keyring->shred(customer(1)));
    EXPECT_EQ(testing::read_file(f.dir / "keys.db-wal").size(), 0u);
}

TEST(Shred, is_no_success_while_a_reader_holds_the_log_and_is_finished_by_repeating_or_opening) {
    Fixture f;
    f.make(1, 2);
    const Bytes packed = f.packed_row(customer(1));
    Fixture crashed;
    crashed.keyring.reset();
    auto other = store::open_sqlite({.file = f.options.file});
    ASSERT_TRUE(other);
    Result<void> first;
    ASSERT_TRUE((*other)->read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(
            snapshot.query("select count(*) from keks", {}, [](const store::Row&) { return true; }));
        first = f.keyring->shred(customer(1));
        // What a crash at this moment would leave.
        for (const char* name : {"keys.db", "keys.db-wal"})
            std::filesystem::copy_file(f.dir / name, crashed.dir / name,
                                       std::filesystem::copy_options::overwrite_existing);
        return {};
    }));
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code(), ErrorCode::unavailable);
    EXPECT_NE(first.error().detail().find("repeat"), std::string::npos);
    EXPECT_EQ(f.keyring->find(customer(1)).error().code(), ErrorCode::not_found);
    EXPECT_TRUE(f.keyring->shred(customer(1)));
    EXPECT_EQ(testing::read_file(f.dir / "keys.db-wal").size(), 0u);

    EXPECT_TRUE(Remnants(crashed.all_files()).of(packed));
    crashed.reopen();
    EXPECT_EQ(crashed.keyring->find(customer(1)).error().code(), ErrorCode::not_found);
    EXPECT_FALSE(Remnants(crashed.all_files()).of(packed));
}

TEST(Shred, a_customer_made_again_gets_other_keys) {
    Fixture f;
    const auto before = f.make(1, 1)[0];
    ASSERT_TRUE(f.keyring->shred(customer(1)));
    const auto after = f.make(1, 1)[0];
    EXPECT_FALSE(before->find(1)->equals(*after->find(1)));
}

// Pages that split, rows that grow and many erasures are what leaves copies behind in a B-tree.
TEST(Shred, leaves_no_trace_of_wrapped_keys_in_any_file) {
    Fixture f;
    std::mt19937 random(4711);
    const CollectionNumber two[] = {1, 2};
    for (std::uint64_t n = 0; n < 1500; n += 30)
        f.make(1 + n, 30, n % 60 == 0 ? std::span<const CollectionNumber>(two) : kFive);
    std::vector<Bytes> gone;
    for (std::uint64_t n = 1; n < 1500; n += 40) ASSERT_TRUE(f.keyring->find_or_extend(customer(n), kFive));
    std::vector<CustomerId> everybody;
    for (std::uint64_t n = 1; n <= 1500; ++n) everybody.push_back(customer(n));
    std::shuffle(everybody.begin(), everybody.end(), random);
    const std::span<const CustomerId> erased(everybody.data(), 700);
    const std::span<const CustomerId> kept(everybody.data() + 700, 20);
    for (const CustomerId id : erased) gone.push_back(f.packed_row(id));
    std::vector<Bytes> living;
    for (const CustomerId id : kept) living.push_back(f.packed_row(id));
    for (std::size_t i = 0; i < erased.size(); i += 70) ASSERT_TRUE(f.keyring->shred_many(erased.subspan(i, 70)));

    const Remnants remnants(f.all_files());
    for (const Bytes& packed : living) ASSERT_TRUE(remnants.of(packed));  // the search does find what is there
    std::size_t found = 0;
    for (const Bytes& packed : gone) found += remnants.of(packed) ? 1 : 0;
    EXPECT_EQ(found, 0u);
    EXPECT_TRUE(f.keyring->verify()->empty());
}

TEST(Shred, a_row_written_anew_by_an_extension_leaves_no_trace_of_the_old_one) {
    Fixture f;
    const CollectionNumber two[] = {1, 2};
    f.make(1, 300, two);
    std::vector<Bytes> old;
    for (std::uint64_t n = 1; n <= 300; n += 3) old.push_back(f.packed_row(customer(n)));
    for (std::uint64_t n = 1; n <= 300; n += 3) ASSERT_TRUE(f.keyring->find_or_extend(customer(n), kFive));
    ASSERT_TRUE(f.keyring->shred(customer(2)));
    const Remnants remnants(f.all_files());
    // The commitments of the old keys live on in the new row; nonce and ciphertext must not.
    for (const Bytes& packed : old) EXPECT_FALSE(remnants.of(ByteView(packed).subspan(12 + 2 * 34 - 14)));
}

TEST(Shred, wins_against_readers_that_would_put_the_keys_back_into_the_cache) {
    Fixture f;
    f.options.cache_customers = 1000;
    f.reopen();
    f.make(1, 200);
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> current{1};
    std::vector<std::thread> readers;
    for (int t = 0; t < 3; ++t) {
        readers.emplace_back([&] {
            while (!stop) {
                const std::uint64_t n = current;
                const CustomerId both[] = {customer(n), customer(n + 1)};
                const auto one = f.keyring->find(both[0]);
                if (!one) EXPECT_EQ(one.error().code(), ErrorCode::not_found);
                EXPECT_TRUE(f.keyring->find_many(both));
            }
        });
    }
    for (std::uint64_t n = 1; n <= 150; ++n) {
        current = n;
        ASSERT_TRUE(f.keyring->shred(customer(n)));
        ASSERT_EQ(f.keyring->find(customer(n)).error().code(), ErrorCode::not_found) << n;
    }
    stop = true;
    for (std::thread& reader : readers) reader.join();
    for (std::uint64_t n = 1; n <= 150; ++n) ASSERT_FALSE(f.keyring->find(customer(n))) << n;
}

}  // namespace
}  // namespace cloister::keys
