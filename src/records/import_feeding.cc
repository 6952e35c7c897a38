#include "records/import_feeding.h"

#include <algorithm>

#include "base/text.h"

namespace cloister::records {
namespace {

constexpr auto kAction = policy::Action::import_run;
constexpr std::size_t kMaxHeadBytes = 2 * kMaxRowBytes;
constexpr std::size_t kMaxFieldsInEntry = 150;  // an entry has at most 64 KiB, most of it for 200 changes

}  // namespace

Feeding::Feeding(Records& records, ImportJob job)
    : records_(records),
      core_(records.core()),
      schema_(records.rules().schema()),
      job_(std::move(job)),
      planned_(progress_text(job_)),
      next_(job_.progress.received),
      stored_(job_.progress) {}

ImportProgress Feeding::stored() const {
    MutexLock lock(mutex_);
    return stored_;
}

Result<FieldSet> Feeding::fields() const {
    FieldSet set;
    set.named = true;
    const auto add = [&](const std::string& path) -> Result<void> {
        if (path.empty()) return {};
        const Schema::Place place = schema_->place(path);
        if (place.field == nullptr)
            return Error(ErrorCode::invalid_argument, path + " is not a field of the schema any more");
        set.places.push_back(place);
        set.fields.push_back({place.collection->name, place.field->name, place.field->grade});
        return {};
    };
    const ColumnMap& columns = job_.mapped() ? job_.progress.columns : job_.options.columns;
    for (const auto& [column, path] : columns) CLOISTER_RETURN_IF_ERROR(add(path));
    return set;
}

Result<void> Feeding::decide(Call& call) const {
    CLOISTER_ASSIGN_OR_RETURN(const FieldSet set, fields());
    CLOISTER_RETURN_IF_ERROR(core_.decide(call, kAction, set, 0));  // counted once, by start()
    return {};
}

audit::Entry Feeding::entry(const Call& call) const {
    audit::Entry entry = core_.entry(call, kAction);
    entry.details.emplace_back("import", job_.progress.id.to_string());
    return entry;
}

Result<void> Feeding::feed(Call& call, std::string_view bytes, bool last, const OnProgress& on_progress) {
    next_ += bytes.size();
    on_progress_ = &on_progress;
    if (!begun_ && !job_.mapped()) {
        head_.append(bytes);
        const bool lines = job_.options.format == "csv" || head_.find('\n') != std::string::npos;
        const bool enough = head_.size() >= kMaxHeadBytes || (head_.size() >= kDetectBytes && lines);
        if (!last && !enough) return {};
        CLOISTER_RETURN_IF_ERROR(begin(call, last));
        const std::string head = std::exchange(head_, {});
        CLOISTER_RETURN_IF_ERROR(read(call, std::string_view(head).substr(job_.progress.received), last));
    } else {
        if (!begun_) CLOISTER_RETURN_IF_ERROR(begin_rows());
        CLOISTER_RETURN_IF_ERROR(read(call, bytes, last));
    }
    if (intake_ != nullptr && !intake_->batch().empty()) CLOISTER_RETURN_IF_ERROR(send_batch(call));
    CLOISTER_RETURN_IF_ERROR(writer_.drain());
    if (intake_ != nullptr) intake_->settled();
    if (last && !stopped_) return finish(call);
    return {};
}

// The first bytes: encoding, and for JSON Lines the names.
Result<void> Feeding::begin(Call& call, bool whole) {
    CLOISTER_ASSIGN_OR_RETURN(const Detected detected, detect_encoding(head_, whole));
    job_.progress.encoding = to_string(detected.encoding);
    job_.progress.received = detected.skip;
    if (job_.options.format == "csv") return begin_rows();
    CLOISTER_ASSIGN_OR_RETURN(const auto names, names_in_head(whole));
    CLOISTER_RETURN_IF_ERROR(begin_columns(call, names, false));
    return begin_rows();
}

Result<std::vector<std::string>> Feeding::names_in_head(bool whole) const {
    std::vector<std::string> names;
    const auto collect = [&](const ImportRow& row) {
        for (const std::string_view name : row.names)
            if (std::find(names.begin(), names.end(), name) == names.end() && names.size() < kMaxCells)
                names.emplace_back(name);
        return true;
    };
    const auto reader = RowReader::make({.jsonl = true, .encoding = *parse_encoding(job_.progress.encoding)});
    reader->feed(std::string_view(head_).substr(job_.progress.received), collect);
    if (whole) reader->finish(collect);
    return names;
}

// The columns are known: decide for their fields and store them.
Result<void> Feeding::begin_columns(Call& call, const std::vector<std::string>& header, bool all_names_known) {
    CLOISTER_ASSIGN_OR_RETURN(job_.progress.columns,
                              map_columns(job_.options, *schema_, header, all_names_known, call.problems));
    CLOISTER_RETURN_IF_ERROR(decide(call));
    CLOISTER_ASSIGN_OR_RETURN(const FieldSet set, fields());
    job_.progress.updated = core_.clock.now();
    audit::Entry mapped = entry(call);
    mapped.details.emplace_back("step", "mapped");
    Records::Core::name_fields(mapped, set, "written");
    CLOISTER_RETURN_IF_ERROR(core_.data.write([this, &mapped](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(advance_job(transaction, job_, planned_));
        return core_.audit.record(transaction, mapped);
    }));
    planned_ = progress_text(job_);
    MutexLock lock(mutex_);
    stored_ = job_.progress;
    return {};
}

// A reader at `received`; what turns rows into customers once the columns are known.
Result<void> Feeding::begin_rows() {
    const auto encoding = parse_encoding(job_.progress.encoding);
    if (!encoding) return Error(ErrorCode::corrupt, "an import's stored progress cannot be read");
    reader_ = RowReader::make({.jsonl = job_.options.format == "jsonl",
                               .separator = job_.options.separator,
                               .encoding = *encoding,
                               .offset = job_.progress.received,
                               .line = job_.line});
    begun_ = true;
    if (!job_.mapped()) return {};
    const auto settle = [this]() -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(writer_.drain());
        intake_->settled();
        return {};
    };
    CLOISTER_ASSIGN_OR_RETURN(intake_, Intake::make(records_, schema_, job_, settle));
    return {};
}

Result<void> Feeding::read(Call& call, std::string_view bytes, bool last) {
    const auto on_row = [&](const ImportRow& row) {
        const auto taken = take_row(call, row);
        if (!taken) failed_ = taken.error();
        return taken.has_value() && !stopped_;
    };
    if (reader_->feed(bytes, on_row) && last) reader_->finish(on_row);
    if (failed_) return *failed_;
    return {};
}

Result<void> Feeding::take_row(Call& call, const ImportRow& row) {
    if (intake_ == nullptr) {  // the header of a CSV file
        if (!row.problem.empty())
            return Error(ErrorCode::invalid_argument, "the header cannot be read: " + std::string(row.problem));
        std::vector<std::string> header;
        for (const std::string_view cell : row.cells) header.emplace_back(trim(cell));
        job_.progress.received = row.end;
        job_.line = row.end_line;
        CLOISTER_RETURN_IF_ERROR(begin_columns(call, header, true));
        const auto settle = [this]() -> Result<void> {
            CLOISTER_RETURN_IF_ERROR(writer_.drain());
            intake_->settled();
            return {};
        };
        CLOISTER_ASSIGN_OR_RETURN(intake_, Intake::make(records_, schema_, job_, settle));
        return {};
    }
    CLOISTER_RETURN_IF_ERROR(intake_->add(row, job_.progress));
    job_.progress.received = row.end;
    job_.line = row.end_line;
    if (!intake_->batch().full()) return {};
    CLOISTER_RETURN_IF_ERROR(send_batch(call));
    if (on_progress_ != nullptr && *on_progress_ && !(*on_progress_)(stored())) stopped_ = true;
    return {};
}

Result<void> Feeding::send_batch(const Call& call) {
    job_.progress.updated = core_.clock.now();
    auto batch = std::make_shared<IntakeBatch>(intake_->take());
    auto before = std::make_shared<std::string>(std::exchange(planned_, progress_text(job_)));
    auto after = std::make_shared<ImportJob>(job_);
    audit::Entry template_entry = entry(call);
    CLOISTER_ASSIGN_OR_RETURN(const FieldSet set, fields());
    if (set.places.size() <= kMaxFieldsInEntry) Records::Core::name_fields(template_entry, set, "written");
    return writer_.submit(
        [this, batch, before, after, template_entry = std::move(template_entry)]() mutable -> Result<void> {
            const auto extra = [batch, before, after](store::Transaction& transaction) -> Result<void> {
                CLOISTER_RETURN_IF_ERROR(advance_job(transaction, *after, *before));
                return insert_rejects(transaction, after->progress.id, batch->rejects);
            };
            if (batch->customers.empty()) {
                CLOISTER_RETURN_IF_ERROR(core_.data.write(extra));
            } else {
                const auto written =
                    records_.write_import_batch({.customers = std::move(batch->customers),
                                                 .entry = std::move(template_entry),
                                                 .extra = extra,
                                                 .look_up_later = job_.options.duplicates == DuplicatePolicy::keep});
                // A customer who was erased since the row was looked up is not there when the piece is fed again.
                if (!written && written.error().code() == ErrorCode::not_found)
                    return Error(ErrorCode::unavailable, "a customer was erased meanwhile; feed this piece again");
                if (!written) return written.error();
            }
            MutexLock lock(mutex_);
            stored_ = after->progress;
            return {};
        });
}

Result<void> Feeding::finish(const Call& call) {
    if (!job_.mapped()) return Error(ErrorCode::invalid_argument, "the file is empty");
    ImportProgress& p = job_.progress;
    p.received = next_;
    p.state = "finished";
    p.updated = core_.clock.now();
    audit::Entry finished = entry(call);
    finished.details.insert(finished.details.end(), {{"step", "finished"},
                                                     {"rows", std::to_string(p.rows)},
                                                     {"created", std::to_string(p.created)},
                                                     {"merged", std::to_string(p.merged)},
                                                     {"duplicates", std::to_string(p.duplicates)},
                                                     {"rejected", std::to_string(p.rejected)}});
    CLOISTER_RETURN_IF_ERROR(core_.data.write([this, &finished](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(advance_job(transaction, job_, planned_));
        return core_.audit.record(transaction, finished);
    }));
    planned_ = progress_text(job_);
    MutexLock lock(mutex_);
    stored_ = p;
    return {};
}

}  // namespace cloister::records
