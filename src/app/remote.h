// Proving from outside that a server's audit log was not altered: its newest checkpoint against one that was
// remembered.
//
// Threads  Free functions of their arguments.
// Specs    C2SP tlog-checkpoint, signed-note; RFC 9162 section 2.1.4 (consistency proofs)
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/note.h"
#include "base/result.h"

namespace cloister::app {

// What came of it. The strings are for people.
struct RemoteVerification {
    audit::Checkpoint checkpoint;  // the server's newest
    std::uint64_t remembered_size = 0;
    std::string note;                   // of the newest checkpoint, to be remembered
    std::vector<std::string> problems;  // empty: all is well
    std::string proven;                 // what this shows, and what it does not
};

// Gives the body of a successful GET below ".../audit/log/".
using FetchLog = std::function<Result<std::string>(const std::string& what)>;

// An error when the server's answers cannot be had or read; what contradicts itself is a problem of the answer.
Result<RemoteVerification> verify_remote_log(const FetchLog& fetch, const std::optional<std::string>& remembered);

// Replaces the file at once: no reader finds half a checkpoint. The text is on the device when this returns.
Result<void> save_text(const std::filesystem::path& file, std::string_view text);

}  // namespace cloister::app
