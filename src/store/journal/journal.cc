#include "store/journal.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/mutex.h"
#include "store/journal/open.h"
#include "store/journal/segments.h"
#include "store/journal/writer.h"

namespace cloister::store {
namespace {

constexpr std::size_t kSmallestSegmentBytes = 4096;
constexpr std::size_t kLargestSegmentBytes = 1u << 30;  // offsets in the index have 32 bits

class FileJournal final : public Journal {
 public:
    FileJournal(const JournalOptions& options, Files& files)
        : queue_limit_(options.queue_limit), segments_(options.directory), writer_(options, segments_, files) {}

    Result<void> start() {
        CLOISTER_RETURN_IF_ERROR(writer_.open());
        thread_ = std::thread([this] { run(); });
        return {};
    }

    ~FileJournal() override {
        {
            const MutexLock lock(mutex_);
            stopping_ = true;
            arrived_.notify_one();
        }
        if (thread_.joinable()) thread_.join();
    }

    void append(std::uint64_t tag, Bytes payload, Done done) override {
        if (payload.size() > writer_.largest_payload_bytes())
            return done(Error(ErrorCode::too_large, "a journal entry is too large"));
        {
            const MutexLock lock(mutex_);
            if (queue_.size() < queue_limit_) {
                queue_.push_back({tag, std::move(payload), std::move(done)});
                ++accepted_;
                if (queue_.size() == 1) arrived_.notify_one();
                return;
            }
        }
        done(Error(ErrorCode::unavailable, "too many journal entries are waiting"));
    }

    std::uint64_t size() const override { return segments_.size(); }
    std::uint64_t highest_tag() const override { return segments_.highest_tag(); }
    Result<void> read(std::uint64_t position, FunctionRef<bool(const JournalEntry&)> on_entry) const override {
        return segments_.read(position, on_entry);
    }

    void flush() override {
        const MutexLock lock(mutex_);
        const std::uint64_t until = accepted_;
        while (finished_ < until) finished_more_.wait(mutex_);
    }

    bool writable() const override { return writable_; }
    std::uint64_t commits() const override { return commits_; }

 private:
    struct Entry {
        std::uint64_t tag;
        Bytes payload;
        Done done;
    };

    void run() {
        std::vector<Entry> batch;
        while (take(batch)) {
            write(batch);
            const MutexLock lock(mutex_);
            finished_ += batch.size();
            batch.clear();
            finished_more_.notify_all();
        }
    }

    // Waits for entries and takes all of them. False when the journal closes and nothing is left.
    bool take(std::vector<Entry>& batch) {
        const MutexLock lock(mutex_);
        while (queue_.empty() && !stopping_) arrived_.wait(mutex_);
        batch.swap(queue_);
        return !batch.empty();
    }

    void write(std::vector<Entry>& batch) {
        std::vector<SegmentWriter::Pending> pending;
        pending.reserve(batch.size());
        for (const Entry& entry : batch) pending.push_back({entry.tag, entry.payload});
        std::size_t written = 0;
        while (written < batch.size()) {
            const std::uint64_t first = segments_.size();
            const Result<std::size_t> count = writer_.append(std::span(pending).subspan(written));
            writable_ = count.has_value();
            if (!count) return fail(std::span(batch).subspan(written), count.error());
            ++commits_;
            for (std::size_t i = 0; i < *count; ++i) tell(batch[written + i], first + i);
            written += *count;
            writer_.prepare_spare();
        }
    }

    static void fail(std::span<Entry> entries, const Error& error) {
        for (Entry& entry : entries) tell(entry, error);
    }

    static void tell(Entry& entry, Result<std::uint64_t> result) {
        try {
            entry.done(std::move(result));
        } catch (...) {  // the callback's bug; the others still have to hear
        }
    }

    const std::size_t queue_limit_;
    Segments segments_;
    SegmentWriter writer_;  // used by the journal's thread; largest_payload_bytes() is constant
    std::atomic<bool> writable_ = true;
    std::atomic<std::uint64_t> commits_ = 0;
    Mutex mutex_;
    CondVar arrived_;
    CondVar finished_more_;
    std::vector<Entry> queue_ CLOISTER_GUARDED_BY(mutex_);
    std::uint64_t accepted_ CLOISTER_GUARDED_BY(mutex_) = 0;
    std::uint64_t finished_ CLOISTER_GUARDED_BY(mutex_) = 0;
    bool stopping_ CLOISTER_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

// What is on disk, as of the moment of opening.
class DirectoryReader final : public JournalReader {
 public:
    DirectoryReader(const std::filesystem::path& directory, std::vector<std::uint64_t> firsts, const LastSegment& last)
        : segments_(directory) {
        segments_.adopt(std::move(firsts), last);
    }
    std::uint64_t size() const override { return segments_.size(); }
    Result<void> read(std::uint64_t position, FunctionRef<bool(const JournalEntry&)> on_entry) const override {
        return segments_.read(position, on_entry);
    }

 private:
    Segments segments_;
};

}  // namespace

Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options, Files& files) {
    if (options.segment_bytes < kSmallestSegmentBytes || options.segment_bytes > kLargestSegmentBytes)
        return Error(ErrorCode::invalid_argument, "a journal segment has between 4 KiB and 1 GiB");
    std::error_code error;
    const bool created = std::filesystem::create_directories(options.directory, error);
    if (error) return Error(ErrorCode::unavailable, "journal directory: " + error.message());
    if (created)
        CLOISTER_RETURN_IF_ERROR(files.sync_directory(std::filesystem::absolute(options.directory).parent_path()));
    auto journal = std::make_unique<FileJournal>(options, files);
    CLOISTER_RETURN_IF_ERROR(journal->start());
    return std::unique_ptr<Journal>(std::move(journal));
}

Result<std::unique_ptr<Journal>> Journal::open(const JournalOptions& options) {
    return open_journal(options, system_files());
}

Result<std::uint64_t> Journal::append_and_wait(std::uint64_t tag, Bytes payload) {
    struct Waiter {
        Mutex mutex;
        CondVar arrived;
        std::optional<Result<std::uint64_t>> result CLOISTER_GUARDED_BY(mutex);
    } waiter;
    append(tag, std::move(payload), [&waiter](Result<std::uint64_t> result) {
        const MutexLock lock(waiter.mutex);
        waiter.result = std::move(result);
        waiter.arrived.notify_one();  // under the lock: the waiter lives on the other thread's stack
    });
    const MutexLock lock(waiter.mutex);
    while (!waiter.result) waiter.arrived.wait(waiter.mutex);
    return *std::move(waiter.result);
}

Result<std::unique_ptr<JournalReader>> JournalReader::open(const std::filesystem::path& directory) {
    CLOISTER_ASSIGN_OR_RETURN(std::vector<std::uint64_t> firsts, list_segments(directory));
    if (firsts.empty()) return Error(ErrorCode::not_found, "there is no journal in this directory");
    CLOISTER_ASSIGN_OR_RETURN(const LastSegment last, inspect_last_segment(directory, firsts.back()));
    return std::unique_ptr<JournalReader>(std::make_unique<DirectoryReader>(directory, std::move(firsts), last));
}

}  // namespace cloister::store
