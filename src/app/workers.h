// A pool of threads for work that blocks: erasures, batches, imports. Bounded queue; what does not fit is refused at
// once.
//
// Threads  post() from any thread. The destructor finishes what is queued.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "base/function.h"
#include "base/mutex.h"

namespace cloister::app {

class Workers {
 public:
    explicit Workers(unsigned threads);
    ~Workers();
    // False when the queue is full or the pool is stopping.
    bool post(UniqueFunction<void()> work) CLOISTER_EXCLUDES(mutex_);

 private:
    void run() CLOISTER_EXCLUDES(mutex_);
    Mutex mutex_;
    CondVar changed_;
    std::deque<UniqueFunction<void()>> queue_ CLOISTER_GUARDED_BY(mutex_);
    bool stopping_ CLOISTER_GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace cloister::app
