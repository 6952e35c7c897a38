#include "store/sqlite/checkpointer.h"

#include <algorithm>

namespace cloister::store::sqlite {
namespace {

// 80 MiB of log: long enough that a page changed often is copied once, short enough that opening stays quick.
constexpr int kPassivePages = 20'000;
// A passive checkpoint does not let the log start over while readers keep overlapping. From here on (320 MiB) the
// writer is held for the moment that the readers of old snapshots need to finish.
constexpr int kRestartPages = 80'000;
constexpr int kTruncateAttempts = 10;
// How long a checkpoint that needs it waits for readers, and commits with it; below the writer's own busy timeout.
constexpr int kReadersWaitMs = 500;

}  // namespace

Checkpointer::Checkpointer(Connection& writer, std::unique_ptr<Connection> own) : connection_(std::move(own)) {
    sqlite3_busy_timeout(connection_->handle(), kReadersWaitMs);
    sqlite3_wal_hook(
        writer.handle(),
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<Checkpointer*>(self)->log_pages_ = pages;
            return SQLITE_OK;
        },
        this);
    thread_ = std::thread([this] { run(); });
}

Checkpointer::~Checkpointer() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        asked_.notify_one();
    }
    thread_.join();
}

void Checkpointer::after_commit() {
    // After a complete checkpoint SQLite starts over at the front of the log and the length falls.
    if (log_pages_ < asked_at_pages_) asked_at_pages_ = 0;
    if (log_pages_ - asked_at_pages_ < kPassivePages) return;
    asked_at_pages_ = log_pages_;
    if (log_pages_ < kRestartPages) return ask(SQLITE_CHECKPOINT_PASSIVE);
    const MutexLock lock(connection_mutex_);
    checkpoint(SQLITE_CHECKPOINT_RESTART);
}

void Checkpointer::after_failure() { ask(SQLITE_CHECKPOINT_TRUNCATE); }

void Checkpointer::ask(int mode) {
    const MutexLock lock(mutex_);
    wanted_mode_ = std::max(wanted_mode_, mode);  // SQLite numbers them from gentle to thorough
    asked_.notify_one();
}

void Checkpointer::run() {
    for (;;) {
        int mode = -1;
        {
            const MutexLock lock(mutex_);
            while (wanted_mode_ < 0 && !stopping_) asked_.wait(mutex_);
            if (stopping_) return;
            mode = std::exchange(wanted_mode_, -1);
        }
        const MutexLock lock(connection_mutex_);
        // Nothing depends on success: the content is durable in the log, and further growth asks again.
        checkpoint(mode);
    }
}

int Checkpointer::checkpoint(int mode) {
    return sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr, mode, nullptr, nullptr);
}

Result<void> Checkpointer::truncate() {
    int code = SQLITE_BUSY;
    for (int attempt = 0; attempt < kTruncateAttempts && (code & 0xff) == SQLITE_BUSY; ++attempt) {
        const MutexLock lock(connection_mutex_);
        code = checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
        if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return error_of(connection_->handle(), code);
    }
    if (code == SQLITE_OK) return {};
    return Error(ErrorCode::unavailable,
                 "sqlite: readers or another program kept the write-ahead log from being emptied");
}

}  // namespace cloister::store::sqlite
