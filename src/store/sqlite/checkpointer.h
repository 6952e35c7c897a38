// Copies the write-ahead log into the main file, on a thread and a connection of its own, so that commits do not wait
// for it and the log does not grow without bound.
//
// Threads  after_commit() on the writer thread; truncate() on any other.
#pragma once

#include <memory>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "store/sqlite/connection.h"

namespace cloister::store::sqlite {

class Checkpointer {
 public:
    // `writer` is only asked to report the length of the log.
    Checkpointer(Connection& writer, std::unique_ptr<Connection> own);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    // Starts a checkpoint when the log has become long.
    void after_commit();
    // Empties the log: it may end with the frames of a transaction whose commit was refused, which a crash before the
    // next commit would bring back. Where the device refuses that too, the next commit overwrites them.
    void after_failure();
    // See Database::checkpoint_and_truncate.
    Result<void> truncate();

 private:
    void run();
    void ask(int mode);
    int checkpoint(int mode) CLOISTER_REQUIRES(connection_mutex_);

    int log_pages_ = 0;       // set by SQLite's commit hook on the writer thread
    int asked_at_pages_ = 0;  // the length at which the last checkpoint was asked for

    Mutex connection_mutex_;
    std::unique_ptr<Connection> connection_ CLOISTER_GUARDED_BY(connection_mutex_);

    Mutex mutex_;
    CondVar asked_;
    int wanted_mode_ CLOISTER_GUARDED_BY(mutex_) = -1;  // a SQLITE_CHECKPOINT_* or -1
    bool stopping_ CLOISTER_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace cloister::store::sqlite
