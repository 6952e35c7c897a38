// The operator's log: what the server did, one line each, to standard error. Not the audit log (audit/log.h).
//
//     log::info("checkpoint written", {{"size", tree_size}, {"vault", id.to_string()}});
//
// Nothing personal can get in by construction: the message and the names of fields are literals, known when the
// program is compiled, and a value is a number, a truth value or text. There is no formatting of objects: Personal,
// Secret and bytes do not convert to a Value. Text is for ids, names from the configuration and Error::detail().
//
// Threads  Any thread may write. A line is written whole.
// Data     Text is escaped (control characters cannot forge a line or drive a terminal) and cut at kMaxTextBytes.
// Format   console: `<time> <level> <message> name=value ...`; json: one object a line, `time`, `level`, `message` and
//          the fields. Times are RFC 3339, UTC.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace cloister::log {

enum class Level { debug, info, warn, error };
enum class Format { console, json };

struct Options {
    Level level = Level::info;  // lower levels are left out
    Format format = Format::console;
};

// May be called again, for instance when the configuration has been read. Before the first call the defaults hold.
void init(const Options& options);
// Would a line of this level be written? For callers whose fields are costly.
bool enabled(Level level);
// "debug", "info", "warn" or "error". invalid_argument for other words.
Result<Level> parse_level(std::string_view text);

constexpr std::size_t kMaxTextBytes = 1024;  // enough for any error sentence; a line stays readable

// A literal. Text made while the program runs does not compile.
class Message {
 public:
    template <std::size_t N>
    consteval Message(const char (&text)[N]) : text_(text, N - 1) {}
    std::string_view text() const { return text_; }

 private:
    std::string_view text_;
};

// The name of a field: a literal of lower-case letters, digits and '_', other than the names every line has.
class Name {
 public:
    template <std::size_t N>
    consteval Name(const char (&text)[N]) : text_(text, N - 1) {
        bool good = !text_.empty() && text_ != "time" && text_ != "level" && text_ != "message";
        for (const char c : text_) good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
        if (!good) throw "not a field name";  // stops the compilation
    }
    std::string_view text() const { return text_; }

 private:
    std::string_view text_;
};

template <class T>
concept Character = std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
                    std::same_as<T, char16_t> || std::same_as<T, char32_t>;
template <class T>
concept SignedNumber = std::signed_integral<T> && !Character<T>;
template <class T>
concept UnsignedNumber = std::unsigned_integral<T> && !Character<T> && !std::same_as<T, bool>;

// Borrows text for the length of the call.
class Value {
 public:
    template <std::same_as<bool> T>
    Value(T truth) : value_(truth) {}
    template <SignedNumber T>
    Value(T number) : value_(static_cast<std::int64_t>(number)) {}
    template <UnsignedNumber T>
    Value(T number) : value_(static_cast<std::uint64_t>(number)) {}
    template <std::floating_point T>
    Value(T number) : value_(static_cast<double>(number)) {}
    template <std::convertible_to<std::string_view> T>
    Value(const T& text) : value_(std::string_view(text)) {}

    using Held = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;
    const Held& held() const { return value_; }

 private:
    Held value_;
};

struct Field {
    Name name;
    Value value;
};
using Fields = std::initializer_list<Field>;

void debug(Message message, Fields fields = {});
void info(Message message, Fields fields = {});
void warn(Message message, Fields fields = {});
void error(Message message, Fields fields = {});

}  // namespace cloister::log
