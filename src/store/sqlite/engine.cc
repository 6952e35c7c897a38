// The embedded engine: one writer thread with group commit, one read connection per thread, one checkpoint thread.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

#include "base/mutex.h"
#include "store/migrate.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/group_commit.h"
#include "store/sqlite/readers.h"

namespace cloister::store {
namespace sqlite {
namespace {

constexpr Dialect kDialect = {.blob = "BLOB", .integer = "INTEGER", .text = "TEXT", .clustered = " WITHOUT ROWID"};

class Engine final : public Database {
 public:
    Engine(const SqliteOptions& options, std::unique_ptr<Connection> writer, std::unique_ptr<Connection> checkpoints)
        : queue_limit_(options.queue_limit),
          connection_(std::move(writer)),
          readers_(options),
          checkpointer_(*connection_, std::move(checkpoints)),
          thread_([this] { run(); }) {}

    ~Engine() override {
        {
            const MutexLock lock(mutex_);
            stopping_ = true;
            arrived_.notify_one();
        }
        thread_.join();
    }

    Result<void> read(FunctionRef<Result<void>(Snapshot&)> work) override { return readers_.read(work); }

    void write_async(Work work, Done done) override {
        {
            const MutexLock lock(mutex_);
            if (!stopping_ && queue_.size() < queue_limit_) {
                queue_.push_back(Write{.work = std::move(work), .done = std::move(done)});
                if (queue_.size() == 1) arrived_.notify_one();
                return;
            }
        }
        ++failed_writes_;
        done(Error(ErrorCode::unavailable, "too many writes are waiting"));
    }

    Result<void> migrate(std::string_view module, std::span<const Migration> migrations) override {
        return apply_migrations(*this, kDialect, run_script, module, migrations);
    }

    Result<void> checkpoint_and_truncate() override { return checkpointer_.truncate(); }

    Counters counters() const override {
        const MutexLock lock(mutex_);
        return {.commits = commits_, .writes = writes_, .failed_writes = failed_writes_, .queue_length = queue_.size()};
    }
    bool writable() const override { return writable_; }

 private:
    void run() {
        std::vector<Write> group;
        while (take(group)) {
            commits_ += commit_group(*connection_, group);
            const bool failed = std::ranges::any_of(group, &Write::device_failed);
            for (Write& write : group) finish(write);
            group.clear();
            failed ? checkpointer_.after_failure() : checkpointer_.after_commit();
        }
    }

    // Waits for writes and takes all of them. False when the engine stops and nothing is left.
    bool take(std::vector<Write>& group) {
        const MutexLock lock(mutex_);
        while (queue_.empty() && !stopping_) arrived_.wait(mutex_);
        group.swap(queue_);
        return !group.empty();
    }

    void finish(Write& write) {
        if (write.result) {
            ++writes_;
            writable_ = true;
            run_after_commit(write);
        } else {
            ++failed_writes_;
            if (write.device_failed) writable_ = false;
        }
        try {
            write.done(std::move(write.result));
        } catch (...) {  // the callback's bug; the other writers still have to hear
        }
    }

    // The write is durable; when an action throws, its writer must hear that something behind it went wrong.
    static void run_after_commit(Write& write) {
        try {
            for (UniqueFunction<void()>& action : write.after_commit) action();
        } catch (...) {
            write.result = Error(ErrorCode::internal, "the write is durable, but an action after its commit failed");
        }
    }

    const std::size_t queue_limit_;
    std::unique_ptr<Connection> connection_;  // closed last: the last connection empties and removes the log
    Readers readers_;
    Checkpointer checkpointer_;
    std::atomic<std::uint64_t> commits_ = 0, writes_ = 0, failed_writes_ = 0;
    std::atomic<bool> writable_ = true;
    mutable Mutex mutex_;
    CondVar arrived_;
    std::vector<Write> queue_ CLOISTER_GUARDED_BY(mutex_);
    bool stopping_ CLOISTER_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

// SQLite would create the file readable for everybody; the log and its index inherit the mode. And it takes an empty
// file for a new database, where something was lost.
Result<void> ensure_file(const SqliteOptions& options) {
    const int flags = O_RDWR | O_CLOEXEC | (options.create ? O_CREAT : 0);
    const int fd = ::open(options.file.c_str(), flags, 0600);
    if (fd >= 0) {
        struct stat info{};
        const bool lost = !options.create && ::fstat(fd, &info) == 0 && info.st_size == 0;
        ::close(fd);
        if (lost) return Error(ErrorCode::corrupt, options.file.string() + " is empty: restore its newest copy");
        return {};
    }
    const int code = errno;
    const ErrorCode kind = code == ENOENT                     ? ErrorCode::not_found
                           : code == ENOSPC || code == EDQUOT ? ErrorCode::storage_full
                                                              : ErrorCode::unavailable;
    return Error(kind, "cannot open the database file: " + std::generic_category().message(code));
}

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options) {
    using sqlite::Connection;
    CLOISTER_RETURN_IF_ERROR(sqlite::ensure_file(options));
    CLOISTER_ASSIGN_OR_RETURN(auto writer, Connection::open(options, Connection::Access::read_write));
    // A first read finds damage in the header now and not at the first request.
    CLOISTER_RETURN_IF_ERROR(writer->execute("SELECT count(*) FROM sqlite_schema"));
    CLOISTER_ASSIGN_OR_RETURN(auto checkpoints, Connection::open(options, Connection::Access::read_write));
    return std::unique_ptr<Database>(
        std::make_unique<sqlite::Engine>(options, std::move(writer), std::move(checkpoints)));
}

}  // namespace cloister::store
