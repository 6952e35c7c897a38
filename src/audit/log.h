// The audit log of one vault: an append-only Merkle tree with one leaf per entry.
//
// An entry of a read goes straight to the journal (append). An entry of a write commits with what it records, as a row
// of the outbox in the same transaction (record), and is moved to the journal in commit order, also after a crash. The
// position in the journal is the leaf index. Hashes, checkpoints and the search index are derived in the background
// within a second and can be rebuilt from the journal.
//
// Invariants  An entry never changes once it has an index. A checkpoint of size n commits to entries [0, n); every
// later
//             checkpoint is consistent with it.
// Threads     Any thread may call any method.
// Errors      storage_full, unavailable: nothing was appended, retrying is safe. corrupt: the files contradict a
// checkpoint;
//             the server must stop.
// Specs       RFC 6962 section 2.1 (hashing), C2SP tlog-tiles, tlog-checkpoint, signed-note; docs/formats.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/entry.h"
#include "base/clock.h"
#include "base/function.h"
#include "base/result.h"
#include "crypto/sign.h"
#include "store/database.h"
#include "store/journal.h"

namespace cloister::audit {

struct LogOptions {
    std::filesystem::path directory;  // DATA/audit
    std::string origin;               // of checkpoints, e.g. "cloister/0190b5a4-...": scheme-less, no blanks, no '+'
    std::size_t segment_bytes = 32u << 20;
    // How often hashes, checkpoint and index follow the journal. 0: only on catch_up(), for tests.
    std::chrono::milliseconds derive_every{500};
};

struct InclusionProof {
    std::uint64_t index = 0;
    std::uint64_t tree_size = 0;
    std::vector<Digest> hashes;
};

constexpr std::size_t kMaxSearchLimit = 1'000;

struct Query {
    std::optional<CustomerId> customer;
    std::string actor;                  // exact, empty: any
    std::string purpose;                // exact, empty: any
    std::string action;                 // exact, empty: any
    std::optional<Time> from;           // inclusive
    std::optional<Time> until;          // exclusive
    std::uint64_t before = UINT64_MAX;  // entries with an index below this one: the cursor of the next page
    std::size_t limit = 50;             // at most 1,000
};

struct Found {
    std::uint64_t index;
    Entry entry;
};

struct Page {
    std::vector<Found> found;
    // Where to go on (Query::before); nothing when the beginning of the log was reached.
    std::optional<std::uint64_t> next;
};

class AuditLog {
 public:
    // Opens or creates the log; moves outbox rows that a crash left behind. `data` is the vault's database, in which
    // the outbox lives; it must outlive the log.
    static Result<std::unique_ptr<AuditLog>> open(const LogOptions& options, crypto::SigningKey key,
                                                  store::Database& data, const Clock& clock);
    virtual ~AuditLog() = default;

    // For reads and refusals: queues the entry; `done` runs on the journal's thread once it is durable.
    virtual void append(const Entry& entry, UniqueFunction<void(Result<std::uint64_t> index)> done) = 0;
    Result<std::uint64_t> append_and_wait(const Entry& entry);
    // For writes: the entry becomes durable with the transaction, or not at all. Its index is known later.
    virtual Result<void> record(store::Transaction& transaction, const Entry& entry) = 0;
    // The same, telling `on_index` the entry's index once it is in the journal (used for erasure certificates).
    virtual Result<void> record(store::Transaction& transaction, const Entry& entry,
                                UniqueFunction<void(Result<std::uint64_t> index)> on_index) = 0;

    // Number of durable entries.
    virtual std::uint64_t size() const = 0;
    // Brings hashes, checkpoint and search index up to everything durable now.
    virtual Result<void> catch_up() = 0;

    // The newest signed checkpoint (a signed note), and the verifier key in its text form.
    virtual Result<std::string> checkpoint() const = 0;
    virtual std::string verifier_key() const = 0;
    // Up to the newest checkpoint: the bytes of a tile or entry bundle, `width` 1..256. not_found beyond it.
    virtual Result<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) const = 0;
    virtual Result<Bytes> entry_bundle(std::uint64_t index, unsigned width) const = 0;
    // Requires index < tree_size <= checkpoint size.
    virtual Result<InclusionProof> prove_inclusion(std::uint64_t index, std::uint64_t tree_size) const = 0;
    virtual Result<std::vector<Digest>> prove_consistency(std::uint64_t old_size, std::uint64_t new_size) const = 0;
    virtual Result<std::uint64_t> checkpoint_size() const = 0;

    // Newest first. Sees every durable entry, indexed or not.
    virtual Result<std::vector<Found>> search(const Query& query) const = 0;
    // The same with a bound on the work: a page may hold fewer entries than asked for, even none, and yet have a next
    // one.
    virtual Result<Page> search_page(const Query& query) const = 0;
    virtual Result<Entry> entry_at(std::uint64_t index) const = 0;

    virtual bool writable() const = 0;
    // An error found in the background that means the log contradicts itself; the server must stop on it.
    virtual std::optional<Error> fatal() const = 0;
};

// Outbox table; applied by AuditLog::open under the module name "audit".
std::span<const store::Migration> migrations();

// Removes and derives again hashes and search index of a log that no server has open. The new root must agree with the
// last checkpoint; corrupt otherwise.
Result<std::uint64_t> rebuild(const LogOptions& options, const crypto::SigningKey& key,
                              const std::function<void(std::uint64_t done, std::uint64_t total)>& on_progress);
// Writes the log into `to` in the standard tlog-tiles layout, for independent tools.
Result<void> export_tiles(const std::filesystem::path& directory, const std::filesystem::path& to,
                          const std::function<void(std::uint64_t done, std::uint64_t total)>& on_progress);

struct Verification {
    std::uint64_t entries = 0;
    std::uint64_t checkpoint_size = 0;
    std::string root_hash;              // base64, of all entries
    std::vector<std::string> problems;  // empty: all is well; each names a file, index or checkpoint
};
// Holds journal, hashes and checkpoint of a log directory against each other and, when given, against a checkpoint
// somebody remembered (which must be consistent with this log). Needs the public key only. `on_entry` sees each entry
// in order.
Result<Verification> verify(const std::filesystem::path& directory, const std::string& verifier_key,
                            const std::optional<std::string>& remembered_checkpoint,
                            const std::function<void(const store::JournalEntry&)>& on_entry,
                            const std::function<void(std::uint64_t done, std::uint64_t total)>& on_progress);

}  // namespace cloister::audit
