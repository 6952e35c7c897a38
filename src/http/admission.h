// Who may connect: bounds on open connections, over all and for each client address.
//
// Threads  Any.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/mutex.h"

namespace cloister::http {

class Admission {
 public:
    Admission(std::size_t limit, std::size_t limit_per_client) : limit_(limit), limit_per_client_(limit_per_client) {}

    // `client` is what connections are counted by. Every true must be followed by one leave() with the same client.
    bool enter(const std::string& client) CLOISTER_EXCLUDES(mutex_);
    void leave(const std::string& client) CLOISTER_EXCLUDES(mutex_);
    std::size_t open() const CLOISTER_EXCLUDES(mutex_);
    // Waits until nobody is left; false when `within` passed first.
    bool wait_until_empty(std::chrono::milliseconds within) CLOISTER_EXCLUDES(mutex_);

 private:
    const std::size_t limit_;
    const std::size_t limit_per_client_;
    mutable Mutex mutex_;
    CondVar emptied_;
    std::size_t open_ CLOISTER_GUARDED_BY(mutex_) = 0;
    std::unordered_map<std::string, std::size_t> by_client_ CLOISTER_GUARDED_BY(mutex_);
};

}  // namespace cloister::http
