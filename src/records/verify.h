// Verification: holds every stored record against the digests in the audit log and against the keys, and names whatever
// was changed, rolled back, inserted or deleted behind the program's back, and every orphan record and index row.
//
// Works on a vault that nobody writes to. Memory is bounded: what the log says is put into temporary files by ranges of
// customers (ids and digests only), and the store is walked range by range.
//
// Threads  One call at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "keys/keyring.h"
#include "records/rulebook.h"
#include "store/database.h"
#include "store/journal.h"

namespace cloister::records {

struct Finding {
    std::string kind;      // "changed", "rolled-back", "inserted", "deleted", "no-key", "does-not-open", "orphan", ...
    std::string customer;  // ids; empty when it is not about a customer
    std::string place;  // "contact", "transaction/0190...", "history transaction/0190... version 2", "policy version 3"
    std::string explanation;
};

struct VerifyParts {
    VaultId vault;
    store::Database& data;
    keys::Keyring& keys;
    Rulebook& rules;
    std::filesystem::path scratch;  // directory for temporary files; created and removed
};

struct VerifyReport {
    std::uint64_t customers = 0;
    std::uint64_t records = 0;
    std::uint64_t versions = 0;  // of history
    // Keys of customers that never arrived: keys are made before data, and a crash came in between. They open nothing,
    // and the next start drops them.
    std::uint64_t unused_keys = 0;
    std::vector<Finding> findings;  // at most kMaxFindings
    std::uint64_t findings_total = 0;
};
constexpr std::size_t kMaxFindings = 10'000;

class Verifier {
 public:
    static Result<std::unique_ptr<Verifier>> make(const VerifyParts& parts);
    virtual ~Verifier() = default;
    // Every entry of the log in order; entries of reads are passed over quickly.
    virtual void entry(const store::JournalEntry& entry) = 0;
    // After the last entry.
    virtual Result<VerifyReport> run(
        const std::function<void(std::uint64_t done, std::uint64_t total)>& on_progress) = 0;
};

}  // namespace cloister::records
