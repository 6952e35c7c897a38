#include "log/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "log/escape.h"

namespace cloister::log {
namespace {

constexpr const char* kConsolePattern = "%Y-%m-%dT%H:%M:%S.%fZ %^%l%$ %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})";

std::atomic<Format> current_format = Format::console;

void use_pattern(spdlog::logger& logger, const char* pattern) {
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
}

// Never destroyed: objects that die after main() may still have something to say.
spdlog::logger& logger() {
    static const auto& the_logger = *new std::unique_ptr<spdlog::logger>([] {
        auto made = std::make_unique<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
        use_pattern(*made, kConsolePattern);
        return made;
    }());
    return *the_logger;
}

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warn: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

void write(Level level, Message message, Fields fields) {
    const spdlog::level::level_enum spdlog_level = to_spdlog(level);
    if (!logger().should_log(spdlog_level)) return;
    const std::string line =
        current_format == Format::json ? json_members(message, fields) : console_text(message, fields);
    logger().log(spdlog_level, spdlog::string_view_t(line));
}

}  // namespace

void init(const Options& options) {
    logger().set_level(to_spdlog(options.level));
    current_format = options.format;
    use_pattern(logger(), options.format == Format::json ? kJsonPattern : kConsolePattern);
}

bool enabled(Level level) { return logger().should_log(to_spdlog(level)); }

Result<Level> parse_level(std::string_view text) {
    for (const auto& [name, level] : {std::pair<std::string_view, Level>{"debug", Level::debug},
                                      {"info", Level::info},
                                      {"warn", Level::warn},
                                      {"error", Level::error}})
        if (text == name) return level;
    return Error(ErrorCode::invalid_argument, "a log level is debug, info, warn or error");
}

void debug(Message message, Fields fields) { write(Level::debug, message, fields); }
void info(Message message, Fields fields) { write(Level::info, message, fields); }
void warn(Message message, Fields fields) { write(Level::warn, message, fields); }
void error(Message message, Fields fields) { write(Level::error, message, fields); }

}  // namespace cloister::log
