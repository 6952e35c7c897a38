// Time. Domain code asks a Clock, so that tests can move it. All times are UTC with microseconds.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister {

using Time = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

// Threads  now() may be called from any thread.
class Clock {
 public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
    Time now() const override { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
};

// A clock that stands still until it is moved.
class ManualClock final : public Clock {
 public:
    explicit ManualClock(Time start) : micros_(start.time_since_epoch().count()) {}
    Time now() const override { return Time(Duration(micros_.load())); }
    void advance(Duration by) { micros_ += by.count(); }
    void set(Time to) { micros_ = to.time_since_epoch().count(); }

 private:
    std::atomic<Duration::rep> micros_;
};

// Whole milliseconds and microseconds since 1970, as stored.
inline std::int64_t to_unix_micros(Time t) { return t.time_since_epoch().count(); }
inline Time from_unix_micros(std::int64_t micros) { return Time(Duration(micros)); }
inline std::uint64_t to_unix_millis(Time t) { return static_cast<std::uint64_t>(t.time_since_epoch().count() / 1000); }

// RFC 3339 in UTC with six decimals: 2026-11-23T20:01:02.000003Z.
std::string format_rfc3339(Time t);
// RFC 3339 with `Z` or a numeric offset and up to nine decimals (beyond six are cut), or a bare date (midnight UTC).
Result<Time> parse_rfc3339(std::string_view text);

}  // namespace cloister
