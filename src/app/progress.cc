#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "app/commands.h"

namespace cloister::app {

namespace {
std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}
}  // namespace

ProgressBar::ProgressBar(std::string what, bool quiet)
    : what_(std::move(what)), quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1), started_us_(now_us()) {}

void ProgressBar::show(std::uint64_t done, std::uint64_t total, const std::string& note) {
    constexpr int kWidth = 30;
    constexpr std::int64_t kRedrawUs = 100'000;
    if (quiet_) return;
    const int percent = total == 0 ? 100 : static_cast<int>(done * 100 / total);
    const std::int64_t now = now_us();
    if (!terminal_) {
        if (percent / 10 == last_percent_ / 10 && last_percent_ >= 0) return;
        last_percent_ = percent;
        std::fprintf(stderr, "%s: %d %% %s\n", what_.c_str(), percent, note.c_str());
        return;
    }
    if (percent == last_percent_ && now - last_us_ < kRedrawUs) return;
    last_percent_ = percent;
    last_us_ = now;
    const int filled = percent * kWidth / 100;
    std::string bar(static_cast<std::size_t>(filled), '#');
    bar.resize(kWidth, '.');
    const double elapsed = static_cast<double>(now - started_us_) / 1e6;
    const double left = percent > 0 ? elapsed * (100 - percent) / percent : 0;
    std::fprintf(stderr, "\r%s [%s] %3d %%  %.0f s left  %s\x1b[K", what_.c_str(), bar.c_str(), percent, left,
                 note.c_str());
    std::fflush(stderr);
}

void ProgressBar::finish() {
    if (!quiet_ && terminal_ && last_percent_ >= 0) std::fprintf(stderr, "\n");
}

}  // namespace cloister::app
