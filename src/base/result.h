// Result<T>: a value, or the reason there is none.
//
// Expected failures (not found, denied, damaged ciphertext, store down) travel as Result; broken preconditions are
// bugs and go through CLOISTER_ASSERT (base/assert.h). The member names are std::expected's, so that a later switch is
// mechanical. A Result must not be ignored.
//
// Threads  A Result is a value; it has no shared state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace cloister {

// What kind of failure. The HTTP layer maps each one to a status exactly once (api/problem.cc); the numeric values are
// internal and reach neither disk nor wire.
enum class ErrorCode {
    invalid_argument,     // the caller's input is wrong; retrying the same input cannot help
    not_found,            // no such thing, or the caller may not know that it exists
    already_exists,       // creation of something that is there
    conflict,             // the state forbids it now (a running job, a used number)
    precondition_failed,  // If-Match named another version
    unauthenticated,      // no valid credential
    forbidden,            // a decision said no
    rate_limited,         // a limit per caller was reached
    too_large,            // a documented bound was passed
    storage_full,         // no room on the device; nothing was written; retry when there is room
    unavailable,          // a needed part does not answer; nothing was done; retrying is safe
    corrupt,              // stored bytes contradict themselves, their key or the log
    wrong_key,            // a pass phrase or key does not belong to this store
    unsupported,          // a format or option this version does not know
    cancelled,            // somebody asked to stop
    internal,             // a library failed in a way that should not happen
};

// Stable lower-case name of a code, for logs and metrics.
std::string_view to_string(ErrorCode code);

// A failure: its kind, and a sentence for people. The sentence holds ids and names, never personal values or keys.
class [[nodiscard]] Error {
 public:
    explicit Error(ErrorCode code, std::string detail = {}) : code_(code), detail_(std::move(detail)) {}

    ErrorCode code() const { return code_; }
    const std::string& detail() const { return detail_; }

    // The same failure with `context: ` put in front of the sentence.
    Error within(std::string_view context) const {
        return Error(code_, std::string(context) + (detail_.empty() ? "" : ": ") + detail_);
    }

 private:
    ErrorCode code_;
    std::string detail_;
};

template <class T>
class [[nodiscard]] Result {
 public:
    using value_type = T;

    // Implicit on purpose: `return value;` and `return Error(...);` are the two ways out of a function.
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & {
        CLOISTER_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        CLOISTER_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    T&& value() && {
        CLOISTER_ASSERT(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const {
        CLOISTER_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }

 private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }
    void value() const { CLOISTER_ASSERT(has_value()); }
    const Error& error() const {
        CLOISTER_ASSERT(!has_value());
        return *error_;
    }

 private:
    std::optional<Error> error_;
};

}  // namespace cloister

#define CLOISTER_CONCAT_INNER(a, b) a##b
#define CLOISTER_CONCAT(a, b) CLOISTER_CONCAT_INNER(a, b)

// Returns the error of `expression` from the enclosing function, if it has one.
#define CLOISTER_RETURN_IF_ERROR(expression)                                                  \
    do {                                                                                      \
        if (auto cloister_result_ = (expression); !cloister_result_.has_value()) [[unlikely]] \
            return cloister_result_.error();                                                  \
    } while (false)

// Declares `target` from the value of `expression`, or returns its error from the enclosing function.
#define CLOISTER_ASSIGN_OR_RETURN(target, expression) \
    CLOISTER_ASSIGN_OR_RETURN_INNER(CLOISTER_CONCAT(cloister_result_, __LINE__), target, expression)
#define CLOISTER_ASSIGN_OR_RETURN_INNER(name, target, expression) \
    auto name = (expression);                                     \
    if (!name.has_value()) [[unlikely]]                           \
        return name.error();                                      \
    target = std::move(name).value()
