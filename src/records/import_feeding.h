// One import being fed: from bytes to batches on their way to the store.
//
// It lives from the first piece to the last, or until something fails; everything that matters is in the database, so a
// new one can go on from ImportProgress::received.
//
// Threads  Used by one caller at a time (Imports sees to it).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "records/core.h"
#include "records/import_intake.h"
#include "records/import_job.h"
#include "records/import_writer.h"

namespace cloister::records {

class Feeding {
 public:
    using OnProgress = std::function<bool(const ImportProgress&)>;

    Feeding(Records& records, ImportJob job);

    // Where the next piece of this feeding starts.
    std::uint64_t next() const { return next_; }
    // As stored.
    ImportProgress stored() const CLOISTER_EXCLUDES(mutex_);
    bool stopped() const { return stopped_; }

    // Evaluates import.run for the fields known so far.
    Result<void> decide(Call& call) const;
    // Takes the next piece; everything complete in it is stored when this returns. `last` ends the import.
    Result<void> feed(Call& call, std::string_view bytes, bool last, const OnProgress& on_progress);

 private:
    Result<void> begin(Call& call, bool whole);
    Result<void> begin_columns(Call& call, const std::vector<std::string>& header, bool all_names_known);
    Result<std::vector<std::string>> names_in_head(bool whole) const;
    Result<void> begin_rows();
    Result<void> read(Call& call, std::string_view bytes, bool last);
    Result<void> take_row(Call& call, const ImportRow& row);
    Result<void> send_batch(const Call& call);
    Result<void> finish(const Call& call);
    audit::Entry entry(const Call& call) const;
    Result<FieldSet> fields() const;

    Records& records_;
    Records::Core& core_;
    std::shared_ptr<const Schema> schema_;
    ImportJob job_;        // as planned: with the batches that are on their way
    std::string planned_;  // progress_text of job_ when the last batch was handed out
    std::uint64_t next_ = 0;
    std::string head_;  // until the encoding is known
    bool begun_ = false;
    bool stopped_ = false;
    std::optional<Error> failed_;
    const OnProgress* on_progress_ = nullptr;
    std::unique_ptr<RowReader> reader_;
    std::unique_ptr<Intake> intake_;

    mutable Mutex mutex_;
    ImportProgress stored_ CLOISTER_GUARDED_BY(mutex_);
    ImportWriter writer_;  // last: its thread uses what stands above
};

}  // namespace cloister::records
