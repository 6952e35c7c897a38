// Rate limits: how often a caller acted for a purpose within a window. A fixed window per caller and purpose, in
// memory.
//
// Threads  Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "policy/policy.h"

namespace cloister::records {

class Limiter {
 public:
    // Counts `amount` acts. False, and nothing counted, when that would pass the limit.
    bool take(std::string_view subject, std::string_view purpose, const policy::RateLimit& limit, std::uint32_t amount,
              Time now) CLOISTER_EXCLUDES(mutex_);

 private:
    struct Window {
        Time start{};
        std::uint32_t used = 0;
    };
    Mutex mutex_;
    std::unordered_map<std::string, Window> windows_ CLOISTER_GUARDED_BY(mutex_);
};

}  // namespace cloister::records
