#include "log/log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/personal.h"
#include "log/escape.h"

namespace cloister::log {
namespace {

// R1: what belongs to a person, and what opens it, cannot be put into a line: such a line does not compile.
struct NotText {};
static_assert(!std::is_constructible_v<Value, Personal>);
static_assert(!std::is_constructible_v<Value, const Personal&>);
static_assert(!std::is_constructible_v<Value, Personal*>);
static_assert(!std::is_constructible_v<Value, std::span<const std::byte>>);
static_assert(!std::is_constructible_v<Value, std::span<std::byte, 32>>);
static_assert(!std::is_constructible_v<Value, Bytes>);
static_assert(!std::is_constructible_v<Value, Digest>);
static_assert(!std::is_constructible_v<Value, std::byte>);
static_assert(!std::is_constructible_v<Value, const void*>);
static_assert(!std::is_constructible_v<Value, int*>);
static_assert(!std::is_constructible_v<Value, char>);
static_assert(!std::is_constructible_v<Value, NotText>);
static_assert(!std::is_constructible_v<Field, Name, Personal>);
// A message or a name is a literal.
static_assert(!std::is_constructible_v<Message, std::string>);
static_assert(!std::is_constructible_v<Message, std::string_view>);
static_assert(!std::is_constructible_v<Message, const char*>);
static_assert(!std::is_constructible_v<Message, Personal>);
static_assert(!std::is_constructible_v<Name, std::string>);
static_assert(!std::is_constructible_v<Name, const char*>);
// What is meant to be logged is.
static_assert(std::is_constructible_v<Value, std::string> && std::is_constructible_v<Value, const char*> &&
              std::is_constructible_v<Value, std::string_view> && std::is_constructible_v<Value, bool> &&
              std::is_constructible_v<Value, int> && std::is_constructible_v<Value, std::size_t> &&
              std::is_constructible_v<Value, double> && std::is_constructible_v<Value, std::uint16_t>);

template <class Write>
std::string written_by(const Options& options, Write write) {
    testing::internal::CaptureStderr();
    init(options);
    write();
    init({});
    return testing::internal::GetCapturedStderr();
}

boost::json::object parsed(std::string_view line) { return boost::json::parse(std::string(line)).as_object(); }

TEST(Log, writes_one_json_object_a_line) {
    const auto id = CustomerId();
    const std::string out = written_by({.format = Format::json}, [&] {
        info("record stored", {{"customer", id.to_string()}, {"count", 3}, {"late", true}, {"ratio", 0.5}});
        error("store is full", {{"free_bytes", std::uint64_t{18446744073709551615U}}, {"change", -4}});
    });
    ASSERT_EQ(std::count(out.begin(), out.end(), '\n'), 2);
    const auto first = parsed(out.substr(0, out.find('\n')));
    EXPECT_EQ(first.at("level"), "info");
    EXPECT_EQ(first.at("message"), "record stored");
    EXPECT_EQ(first.at("customer"), "00000000-0000-0000-0000-000000000000");
    EXPECT_EQ(first.at("count"), 3);
    EXPECT_EQ(first.at("late"), true);
    EXPECT_EQ(first.at("ratio"), 0.5);
    EXPECT_TRUE(parse_rfc3339(std::string_view(first.at("time").as_string())));
    const auto second = parsed(out.substr(out.find('\n') + 1));
    EXPECT_EQ(second.at("level"), "error");
    EXPECT_EQ(second.at("free_bytes").as_uint64(), 18446744073709551615U);
    EXPECT_EQ(second.at("change"), -4);
}

TEST(Log, writes_times_in_utc) {
    const Time before = SystemClock().now();
    const std::string out = written_by({.format = Format::json}, [] { info("now"); });
    const Time after = SystemClock().now();
    const Time written = parse_rfc3339(std::string_view(parsed(out).at("time").as_string())).value();
    EXPECT_LE(before, written);
    EXPECT_LE(written, after);
}

TEST(Log, writes_names_and_values_for_people_on_the_console) {
    const std::string out = written_by({}, [] {
        warn("lock limit reached", {{"limit", "8 MiB"}, {"path", "data/keys.db"}, {"count", 3}, {"empty", ""}});
    });
    EXPECT_TRUE(out.ends_with(" warning lock limit reached limit=\"8 MiB\" path=data/keys.db count=3 empty=\"\"\n"))
        << out;
}

TEST(Log, leaves_out_lower_levels) {
    const std::string out = written_by({.level = Level::warn}, [] {
        EXPECT_FALSE(enabled(Level::info));
        EXPECT_TRUE(enabled(Level::warn));
        debug("one");
        info("two");
        warn("three");
        error("four");
    });
    EXPECT_EQ(out.find("one"), std::string::npos);
    EXPECT_EQ(out.find("two"), std::string::npos);
    EXPECT_NE(out.find("three"), std::string::npos);
    EXPECT_NE(out.find("four"), std::string::npos);
}

TEST(Log, writes_debug_lines_when_asked) {
    EXPECT_NE(written_by({.level = Level::debug}, [] { debug("seen"); }).find("debug seen"), std::string::npos);
}

TEST(Log, knows_its_levels_by_name) {
    EXPECT_EQ(parse_level("debug").value(), Level::debug);
    EXPECT_EQ(parse_level("error").value(), Level::error);
    EXPECT_EQ(parse_level("INFO").error().code(), ErrorCode::invalid_argument);
}

TEST(Log, text_cannot_forge_a_line_or_drive_a_terminal) {
    const std::string evil =
        "a\nERROR forged\r\x1b[31m\x7f\xC2\x9B"
        "31m\"}\\";
    for (const Format format : {Format::console, Format::json}) {
        const std::string out = written_by({.format = format}, [&] { info("seen", {{"text", evil}}); });
        EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
        for (const char* bad : {"\r", "\x1b", "\x7f", "\xC2\x9B"}) EXPECT_EQ(out.find(bad), std::string::npos);
        if (format == Format::json) EXPECT_EQ(parsed(out).at("text").as_string(), evil);
    }
}

TEST(Log, keeps_text_in_other_scripts_and_replaces_what_is_not_utf8) {
    EXPECT_EQ(quote("歐陽明華"), "\"歐陽明華\"");
    EXPECT_EQ(quote("\xC2\xA0"), "\"\xC2\xA0\"");
    EXPECT_EQ(quote("a\xFF\xC2"), "\"a??\"");
}

TEST(Log, cuts_long_text_at_a_character) {
    const std::string cut = quote(std::string(kMaxTextBytes - 1, 'x') + "é and more");
    EXPECT_EQ(cut, "\"" + std::string(kMaxTextBytes - 1, 'x') + "...\"");
    EXPECT_EQ(quote(std::string(kMaxTextBytes, 'x')), "\"" + std::string(kMaxTextBytes, 'x') + "\"");
}

TEST(Log, numbers_that_json_cannot_say_are_null) {
    EXPECT_EQ(json_members("m", {{"a", std::nan("")}, {"b", HUGE_VAL}}), R"("message":"m","a":null,"b":null)");
}

RC_GTEST_PROP(LogProperty, any_text_gives_valid_json_of_printable_characters,
              (const std::vector<std::uint8_t>& bytes)) {
    const std::string text(bytes.begin(), bytes.end());
    const std::string json = quote(text);
    for (const char c : json) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
    const auto value = boost::json::parse(json);
    if (is_valid_utf8(text) && text.size() <= kMaxTextBytes) RC_ASSERT(value.as_string() == text);
}

TEST(Log, lines_of_many_threads_stay_whole) {
    const std::string out = written_by({.format = Format::json}, [] {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([t] {
                for (int i = 0; i < 200; ++i) info("line", {{"thread", t}, {"number", i}});
            });
    });
    std::istringstream lines(out);
    std::string line;
    int count = 0;
    for (; std::getline(lines, line); ++count) EXPECT_EQ(parsed(line).at("message"), "line");
    EXPECT_EQ(count, 800);
}

}  // namespace
}  // namespace cloister::log
