// The rulebook of a vault: its schema and its policy, both documents in numbered versions. Every version is kept, so
// that an audit entry's policy number can always be looked up.
//
// Threads  Any thread. schema() and policy() give the current version as an immutable object; a change made by a
// committed
//          transaction is seen by the next call.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "policy/policy.h"
#include "records/schema.h"
#include "store/database.h"

namespace cloister::records {

class Rulebook {
 public:
    // Loads the newest versions; writes the defaults into a new vault. `data` and `clock` must outlive it.
    static Result<std::unique_ptr<Rulebook>> open(store::Database& data, const Clock& clock);

    std::shared_ptr<const Schema> schema() const CLOISTER_EXCLUDES(mutex_);
    std::shared_ptr<const policy::Policy> policy() const CLOISTER_EXCLUDES(mutex_);

    // What a change made: the new version and the SHA-256 of the text stored for it, for the audit entry. The detail's
    // name and value are what `cloister verify` looks for.
    struct Stored {
        std::uint64_t version = 0;
        std::pair<std::string, std::string> detail;  // "document policy 3", digest in hexadecimal
    };
    // Validates a new document and stores it as the next version inside the caller's transaction; current once
    // committed. conflict when `expected_version` is not the current one. Policy fields must exist in the schema's
    // collections.
    Result<Stored> put_schema(store::Transaction& transaction, std::string_view json, std::uint64_t expected_version,
                              std::string_view actor);
    Result<Stored> put_policy(store::Transaction& transaction, std::string_view yaml, std::uint64_t expected_version,
                              std::string_view actor);
    // Details as above of every version there is; for the first entry of a new vault's log.
    Result<std::vector<std::pair<std::string, std::string>>> details() const;
    // An earlier version's text. not_found.
    Result<std::string> document(store::Snapshot& snapshot, std::string_view kind, std::uint64_t version) const;

 private:
    Rulebook(store::Database& data, const Clock& clock) : data_(data), clock_(clock) {}

    store::Database& data_;
    const Clock& clock_;
    mutable Mutex mutex_;
    std::shared_ptr<const Schema> schema_ CLOISTER_GUARDED_BY(mutex_);
    std::shared_ptr<const policy::Policy> policy_ CLOISTER_GUARDED_BY(mutex_);
};

}  // namespace cloister::records
