// CLOISTER_ASSERT: a broken precondition is a bug. It is checked in every build and throws Bug, which only the request
// and worker loops catch: one request fails loudly and the server goes on, with the place in its log.
#pragma once

#include <stdexcept>

namespace cloister {

// Thrown for a broken precondition. what() names the place and the condition, never a value.
class Bug : public std::logic_error {
 public:
    using std::logic_error::logic_error;
};

[[noreturn]] void fail_assertion(const char* condition, const char* file, int line);

}  // namespace cloister

#define CLOISTER_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::cloister::fail_assertion(#condition, __FILE_NAME__, __LINE__))
