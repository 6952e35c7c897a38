// Every file operation of the journal fails, for a while, in each way: what was acknowledged stays, what was refused
// does not come back, and the journal goes on by itself.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "store/conformance/temp_dir.h"
#include "store/journal/format.h"
#include "store/journal/open.h"

namespace cloister::store {
namespace {

constexpr std::size_t kSmall = 4096;

// Counts the operations that change something and lets a range of them fail.
class FailingFiles final : public Files {
 public:
    void fail(int first, int count, ErrorCode code) {
        operations_ = 0;
        first_ = first;
        count_ = count;
        code_ = code;
    }
    void heal() { fail(0, 0, ErrorCode::unavailable); }
    int operations() const { return operations_; }
    // No new file finds room any more; what is there can be written.
    void fill_disk(bool full) { full_ = full; }

    Result<Fd> create(const std::filesystem::path& file) override {
        CLOISTER_RETURN_IF_ERROR(count());
        return Files::create(file);
    }
    Result<void> allocate(const Fd& fd, std::size_t bytes) override {
        CLOISTER_RETURN_IF_ERROR(count());
        if (full_) return Error(ErrorCode::storage_full, "full");
        return Files::allocate(fd, bytes);
    }
    Result<void> write_at(const Fd& fd, std::uint64_t offset, ByteView bytes) override {
        if (auto refused = count(); !refused) {
            (void)Files::write_at(fd, offset, bytes.first(bytes.size() / 2)).has_value();  // torn
            return refused;
        }
        return Files::write_at(fd, offset, bytes);
    }
    // No test cuts the power: syncs are counted and spared.
    Result<void> sync(const Fd&) override { return count(); }
    Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        CLOISTER_RETURN_IF_ERROR(count());
        return Files::rename(from, to);
    }
    Result<void> sync_directory(const std::filesystem::path&) override { return count(); }

 private:
    Result<void> count() {
        const int number = ++operations_;
        if (number < first_ || number >= first_ + count_) return {};
        return Error(code_, "injected");
    }
    std::atomic<int> operations_ = 0;
    std::atomic<int> first_ = 0;
    std::atomic<int> count_ = 0;
    std::atomic<ErrorCode> code_ = ErrorCode::unavailable;
    std::atomic<bool> full_ = false;
};

std::vector<std::string> payloads_of(const Journal& journal) {
    std::vector<std::string> payloads;
    const auto read = journal.read(0, [&](const JournalEntry& entry) {
        payloads.emplace_back(as_text(entry.payload));
        return true;
    });
    EXPECT_TRUE(read.has_value()) << read.error().detail();
    return payloads;
}

struct Fault {
    const char* name;
    int count;
    ErrorCode code;
};
class JournalFaults : public testing::TestWithParam<Fault> {};

TEST_P(JournalFaults, at_any_operation_lose_nothing_acknowledged_and_leave_nothing_refused) {
    int total = 1;
    for (int at = 1; at <= total; ++at) {
        SCOPED_TRACE("operation " + std::to_string(at));
        const TempDir directory;
        const JournalOptions options{.directory = directory.path(), .segment_bytes = kSmall};
        FailingFiles files;
        auto journal = open_journal(options, files).value();
        files.fail(at, GetParam().count, GetParam().code);
        std::vector<std::string> acknowledged;
        for (int i = 0; i < 30; ++i) {
            const std::string payload = std::to_string(i) + std::string(300, 'x');
            const auto done = journal->append_and_wait(1, to_bytes(payload));
            if (done) EXPECT_EQ(*done, acknowledged.size());
            if (done) acknowledged.push_back(payload);
            if (!done) EXPECT_EQ(done.error().code(), GetParam().code) << done.error().detail();
            EXPECT_EQ(journal->writable(), done.has_value());
            ASSERT_EQ(payloads_of(*journal), acknowledged);
        }
        total = std::max(total, files.operations());
        files.heal();
        ASSERT_TRUE(journal->append_and_wait(1, to_bytes("last")));
        acknowledged.push_back("last");
        ASSERT_EQ(payloads_of(*journal), acknowledged);
        journal.reset();
        ASSERT_EQ(payloads_of(*open_journal(options, files).value()), acknowledged);
        ASSERT_EQ(JournalReader::open(directory.path()).value()->size(), acknowledged.size());
    }
    EXPECT_GT(total, 60);
}

INSTANTIATE_TEST_SUITE_P(Every, JournalFaults,
                         testing::Values(Fault{"once", 1, ErrorCode::unavailable},
                                         Fault{"twice", 2, ErrorCode::unavailable},
                                         Fault{"for_a_while", 9, ErrorCode::storage_full}),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(JournalFault, a_refused_group_does_not_come_back_behind_a_shorter_one) {
    const TempDir directory;
    const JournalOptions options{.directory = directory.path(), .segment_bytes = kSmall};
    FailingFiles files;
    auto journal = open_journal(options, files).value();
    std::latch started(1);
    std::latch release(1);
    journal->append(1, to_bytes("first"), [&](auto) {
        started.count_down();
        release.wait();  // what follows is queued meanwhile and forms one group
    });
    started.wait();
    int refused = 0;
    for (int i = 0; i < 3; ++i) journal->append(1, to_bytes("group"), [&](auto done) { refused += done ? 0 : 1; });
    files.fail(2, 1, ErrorCode::unavailable);  // its sync, when all its frames are written
    release.count_down();
    journal->flush();
    EXPECT_EQ(refused, 3);
    ASSERT_TRUE(journal->append_and_wait(1, to_bytes("after")));
    journal.reset();
    EXPECT_EQ(payloads_of(*open_journal(options, files).value()), (std::vector<std::string>{"first", "after"}));
}

TEST(JournalFullDisk, uses_up_the_spare_segment_then_refuses_then_goes_on) {
    const TempDir directory;
    const JournalOptions options{.directory = directory.path(), .segment_bytes = kSmall};
    FailingFiles files;
    const auto journal = open_journal(options, files).value();
    files.fill_disk(true);
    std::size_t written = 0;
    while (journal->append_and_wait(1, Bytes(100))) ++written;
    EXPECT_EQ(written,
              2 * ((kSmall - kSegmentHeaderBytes) / (100 + kFrameOverheadBytes)));  // this segment and the spare
    EXPECT_EQ(journal->append_and_wait(1, Bytes(100)).error().code(), ErrorCode::storage_full);
    EXPECT_FALSE(journal->writable());
    EXPECT_EQ(payloads_of(*journal).size(), written);  // reading goes on
    files.fill_disk(false);
    EXPECT_EQ(journal->append_and_wait(1, Bytes(100)).value(), written);
    EXPECT_TRUE(journal->writable());
}

TEST(JournalFullDisk, at_opening_is_reported_and_what_is_there_stays) {
    const TempDir directory;
    FailingFiles files;
    files.fill_disk(true);
    EXPECT_EQ(open_journal({.directory = directory.path(), .segment_bytes = kSmall}, files).error().code(),
              ErrorCode::storage_full);
    files.fill_disk(false);
    EXPECT_TRUE(open_journal({.directory = directory.path(), .segment_bytes = kSmall}, files).has_value());
}

}  // namespace
}  // namespace cloister::store
