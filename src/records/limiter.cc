#include "records/limiter.h"

namespace cloister::records {

namespace {
constexpr std::size_t kMaxWindows = 100'000;  // callers times purposes; past it stale windows are dropped
}

bool Limiter::take(std::string_view subject, std::string_view purpose, const policy::RateLimit& limit,
                   std::uint32_t amount, Time now) {
    if (limit.count == 0) return true;
    const Duration length = std::chrono::seconds(limit.per_seconds);
    std::string key(subject);
    key.append(1, '\0').append(purpose);
    MutexLock lock(mutex_);
    if (windows_.size() > kMaxWindows)
        std::erase_if(windows_, [&](const auto& item) { return now - item.second.start >= std::chrono::hours(24); });
    Window& window = windows_[key];
    if (now - window.start >= length || now < window.start) window = {now, 0};
    if (std::uint64_t{window.used} + amount > limit.count) return false;
    window.used += amount;
    return true;
}

}  // namespace cloister::records
