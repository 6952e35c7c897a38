// An import as the database remembers it: options, mapping, and how far it came. The same transaction that stores a
// batch moves the progress on, so the two never disagree.
//
// Threads  Values and free functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "records/imports.h"
#include "store/database.h"

namespace cloister::records {

// A file without any good row must not fill the disk: later rejects are counted, not kept.
constexpr std::uint64_t kMaxRejectsKept = 1'000'000;

struct ImportJob {
    ImportProgress progress;
    ImportOptions options;
    std::uint64_t line = 1;  // line number at progress.received

    bool mapped() const { return !progress.columns.empty(); }
};

// What the column `progress` holds.
std::string progress_text(const ImportJob& job);

Result<std::optional<ImportJob>> find_job(store::Snapshot& snapshot, ImportId id);
// Newest first.
Result<std::vector<ImportJob>> list_jobs(store::Snapshot& snapshot, std::size_t limit);
Result<void> insert_job(store::Transaction& transaction, const ImportJob& job, std::string_view actor);
// Moves a running job on from exactly `before` (a progress_text). conflict when it is elsewhere or has ended: a batch
// that was prepared on top of another one can never be stored without it.
Result<void> advance_job(store::Transaction& transaction, const ImportJob& job, std::string_view before);
// Ends a running job wherever it is; its progress stays.
Result<void> end_job(store::Transaction& transaction, ImportId id, std::string_view state, Time now);

Result<void> insert_rejects(store::Transaction& transaction, ImportId id, const std::vector<ImportReject>& rejects);
// From rows after `after_row`, at most `limit`. A row whose reports would be cut by the limit is given as one, with
// fields and reasons joined, so that the number of the last row is always where to go on.
Result<std::vector<ImportReject>> list_rejects(store::Snapshot& snapshot, ImportId id, std::uint64_t after_row,
                                               std::size_t limit);

}  // namespace cloister::records
