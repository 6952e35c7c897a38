#include "api/rotation.h"

#include <gtest/gtest.h>

#include "records/records_testing.h"

namespace cloister::api {
namespace {

using records::testing::create_one;
using records::testing::TestVault;
using records::testing::WatchedKeys;

audit::Entry entry() {
    audit::Entry e;
    e.actor = "staff:ann";
    e.action = "key.rotate";
    return e;
}

Rotation::Status wait_until_ended(const Rotation& rotation) {
    while (rotation.status().state == Rotation::State::running) std::this_thread::yield();
    return rotation.status();
}

std::vector<std::string> states(TestVault& vault) {
    std::vector<std::string> found;
    for (const keys::KekInfo& kek : TestVault::must(vault.keys->keks())) found.push_back(kek.state);
    return found;
}

TEST(Rotation, replaces_the_key_behind_the_answer_and_audits_its_end) {  // R13
    TestVault vault;
    const CustomerId lin = create_one(vault, {{"basic.name", "林小雨"}});
    Rotation rotation(*vault.keys, *vault.audit, vault.clock);
    EXPECT_EQ(rotation.status().state, Rotation::State::idle);
    EXPECT_EQ(TestVault::must(rotation.start(entry())).state, Rotation::State::running);
    const auto ended = wait_until_ended(rotation);
    EXPECT_EQ(ended.state, Rotation::State::idle);
    EXPECT_EQ(ended.done, ended.total);
    EXPECT_EQ(states(vault), (std::vector<std::string>{"destroyed", "active"}));
    EXPECT_EQ(vault.value(lin, "basic.name"), "林小雨");
    const auto told = TestVault::must(vault.audit->search({.action = "key.rotate"}));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].entry.actor, "staff:ann");
    EXPECT_EQ(told[0].entry.details.back().second, "finished");
    EXPECT_FALSE(TestVault::must(rotation.resume()));
    TestVault::must(rotation.start(entry()));  // and once more
    EXPECT_EQ(wait_until_ended(rotation).state, Rotation::State::idle);
}

TEST(Rotation, refuses_a_second_one_and_tells_how_far_the_first_is) {
    TestVault vault;
    std::vector<std::string> events;
    WatchedKeys keys(*vault.keys, events);
    std::promise<void> go;
    keys.before_rotation = [waiting = go.get_future().share()] { waiting.wait(); };
    Rotation rotation(keys, *vault.audit, vault.clock);
    TestVault::must(rotation.start(entry()));
    const auto second = rotation.start(entry());
    EXPECT_EQ(rotation.status().state, Rotation::State::running);
    go.set_value();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::conflict);
    EXPECT_NE(second.error().detail().find("0 of "), std::string::npos);
    EXPECT_EQ(wait_until_ended(rotation).state, Rotation::State::idle);
}

TEST(Rotation, goes_on_at_start_up_with_one_that_was_interrupted) {  // R13, R18
    TestVault vault;
    const CustomerId lin = create_one(vault, {{"basic.name", "林小雨"}});
    const auto stopped = vault.keys->rotate([](const keys::RotationProgress&) { return false; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(states(vault), (std::vector<std::string>{"deactivated", "active"}));
    vault.reopen();
    Rotation rotation(*vault.keys, *vault.audit, vault.clock);
    EXPECT_TRUE(TestVault::must(rotation.resume()));
    EXPECT_EQ(wait_until_ended(rotation).state, Rotation::State::idle);
    EXPECT_EQ(states(vault), (std::vector<std::string>{"destroyed", "active"}));
    EXPECT_EQ(vault.value(lin, "basic.name"), "林小雨");
    EXPECT_EQ(TestVault::must(vault.audit->search({.action = "key.rotate"}))[0].entry.actor, "system");
}

TEST(Rotation, stops_with_the_server) {
    TestVault vault;
    create_one(vault, {{"basic.name", "林小雨"}});
    {
        Rotation rotation(*vault.keys, *vault.audit, vault.clock);
        TestVault::must(rotation.start(entry()));
    }
    Rotation next(*vault.keys, *vault.audit, vault.clock);
    TestVault::must(next.resume());
    wait_until_ended(next);
    const auto now = states(vault);
    EXPECT_EQ(std::count(now.begin(), now.end(), "active"), 1);
    EXPECT_EQ(std::count(now.begin(), now.end(), "deactivated"), 0);
}

}  // namespace
}  // namespace cloister::api
