// One request on its way through the vault: who asks, for which purpose, and what came of it. Filled by the caller's
// side
// (`api`, or the command line), read and completed by the use cases.
//
// Threads  Belongs to one request; handed from thread to thread, never used by two at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "policy/policy.h"

namespace cloister::records {

// Something wrong with one member of the input. Never holds the value.
struct FieldProblem {
    std::string path;    // "contact.mobile", "customers[3].basic.birth_date"
    std::string reason;  // "check digit does not match"
};

// A write that may be sent twice: the same key and request give the first answer again.
struct Idempotency {
    Digest key{};      // of the header's value and the caller's token
    Digest request{};  // of method, target and body
};

struct Call {
    // Who, from where, why.
    policy::Subject subject;
    std::string token;
    std::string origin = "local";
    std::string request;
    std::string purpose;
    std::string reason;
    std::optional<Idempotency> idempotency;

    // What came of it, for the answer.
    policy::Denial denial = policy::Denial::none;
    std::string explanation;
    std::vector<FieldProblem> problems;
    std::uint64_t policy_version = 0;
};
using CallPtr = std::shared_ptr<Call>;

}  // namespace cloister::records
