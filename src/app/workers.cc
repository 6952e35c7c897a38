#include "app/workers.h"

#include "log/log.h"

namespace cloister::app {

namespace {
constexpr std::size_t kQueueLimit = 2'000;  // seconds of work at most; beyond it callers hear "busy" instead of waiting
}

Workers::Workers(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

bool Workers::post(UniqueFunction<void()> work) {
    {
        MutexLock lock(mutex_);
        if (stopping_ || queue_.size() >= kQueueLimit) return false;
        queue_.push_back(std::move(work));
    }
    changed_.notify_one();
    return true;
}

void Workers::run() {
    for (;;) {
        UniqueFunction<void()> work;
        {
            MutexLock lock(mutex_);
            while (queue_.empty() && !stopping_) changed_.wait(mutex_);
            if (queue_.empty()) return;
            work = std::move(queue_.front());
            queue_.pop_front();
        }
        try {
            work();
        } catch (const std::exception&) {
            log::error("a worker's task failed");
        }
    }
}

}  // namespace cloister::app
