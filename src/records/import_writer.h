// Writes batches of an import one after the other on a thread of its own, so that sealing and committing one batch goes
// on while the next is read and checked.
//
// Invariants  Batches are written in the order of submit(). After a failure none of the later ones is.
// Threads     submit(), drain() and the destructor are called by one thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <thread>

#include "base/function.h"
#include "base/mutex.h"
#include "base/result.h"

namespace cloister::records {

class ImportWriter {
 public:
    // More would only hold more plain text in memory: the store commits one at a time.
    static constexpr std::size_t kInFlight = 2;
    using Job = UniqueFunction<Result<void>()>;

    ImportWriter() = default;
    // Waits for what was submitted.
    ~ImportWriter();
    ImportWriter(const ImportWriter&) = delete;
    ImportWriter& operator=(const ImportWriter&) = delete;

    // Waits while kInFlight are under way. The error of an earlier one, if any failed.
    Result<void> submit(Job job) CLOISTER_EXCLUDES(mutex_);
    // Waits until everything submitted is written.
    Result<void> drain() CLOISTER_EXCLUDES(mutex_);

 private:
    void run() CLOISTER_EXCLUDES(mutex_);
    Result<void> outcome() const CLOISTER_REQUIRES(mutex_) { return failed_ ? Result<void>(*failed_) : Result<void>(); }

    Mutex mutex_;
    CondVar changed_;
    std::deque<Job> waiting_ CLOISTER_GUARDED_BY(mutex_);
    std::size_t in_flight_ CLOISTER_GUARDED_BY(mutex_) = 0;
    std::optional<Error> failed_ CLOISTER_GUARDED_BY(mutex_);
    bool stopping_ CLOISTER_GUARDED_BY(mutex_) = false;
    std::thread thread_;  // started with the first batch
};

}  // namespace cloister::records
