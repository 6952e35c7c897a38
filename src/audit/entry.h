// An audit entry: who, when, from where, did what, to which customer and fields, for which purpose and reason, with
// which decision. Ids and names only, never values, because the log can never forget.
//
// On disk an entry is one JSON object without blanks, members in the order of this struct, empty ones left out
// (docs/formats.md, "Audit entry"). Its bytes are the leaf; nothing is ever re-encoded for hashing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace cloister::audit {

constexpr std::size_t kMaxEntryBytes = 65'535;  // C2SP tlog-tiles entry bundles

// What became of one record in a write. The digest lets `cloister verify` hold the store against the log.
struct RecordChange {
    CustomerId customer;
    std::uint16_t collection = 0;
    RecordId record;
    std::uint64_t version = 0;  // after the change; for a deletion, the version deleted
    Digest digest{};            // of the sealed record; all zeroes for a deletion
    bool deleted = false;
};

struct Entry {
    Time time{};
    std::string actor;                  // "staff:agent-lin", "service:shop", "operator", "system"
    std::string token;                  // id of the credential used
    std::string origin;                 // network address, or "local" for the command line
    std::string request;                // id of the request, also in the answer's header
    std::string action;                 // "customer.read", "schema.write", ...
    std::vector<CustomerId> customers;  // none, one, or those of a batch
    // Field and effect ("clear", "masked", ...), or field and "written".
    std::vector<std::pair<std::string, std::string>> fields;
    std::string purpose;
    std::string reason;
    std::string decision;  // "permit" or "deny"
    std::string problem;   // for a refusal: the problem type, e.g. "purpose-unknown"
    std::uint64_t policy_version = 0;
    std::vector<RecordChange> changes;
    // Further facts: counts, versions, names of roles. Never personal values.
    std::vector<std::pair<std::string, std::string>> details;
};

// too_large when the bytes would pass kMaxEntryBytes: the caller splits batches (200 customers an entry is safe).
Result<Bytes> encode(const Entry& entry);
Result<Entry> decode(ByteView bytes);

}  // namespace cloister::audit
