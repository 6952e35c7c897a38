#include "keys/keyring.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <thread>

#include "keys/cache.h"
#include "keys/keys_testing.h"

namespace cloister::keys {
namespace {

using testing::customer;
using testing::Fixture;
using testing::kCheap;
using testing::kFive;
using testing::read_file;
using testing::same_keys;
using testing::vault;
using testing::write_file;

std::string key_bytes(const CustomerKeys& keys, CollectionNumber collection) {
    return std::string(as_text(keys.find(collection)->reveal()));
}

TEST(Keyring, gives_a_new_customer_a_different_key_for_each_collection) {
    Fixture f;
    const auto made = f.make(1, 20);
    std::set<std::string> seen;
    for (const auto& keys : made)
        for (const CollectionNumber c : kFive) seen.insert(key_bytes(*keys, c));
    EXPECT_EQ(seen.size(), 20u * 5);
    EXPECT_EQ(made[0]->find(6), nullptr);
}

TEST(Keyring, finds_the_same_keys_again_from_the_cache_and_after_reopening) {
    Fixture f;
    const auto made = f.make(1, 3);
    EXPECT_TRUE(same_keys(**f.keyring->find(customer(2)), *made[1], kFive));
    f.reopen();
    EXPECT_EQ(f.keyring->cached_customers(), 0u);
    EXPECT_TRUE(same_keys(**f.keyring->find(customer(2)), *made[1], kFive));
    EXPECT_EQ(f.keyring->cached_customers(), 1u);
}

TEST(Keyring, finds_many_at_once_with_null_for_a_customer_without_keys) {
    Fixture f;
    const auto made = f.make(1, 3);
    f.reopen();
    ASSERT_TRUE(f.keyring->find(customer(3)));  // one from the cache, one from the store
    const std::vector<CustomerId> wanted{customer(3), customer(99), customer(1)};
    const auto found = f.keyring->find_many(wanted);
    ASSERT_TRUE(found);
    EXPECT_TRUE(same_keys(*(*found)[0], *made[2], kFive));
    EXPECT_EQ((*found)[1], nullptr);
    EXPECT_TRUE(same_keys(*(*found)[2], *made[0], kFive));
}

TEST(Keyring, says_not_found_for_a_customer_without_keys) {
    Fixture f;
    EXPECT_EQ(f.keyring->find(customer(1)).error().code(), ErrorCode::not_found);
    EXPECT_EQ(f.keyring->find_or_extend(customer(1), kFive).error().code(), ErrorCode::not_found);
}

TEST(Keyring, refuses_a_customer_who_has_keys_and_keeps_nothing_of_that_batch) {
    Fixture f;
    const auto made = f.make(1, 1);
    const auto again = f.keyring->create({{customer(2), kFive}, {customer(1), kFive}});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), ErrorCode::already_exists);
    EXPECT_EQ(f.keyring->find(customer(2)).error().code(), ErrorCode::not_found);
    EXPECT_TRUE(same_keys(**f.keyring->find(customer(1)), *made[0], kFive));
}

TEST(Keyring, refuses_a_collection_named_twice_and_reserved_ids) {
    Fixture f;
    const CollectionNumber twice[] = {1, 2, 1};
    EXPECT_EQ(f.keyring->create({{customer(1), twice}}).error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(f.keyring->create({{CustomerId(), kFive}}).error().code(), ErrorCode::invalid_argument);
    std::array<std::byte, 16> high;
    high.fill(std::byte{0xff});
    EXPECT_EQ(f.keyring->create({{CustomerId(high), kFive}}).error().code(), ErrorCode::invalid_argument);
}

TEST(Keyring, extends_a_customer_with_keys_for_new_collections_only) {
    Fixture f;
    const CollectionNumber two[] = {2, 4};
    const auto before = f.make(1, 1, two)[0];
    const auto extended = f.keyring->find_or_extend(customer(1), kFive);
    ASSERT_TRUE(extended) << extended.error().detail();
    EXPECT_TRUE(same_keys(**extended, *before, two));
    EXPECT_NE((*extended)->find(5), nullptr);
    EXPECT_TRUE(same_keys(**f.keyring->find(customer(1)), **extended, kFive));
    f.reopen();
    EXPECT_TRUE(same_keys(**f.keyring->find_or_extend(customer(1), kFive), **extended, kFive));
    std::vector<CustomerId> listed;
    ASSERT_TRUE(f.keyring->for_each_customer(CustomerId(), [&](CustomerId id) {
        listed.push_back(id);
        return true;
    }));
    EXPECT_EQ(listed, std::vector<CustomerId>{customer(1)});
}

TEST(Keyring, lists_customers_both_ways_from_any_place) {
    Fixture f;
    f.make(1, 1200);
    ASSERT_TRUE(f.keyring->shred(customer(7)));
    std::vector<CustomerId> up;
    ASSERT_TRUE(f.keyring->for_each_customer(customer(5), [&](CustomerId id) {
        up.push_back(id);
        return true;
    }));
    ASSERT_EQ(up.size(), 1194u);
    EXPECT_EQ(up[0], customer(6));
    EXPECT_EQ(up[1], customer(8));
    std::vector<CustomerId> down;
    ASSERT_TRUE(f.keyring->for_each_customer_newest_first([&](CustomerId id) {
        down.push_back(id);
        return down.size() < 1199;
    }));
    EXPECT_EQ(down.size(), 1199u);
    EXPECT_EQ(down.front(), customer(1200));
    EXPECT_EQ(down.back(), customer(1));
}

TEST(Keyring, never_keeps_more_customers_opened_than_the_bound) {
    for (const std::size_t bound : {0u, 1u, 5u, 16u, 50u}) {
        Fixture f;
        f.options.cache_customers = bound;
        f.reopen();
        f.make(1, 200);
        EXPECT_LE(f.keyring->cached_customers(), bound);
        for (std::uint64_t n = 1; n <= 200; ++n) {
            ASSERT_TRUE(f.keyring->find(customer(n)));
            ASSERT_LE(f.keyring->cached_customers(), bound);
        }
    }
}

TEST(Keyring, makes_vault_keys_on_first_use_and_gives_the_same_ever_after) {
    Fixture f;
    const auto index = f.keyring->vault_key("index");
    const auto token = f.keyring->vault_key("token");
    const auto signing = f.keyring->signing_seed("audit-signing");
    ASSERT_TRUE(index && token && signing);
    EXPECT_FALSE(index->equals(*token));
    EXPECT_TRUE(f.keyring->vault_key("index")->equals(*index));
    f.reopen();
    EXPECT_TRUE(f.keyring->vault_key("index")->equals(*index));
    EXPECT_TRUE(f.keyring->signing_seed("audit-signing")->equals(*signing));
    EXPECT_EQ(f.keyring->signing_seed("index").error().code(), ErrorCode::conflict);  // one key, one use
    EXPECT_EQ(f.keyring->vault_key("").error().code(), ErrorCode::invalid_argument);
}

TEST(Keyring, opens_only_with_its_own_pass_phrase_and_says_what_to_do) {
    Fixture f;
    f.make(1, 1);
    f.keyring.reset();
    write_file(f.root.file, "another pass phrase\n");
    const auto opened = f.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::wrong_key);
    EXPECT_NE(opened.error().detail().find("put the pass phrase"), std::string::npos);
    EXPECT_EQ(opened.error().detail().find("another pass phrase"), std::string::npos);
}

TEST(Keyring, tells_a_pass_phrase_store_from_a_key_store) {
    Fixture f;
    f.keyring.reset();
    write_file(f.dir / "key", std::string(64, 'a').replace(0, 1, "b"));
    f.root = {.kind = RootKeySource::Kind::key_file, .file = f.dir / "key", .cost = kCheap};
    EXPECT_EQ(f.open().error().code(), ErrorCode::wrong_key);
}

TEST(Keyring, refuses_a_store_of_another_vault_and_names_both) {
    Fixture f;
    f.keyring.reset();
    const auto opened = Keyring::open(f.options, vault(2), f.root, f.clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
    EXPECT_NE(opened.error().detail().find(vault(1).to_string()), std::string::npos);
    EXPECT_NE(opened.error().detail().find(vault(2).to_string()), std::string::npos);
}

TEST(Keyring, a_missing_store_is_not_made_anew) {
    Fixture f;
    f.keyring.reset();
    std::filesystem::remove(f.options.file);
    const auto opened = f.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::not_found);
    EXPECT_NE(opened.error().detail().find("restore the newest copy"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(f.options.file));
}

TEST(Keyring, is_never_created_over_a_store_or_beside_its_log) {
    Fixture f;
    f.make(1, 1);
    f.keyring.reset();
    const std::string before = read_file(f.options.file);
    EXPECT_EQ(Keyring::create(f.options, vault(1), f.root, f.clock).error().code(), ErrorCode::already_exists);
    EXPECT_EQ(read_file(f.options.file), before);
    std::filesystem::remove(f.options.file);
    write_file(f.dir / "keys.db-wal", "what a crash left");
    EXPECT_EQ(Keyring::create(f.options, vault(1), f.root, f.clock).error().code(), ErrorCode::already_exists);
}

TEST(Keyring, a_creation_that_was_interrupted_can_be_repeated) {
    Fixture f;
    f.keyring.reset();
    std::filesystem::remove(f.options.file);
    write_file(f.dir / "keys.db.new", "half a store");
    EXPECT_TRUE(Keyring::create(f.options, vault(1), f.root, f.clock));
    EXPECT_FALSE(std::filesystem::exists(f.dir / "keys.db.new"));
}

TEST(Keyring, the_file_is_for_its_owner_only) {
    Fixture f;
    const auto perms = std::filesystem::status(f.options.file).permissions();
    EXPECT_EQ(perms, std::filesystem::perms(0600));
}

TEST(Keyring, a_file_that_is_no_key_store_is_corrupt) {
    Fixture f;
    f.keyring.reset();
    write_file(f.options.file, std::string(8192, 'x'));
    EXPECT_EQ(f.open().error().code(), ErrorCode::corrupt);
    // Another program's database.
    std::filesystem::remove(f.options.file);
    ASSERT_TRUE(store::open_sqlite({.file = f.options.file, .create = true}));
    EXPECT_EQ(f.open().error().code(), ErrorCode::corrupt);
}

TEST(Keyring, damaged_parameters_are_damage_and_not_a_wrong_pass_phrase) {
    Fixture f;
    f.keyring.reset();
    f.tamper("update key_store set salt = $1", {ByteView(Bytes(16))});
    const auto opened = f.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
}

TEST(Keyring, a_missing_or_damaged_kek_is_named) {
    for (const char* sql : {"delete from kek_bytes where number = $1", "update keks set state = 'x' where number = $1",
                            "update kek_bytes set wrapped = zeroblob(94) where number = $1",
                            "update keks set commitment = zeroblob(32) where number = $1"}) {
        Fixture f;
        f.make(1, 1);
        f.keyring.reset();
        f.tamper(sql, {std::int64_t{1}});
        const auto opened = f.open();
        ASSERT_FALSE(opened) << sql;
        EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
        EXPECT_NE(opened.error().detail().find("key-encryption key"), std::string::npos);
    }
}

TEST(Keyring, refuses_to_wrap_beyond_the_bound_and_says_how_to_go_on) {
    Fixture f;
    f.tamper("update keks set wraps = $1", {(std::int64_t{1} << 31) - 1});
    f.make(1, 1);
    const auto refused = f.keyring->create({{customer(2), kFive}});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail().find("rotate"), std::string::npos);
    ASSERT_TRUE(f.keyring->rotate(nullptr));
    f.make(2, 1);
}

TEST(Keyring, a_row_moved_to_another_customer_does_not_open) {
    Fixture f;
    f.make(1, 2);
    const Bytes one = f.packed_row(customer(1));
    const Bytes two = f.packed_row(customer(2));
    f.keyring.reset();
    f.tamper("update customer_keys set packed = $1 where customer = $2", {ByteView(two), customer(1).bytes()});
    f.tamper("update customer_keys set packed = $1 where customer = $2", {ByteView(one), customer(2).bytes()});
    f.reopen();
    EXPECT_EQ(f.keyring->find(customer(1)).error().code(), ErrorCode::corrupt);
    EXPECT_EQ(f.keyring->find(customer(2)).error().code(), ErrorCode::corrupt);
    const auto damaged = f.keyring->verify();
    ASSERT_TRUE(damaged);
    EXPECT_EQ(*damaged, (std::vector<CustomerId>{customer(1), customer(2)}));
}

TEST(Keyring, a_flip_of_any_bit_of_a_row_is_found_by_find_and_verify) {
    Fixture f;
    const CollectionNumber one[] = {7};
    f.options.cache_customers = 0;
    f.make(1, 2, one);
    f.reopen();
    const Bytes whole = f.packed_row(customer(1));
    for (std::size_t i = 0; i < whole.size(); ++i) {
        Bytes bent = whole;
        bent[i] ^= static_cast<std::byte>(1 << (i % 8));
        f.tamper("update customer_keys set packed = $1 where customer = $2", {ByteView(bent), customer(1).bytes()});
        const auto found = f.keyring->find(customer(1));
        ASSERT_FALSE(found) << i;
        ASSERT_EQ(found.error().code(), ErrorCode::corrupt) << i;
        ASSERT_EQ(*f.keyring->verify(), std::vector<CustomerId>{customer(1)}) << i;
    }
}

TEST(Keyring, verify_finds_a_whole_store_whole) {
    Fixture f;
    f.make(1, 1100);
    ASSERT_TRUE(f.keyring->vault_key("index"));
    ASSERT_TRUE(f.keyring->shred(customer(3)));
    const auto damaged = f.keyring->verify();
    ASSERT_TRUE(damaged) << damaged.error().detail();
    EXPECT_TRUE(damaged->empty());
}

TEST(Keyring, a_damaged_vault_key_is_named_and_never_made_anew) {
    Fixture f;
    ASSERT_TRUE(f.keyring->vault_key("index"));
    f.keyring.reset();
    f.tamper("update vault_keys set packed = substr(packed, 1, 98) || x'00' where name = $1",
             {std::string_view("index")});
    f.reopen();
    const auto key = f.keyring->vault_key("index");
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code(), ErrorCode::corrupt);
    EXPECT_EQ(f.keyring->verify().error().code(), ErrorCode::corrupt);
}

TEST(Keyring, many_threads_create_find_and_extend_at_once) {
    Fixture f;
    const CollectionNumber two[] = {1, 2};
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 0; i < 50; ++i) {
                const CustomerId mine = customer(1000 * (t + 1) + i);
                const auto made = f.keyring->create({{mine, two}});
                const auto extended = f.keyring->find_or_extend(mine, kFive);
                const auto shared = f.keyring->vault_key("shared");
                if (!made || !extended || !shared || !same_keys(**extended, *(*made)[0], two)) ++failures;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_TRUE(f.keyring->verify()->empty());
}

// What the keyring must be after any sequence of operations: a map.
RC_GTEST_PROP(KeyringProperty, behaves_like_a_map_from_customers_to_keys, (std::vector<std::uint8_t> steps)) {
    Fixture f;
    f.options.cache_customers = 3;
    f.reopen();
    std::map<std::uint64_t, std::string> model;
    const CollectionNumber first[] = {1};
    const CollectionNumber more[] = {1, 2};
    for (const std::uint8_t step : steps) {
        const std::uint64_t n = 1 + (step & 7);
        switch (step >> 5) {
            case 0:
            case 1: {
                const auto made = f.keyring->create({{customer(n), first}});
                RC_ASSERT(made.has_value() == !model.contains(n));
                if (made) model[n] = key_bytes(*(*made)[0], 1);
                break;
            }
            case 2:
                RC_ASSERT(f.keyring->shred(customer(n)).has_value());
                model.erase(n);
                break;
            case 3: RC_ASSERT(f.keyring->find_or_extend(customer(n), more).has_value() == model.contains(n)); break;
            case 4: RC_ASSERT(f.keyring->rotate(nullptr).has_value()); break;
            case 5: f.reopen(); break;
            default: {
                const auto found = f.keyring->find(customer(n));
                RC_ASSERT(found.has_value() == model.contains(n));
                if (found) RC_ASSERT(key_bytes(**found, 1) == model[n]);
            }
        }
    }
    for (const auto& [n, key] : model) RC_ASSERT(key_bytes(**f.keyring->find(customer(n)), 1) == key);
}

TEST(KeyCache, does_not_take_back_what_was_read_before_an_eviction) {
    KeyCache cache(16);
    Fixture f;
    const auto keys = f.make(1, 1)[0];
    const auto ticket = cache.ticket(customer(1));
    cache.evict(customer(1));
    cache.put(customer(1), ticket, keys);
    EXPECT_EQ(cache.get(customer(1)), nullptr);
    cache.put(customer(1), cache.ticket(customer(1)), keys);
    EXPECT_EQ(cache.get(customer(1)), keys);
}

TEST(KeyCache, keeps_whom_it_was_asked_for_and_reuses_freed_places) {
    KeyCache cache(2);
    Fixture f;
    const auto keys = f.make(1, 1)[0];
    for (std::uint64_t n = 1; n <= 500; ++n) {
        cache.put(customer(n), cache.ticket(customer(n)), keys);
        EXPECT_LE(cache.size(), 2u);
        if (n % 3 == 0) cache.evict(customer(n));
    }
    EXPECT_GE(cache.size(), 1u);
}

}  // namespace
}  // namespace cloister::keys
