#include "http/admission.h"

namespace cloister::http {

bool Admission::enter(const std::string& client) {
    MutexLock lock(mutex_);
    if (open_ >= limit_) return false;
    const auto [found, is_new] = by_client_.try_emplace(client, 0);
    if (found->second >= limit_per_client_) {
        if (is_new) by_client_.erase(found);
        return false;
    }
    ++found->second;
    ++open_;
    return true;
}

void Admission::leave(const std::string& client) {
    MutexLock lock(mutex_);
    const auto found = by_client_.find(client);
    if (--found->second == 0) by_client_.erase(found);
    if (--open_ == 0) emptied_.notify_all();
}

std::size_t Admission::open() const {
    MutexLock lock(mutex_);
    return open_;
}

bool Admission::wait_until_empty(std::chrono::milliseconds within) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    MutexLock lock(mutex_);
    while (open_ > 0) {
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= left.zero()) return false;
        emptied_.wait_for(mutex_, left);
    }
    return true;
}

}  // namespace cloister::http
