// Nothing in the files of a log can change without `verify` saying where.
#include <gtest/gtest.h>

#include <functional>

#include "audit/deriver.h"
#include "audit/log.h"
#include "audit/note.h"
#include "audit/test_log.h"

namespace cloister::audit {
namespace {

// R27: evidence that cannot be changed unseen.
class Tampering : public testing::Test {
 protected:
    static constexpr std::uint64_t kEntries = 260;  // two levels

    Tampering() {
        for (std::uint64_t n = 0; n < kEntries; ++n)
            t_.log().append(numbered_entry(n), [](const Result<std::uint64_t>&) {});
        EXPECT_TRUE(t_.log().catch_up());
        checkpoint_ = t_.log().checkpoint().value();
        t_.close();
        for (const auto& item : std::filesystem::directory_iterator(journal_directory(t_.directory())))
            if (slurp(item.path()).find("customer.read") != std::string::npos) segment_ = item.path();
    }

    // The problems when `file` holds `bad` for a moment.
    std::vector<std::string> problems_with(const std::filesystem::path& file, const std::string& bad) {
        const std::string good = slurp(file);
        spit(file, bad);
        auto problems = t_.verify(checkpoint_).problems;
        spit(file, good);
        return problems;
    }
    std::vector<std::string> problems_with_flip(const std::filesystem::path& file, std::size_t at) {
        flip(file, at);
        auto problems = t_.verify(checkpoint_).problems;
        flip(file, at);
        return problems;
    }
    static void flip(const std::filesystem::path& file, std::size_t at) {
        std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
        stream.seekg(static_cast<std::streamoff>(at));
        const char byte = static_cast<char>(stream.get() ^ 0x20);
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(byte);
    }
    static bool any_names(const std::vector<std::string>& problems, const std::string& word) {
        for (const std::string& problem : problems)
            if (problem.find(word) != std::string::npos) return true;
        return false;
    }
    std::size_t used_bytes() const { return slurp(segment_).find_last_not_of('\0') + 1; }

    TestLog t_;
    std::string checkpoint_;
    std::filesystem::path segment_;
};

TEST_F(Tampering, is_not_reported_where_there_is_none) {
    std::uint64_t seen = 0;
    std::uint64_t last_done = 0;
    const Verification found = verify(
                                   t_.directory(), t_.key_text(), checkpoint_,
                                   [&](const store::JournalEntry& entry) { seen += entry.position == seen ? 1 : 0; },
                                   [&](std::uint64_t done, std::uint64_t) { last_done = done; })
                                   .value();
    EXPECT_TRUE(found.problems.empty());
    EXPECT_EQ(found.entries, kEntries);
    EXPECT_EQ(found.checkpoint_size, kEntries);
    EXPECT_EQ(seen, kEntries);
    EXPECT_EQ(last_done, kEntries);
    EXPECT_NE(checkpoint_.find(found.root_hash), std::string::npos);
}

TEST_F(Tampering, with_any_byte_of_the_journal_is_reported) {
    const std::size_t used = used_bytes();
    for (std::size_t at = 0; at < used; at += at < 600 ? 1 : 61)
        ASSERT_TRUE(any_names(problems_with_flip(segment_, at), "journal")) << at;
}

TEST_F(Tampering, with_any_hash_is_reported_by_level_and_number) {
    for (const std::size_t at : {0U, 31U, 32U, 5000U, 259U * 32U})
        EXPECT_TRUE(any_names(problems_with_flip(hash_file(hashes_directory(t_.directory()), 0), at),
                              "hashes/level-0: hash " + std::to_string(at / 32) + " "));
    EXPECT_TRUE(
        any_names(problems_with_flip(hash_file(hashes_directory(t_.directory()), 1), 7), "hashes/level-1: hash 0 "));
    const auto level0 = hash_file(hashes_directory(t_.directory()), 0);
    EXPECT_TRUE(any_names(problems_with(level0, slurp(level0).substr(0, 100)), "hashes/level-0: ends before hash 3"));
}

TEST_F(Tampering, with_any_byte_of_the_checkpoint_is_reported) {
    const auto file = checkpoint_file(t_.directory());
    for (std::size_t at = 0; at < slurp(file).size(); ++at)
        ASSERT_TRUE(any_names(problems_with_flip(file, at), "checkpoint: ")) << at;
    EXPECT_TRUE(any_names(problems_with(file, ""), "checkpoint: "));
}

TEST_F(Tampering, by_cutting_off_entries_is_reported_against_either_checkpoint) {
    // The last frame goes, cleanly: what remains is a well-formed journal with one entry less.
    std::string bytes = slurp(segment_);
    const std::size_t last = bytes.rfind("{\"v\":1");
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(last) - 12, bytes.end(), '\0');
    const auto problems = problems_with(segment_, bytes);
    EXPECT_TRUE(any_names(problems, "remembered checkpoint: it covers 260 entries, the journal holds 259"));
    EXPECT_GE(problems.size(), 2U);
}

TEST_F(Tampering, by_a_whole_new_log_is_reported_against_a_remembered_checkpoint) {
    TestLog other;
    for (std::uint64_t n = 0; n < kEntries; ++n)
        other.log().append(numbered_entry(n + 1), [](const Result<std::uint64_t>&) {});
    ASSERT_TRUE(other.log().catch_up());
    EXPECT_TRUE(other.verify().problems.empty());
    const auto problems = other.verify(checkpoint_).problems;
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_NE(problems[0].find("remembered checkpoint: its root hash"), std::string::npos);
}

TEST_F(Tampering, cannot_hide_behind_a_missing_journal_or_a_foreign_key) {
    const auto away = t_.temp() / "away";
    std::filesystem::rename(journal_directory(t_.directory()), away);
    EXPECT_TRUE(any_names(t_.verify().problems, "journal"));
    std::filesystem::rename(away, journal_directory(t_.directory()));

    const crypto::SigningKey foreign(crypto::SigningSeed::random());
    const auto key = format_verifier_key(make_verifier_key("cloister/test", foreign.public_key()).value());
    EXPECT_FALSE(verify(t_.directory(), key, std::nullopt, nullptr, nullptr).value().problems.empty());
    EXPECT_EQ(verify(t_.directory(), key, checkpoint_, nullptr, nullptr).error().code(), ErrorCode::wrong_key);
    EXPECT_FALSE(verify(t_.directory(), "no key", std::nullopt, nullptr, nullptr));
}

TEST_F(Tampering, is_not_healed_by_deriving_everything_again) {
    // An entry is changed and its frame made to look whole by taking it from another log with the same sizes.
    TestLog other;
    for (std::uint64_t n = 0; n < kEntries; ++n) {
        Entry entry = numbered_entry(n);
        if (n == 17) entry.actor = "staff:9";
        other.log().append(entry, [](const Result<std::uint64_t>&) {});
    }
    ASSERT_TRUE(other.log().catch_up());
    other.close();
    std::filesystem::remove_all(journal_directory(t_.directory()));
    std::filesystem::copy(journal_directory(other.directory()), journal_directory(t_.directory()),
                          std::filesystem::copy_options::recursive);
    EXPECT_TRUE(any_names(t_.verify().problems, "hashes/level-0: hash 17 does not match"));
    EXPECT_EQ(rebuild(t_.options(), t_.key(), nullptr).error().code(), ErrorCode::corrupt);
}

}  // namespace
}  // namespace cloister::audit
