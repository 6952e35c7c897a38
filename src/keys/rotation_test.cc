#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "keys/keys_testing.h"

namespace cloister::keys {
namespace {

using testing::customer;
using testing::Fixture;
using testing::kFive;
using testing::same_keys;

std::string states(Keyring& keyring) {
    std::string all;
    const auto infos = keyring.keks();
    for (const KekInfo& info : *infos)
        all += std::to_string(info.number) + ":" + info.state + ":" + std::to_string(info.wraps) + " ";
    return all;
}

TEST(Rotation, rewraps_everything_and_keeps_every_key) {
    Fixture f;
    const auto made = f.make(1, 1100);
    const auto index = f.keyring->vault_key("index");
    const auto signing = f.keyring->signing_seed("audit");
    EXPECT_EQ(states(*f.keyring), "1:active:1100 ");
    const auto done = f.keyring->rotate(nullptr);
    ASSERT_TRUE(done) << done.error().detail();
    EXPECT_EQ(done->done, 1102u);
    EXPECT_EQ(done->total, 1102u);
    EXPECT_EQ(done->from_kek, 1u);
    EXPECT_EQ(done->to_kek, 2u);
    EXPECT_EQ(states(*f.keyring), "1:destroyed:0 2:active:1100 ");
    f.reopen();
    for (std::uint64_t n = 1; n <= 1100; ++n)
        ASSERT_TRUE(same_keys(**f.keyring->find(customer(n)), *made[n - 1], kFive)) << n;
    EXPECT_TRUE(f.keyring->vault_key("index")->equals(*index));
    EXPECT_TRUE(f.keyring->signing_seed("audit")->equals(*signing));
    EXPECT_TRUE(f.keyring->verify()->empty());
}

TEST(Rotation, leaves_neither_the_old_kek_nor_old_rows_in_any_file) {
    Fixture f;
    f.make(1, 300);
    const Bytes kek = f.kek_row(1);
    const Bytes row = f.packed_row(customer(150));
    ASSERT_NE(f.all_files().find(as_text(kek).substr(40, 20)), std::string::npos);
    ASSERT_TRUE(f.keyring->rotate(nullptr));
    const std::string files = f.all_files();
    for (std::size_t i = 46; i + 12 <= kek.size(); ++i)  // nonce and ciphertext
        ASSERT_EQ(files.find(as_text(kek).substr(i, 12)), std::string::npos) << i;
    for (std::size_t i = 12 + 5 * 34; i + 12 <= row.size(); ++i)
        ASSERT_EQ(files.find(as_text(row).substr(i, 12)), std::string::npos) << i;
}

TEST(Rotation, a_stolen_copy_of_an_erased_row_no_longer_opens_after_it) {
    Fixture f;
    f.make(1, 2);
    const Bytes stolen = f.packed_row(customer(1));
    ASSERT_TRUE(f.keyring->shred(customer(1)));
    ASSERT_TRUE(f.keyring->rotate(nullptr));
    f.keyring.reset();
    f.tamper("insert into customer_keys (customer, packed) values ($1, $2)", {customer(1).bytes(), ByteView(stolen)});
    f.reopen();
    const auto found = f.keyring->find(customer(1));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), ErrorCode::corrupt);
}

TEST(Rotation, interrupted_after_any_batch_goes_on_where_it_was) {
    for (int stop_after = 1; stop_after <= 4; ++stop_after) {
        for (const bool reopen : {false, true}) {
            Fixture f;
            const auto made = f.make(1, 1700);  // four batches
            int batches = 0;
            const auto stopped = f.keyring->rotate([&](const RotationProgress&) { return ++batches < stop_after; });
            ASSERT_FALSE(stopped);
            EXPECT_EQ(stopped.error().code(), ErrorCode::cancelled);
            if (reopen) f.reopen();
            EXPECT_EQ(f.keyring->keks()->size(), 2u);
            EXPECT_TRUE(f.keyring->verify()->empty());
            f.make(5000, 1);
            std::uint64_t first_done = 0;
            const auto done = f.keyring->rotate([&](const RotationProgress& progress) {
                if (first_done == 0) first_done = progress.done;
                return true;
            });
            ASSERT_TRUE(done) << done.error().detail();
            EXPECT_EQ(done->to_kek, 2u);  // resumed, not begun anew
            EXPECT_EQ(done->done, 1701u);
            EXPECT_EQ(done->total, 1701u);
            if (stop_after < 4) EXPECT_GT(first_done, 500u * static_cast<unsigned>(stop_after));
            EXPECT_EQ(states(*f.keyring), "1:destroyed:0 2:active:1701 ");
            f.reopen();
            for (std::uint64_t n = 1; n <= 1700; n += 13)
                ASSERT_TRUE(same_keys(**f.keyring->find(customer(n)), *made[n - 1], kFive));
        }
    }
}

TEST(Rotation, runs_while_customers_are_read_made_extended_and_erased) {
    Fixture f;
    f.options.cache_customers = 10;  // so that reads reach the store
    f.reopen();
    const CollectionNumber two[] = {1, 2};
    const auto made = f.make(1, 2000);
    std::atomic<bool> stop{false};
    std::atomic<int> failures{0};
    std::atomic<std::uint64_t> created{0};
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
        for (std::uint64_t n = 1; !stop; n = n % 1500 + 1) {
            const auto found = f.keyring->find(customer(n));
            if (!found || !same_keys(**found, *made[n - 1], kFive)) ++failures;
        }
    });
    threads.emplace_back([&] {
        for (std::uint64_t n = 10'000; !stop; ++n) {
            const auto fresh = f.keyring->create({{customer(n), two}});
            const auto extended = f.keyring->find_or_extend(customer(n), kFive);
            if (!fresh || !extended || !same_keys(**extended, *(*fresh)[0], two)) ++failures;
            created = n - 9'999;
        }
    });
    threads.emplace_back([&] {
        for (std::uint64_t n = 1501; n <= 2000 && !stop; ++n)
            if (!f.keyring->shred(customer(n))) ++failures;
    });
    for (int round = 0; round < 3; ++round) {
        const auto rotated = f.keyring->rotate(nullptr);
        EXPECT_TRUE(rotated) << rotated.error().detail();
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures, 0);
    f.reopen();
    EXPECT_TRUE(f.keyring->verify()->empty());
    for (std::uint64_t n = 10'000; n < 10'000 + created; ++n) ASSERT_TRUE(f.keyring->find(customer(n))) << n;
    for (std::uint64_t n = 1; n <= 1500; n += 7)
        ASSERT_TRUE(same_keys(**f.keyring->find(customer(n)), *made[n - 1], kFive));
}

// The other keyring stands for a caller that packed a row just before the KEK was replaced.
TEST(Rotation, nothing_is_wrapped_under_a_kek_that_is_no_longer_active) {
    Fixture f;
    f.make(1, 1);
    auto late = std::move(f.open()).value();
    ASSERT_TRUE(f.keyring->rotate(nullptr));
    const auto made = late->create({{customer(2), kFive}});
    ASSERT_TRUE(made) << made.error().detail();
    ASSERT_TRUE(late->vault_key("late"));
    ASSERT_TRUE(late->find_or_extend(customer(1), kFive));
    EXPECT_EQ(states(*f.keyring), "1:destroyed:0 2:active:2 ");
    EXPECT_TRUE(same_keys(**f.keyring->find(customer(2)), *(*made)[0], kFive));
    EXPECT_TRUE(f.keyring->vault_key("late"));
}

TEST(Rotation, only_one_runs_at_a_time) {
    Fixture f;
    f.make(1, 10);
    ErrorCode second = ErrorCode::internal;
    ASSERT_TRUE(f.keyring->rotate([&](const RotationProgress&) {
        second = f.keyring->rotate(nullptr).error().code();
        return true;
    }));
    EXPECT_EQ(second, ErrorCode::conflict);
    EXPECT_TRUE(f.keyring->rotate(nullptr));
}

TEST(Rotation, keeps_the_old_kek_while_a_damaged_row_needs_it) {
    Fixture f;
    f.make(1, 3);
    Bytes bent = f.packed_row(customer(2));
    const Bytes whole = bent;
    bent.back() ^= std::byte{1};
    f.tamper("update customer_keys set packed = $1 where customer = $2", {ByteView(bent), customer(2).bytes()});
    f.reopen();
    const auto rotated = f.keyring->rotate(nullptr);
    ASSERT_FALSE(rotated);
    EXPECT_EQ(rotated.error().code(), ErrorCode::corrupt);
    EXPECT_NE(rotated.error().detail().find(customer(2).to_string()), std::string::npos);
    EXPECT_EQ(states(*f.keyring), "1:deactivated:1 2:active:2 ");
    // Repaired, it goes through.
    f.tamper("update customer_keys set packed = $1 where customer = $2", {ByteView(whole), customer(2).bytes()});
    EXPECT_TRUE(f.keyring->rotate(nullptr));
    EXPECT_EQ(states(*f.keyring), "1:destroyed:0 2:active:3 ");
    EXPECT_TRUE(f.keyring->find(customer(2)));
}

TEST(Rotation, numbers_are_never_used_twice) {
    Fixture f;
    for (std::uint32_t n = 2; n <= 5; ++n) EXPECT_EQ(f.keyring->rotate(nullptr)->to_kek, n);
    f.reopen();
    EXPECT_EQ(f.keyring->rotate(nullptr)->to_kek, 6u);
}

}  // namespace
}  // namespace cloister::keys
