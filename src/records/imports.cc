#include "records/imports.h"

#include <algorithm>
#include <map>

#include "base/mutex.h"
#include "records/core.h"
#include "records/import_feeding.h"
#include "records/import_job.h"
#include "records/import_mapping.h"

namespace cloister::records {
namespace {

constexpr auto kAction = policy::Action::import_run;
constexpr std::size_t kMaxFeedings = 32;  // kept between calls; one that was dropped is made again from the database
constexpr std::size_t kMaxListed = 1'000;

Error ended(const ImportProgress& progress) {
    return Error(ErrorCode::conflict, "the import has ended: " + progress.state);
}

class JobImports final : public Imports {
 public:
    JobImports(Records& records, store::Database& data, audit::AuditLog& audit, const Clock& clock)
        : records_(records), core_(records.core()), data_(data), audit_(audit), clock_(clock) {}

    Result<ImportProgress> start(Call& call, const ImportOptions& options) override {
        return audited(call, {}, make_job(call, options));
    }
    Result<ImportProgress> feed(Call& call, ImportId id, std::uint64_t offset, std::string_view bytes, bool last,
                                const std::function<bool(const ImportProgress&)>& on_progress) override;
    Result<ImportProgress> cancel(Call& call, ImportId id) override {
        return audited(call, id, end(call, id, "cancelled"));
    }
    Result<ImportProgress> progress(ImportId id) override {
        CLOISTER_ASSIGN_OR_RETURN(const ImportJob job, load(id));
        return job.progress;
    }
    Result<std::vector<ImportProgress>> list() override;
    Result<std::vector<ImportReject>> rejects(ImportId id, std::uint64_t after_row, std::size_t limit) override;

 private:
    struct Slot {
        std::shared_ptr<Feeding> feeding;  // null while it is made
        bool busy = false;
        std::uint64_t used = 0;
    };

    Result<ImportProgress> make_job(Call& call, const ImportOptions& options);
    Result<ImportProgress> feed_job(Call& call, Slot& slot, ImportId id, std::uint64_t offset, std::string_view bytes,
                                    bool last, const Feeding::OnProgress& on_progress);
    Result<ImportProgress> end(Call& call, ImportId id, const std::string& state);
    Result<ImportJob> load(ImportId id);
    Result<ImportProgress> audited(const Call& call, std::optional<ImportId> id, Result<ImportProgress> done);
    bool claim(ImportId id, Slot& slot) CLOISTER_EXCLUDES(mutex_);
    void release(ImportId id, std::shared_ptr<Feeding> keep) CLOISTER_EXCLUDES(mutex_);

    Records& records_;
    Records::Core& core_;
    store::Database& data_;
    audit::AuditLog& audit_;
    const Clock& clock_;
    Mutex mutex_;
    std::map<ImportId, Slot> slots_ CLOISTER_GUARDED_BY(mutex_);
    std::uint64_t uses_ CLOISTER_GUARDED_BY(mutex_) = 0;
};

// What was refused is in the log before the caller hears of it.
Result<ImportProgress> JobImports::audited(const Call& call, std::optional<ImportId> id, Result<ImportProgress> done) {
    if (done) return done;
    audit::Entry entry = core_.refusal(call, kAction, done.error());
    if (id) entry.details.emplace_back("import", id->to_string());
    CLOISTER_RETURN_IF_ERROR(audit_.append_and_wait(entry));
    return done;
}

Result<ImportProgress> JobImports::make_job(Call& call, const ImportOptions& options) {
    const auto schema = records_.rules().schema();
    FieldSet fields;
    fields.named = true;
    for (const auto& [column, path] : options.columns) {
        const Schema::Place place = schema->place(path);
        if (place.field == nullptr) continue;  // check_options() tells of it, to those who may know
        fields.places.push_back(place);
        fields.fields.push_back({place.collection->name, place.field->name, place.field->grade});
    }
    CLOISTER_RETURN_IF_ERROR(core_.decide(call, kAction, fields, 1));
    CLOISTER_RETURN_IF_ERROR(check_options(options, *schema, call.problems));
    ImportJob job;
    job.options = options;
    job.progress.id = core_.new_id<ImportId>();
    job.progress.state = "running";
    job.progress.label = options.label;
    job.progress.started = job.progress.updated = clock_.now();
    audit::Entry entry = core_.entry(call, kAction);
    entry.details.emplace_back("import", job.progress.id.to_string());
    entry.details.emplace_back("step", "started");
    Records::Core::name_fields(entry, fields, "written");
    CLOISTER_RETURN_IF_ERROR(data_.write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(insert_job(transaction, job, call.subject.id));
        return audit_.record(transaction, entry);
    }));
    return job.progress;
}

Result<ImportProgress> JobImports::feed(Call& call, ImportId id, std::uint64_t offset, std::string_view bytes,
                                        bool last, const std::function<bool(const ImportProgress&)>& on_progress) {
    Slot slot;
    if (!claim(id, slot))
        return audited(call, id, Error(ErrorCode::conflict, "the import is being fed by another request"));
    Result<ImportProgress> done = Error(ErrorCode::internal, "a bug while an import was fed");
    try {
        done = feed_job(call, slot, id, offset, bytes, last, on_progress);
    } catch (...) {
        release(id, nullptr);
        throw;
    }
    const bool goes_on = done && done->state == "running" && !slot.feeding->stopped();
    release(id, goes_on ? std::move(slot.feeding) : nullptr);
    return audited(call, id, std::move(done));
}

Result<ImportProgress> JobImports::feed_job(Call& call, Slot& slot, ImportId id, std::uint64_t offset,
                                            std::string_view bytes, bool last, const Feeding::OnProgress& on_progress) {
    CLOISTER_ASSIGN_OR_RETURN(ImportJob job, load(id));
    const std::uint64_t received = job.progress.received;
    if (slot.feeding == nullptr || offset == received) slot.feeding = std::make_shared<Feeding>(records_, job);
    CLOISTER_RETURN_IF_ERROR(slot.feeding->decide(call));
    if (job.progress.state != "running") return ended(job.progress);
    if (offset != slot.feeding->next())
        return Error(ErrorCode::conflict, "the import goes on at byte " + std::to_string(received));
    const auto fed = slot.feeding->feed(call, bytes, last, on_progress);
    if (fed) return slot.feeding->stored();
    // A file that cannot be understood stays so; the same import cannot go on with another one.
    if (fed.error().code() == ErrorCode::invalid_argument || fed.error().code() == ErrorCode::unsupported)
        CLOISTER_RETURN_IF_ERROR(data_.write([&](store::Transaction& transaction) -> Result<void> {
            return end_job(transaction, id, "failed", clock_.now());
        }));
    return fed.error();
}

Result<ImportProgress> JobImports::end(Call& call, ImportId id, const std::string& state) {
    FieldSet none;
    none.named = true;
    CLOISTER_RETURN_IF_ERROR(core_.decide(call, kAction, none, 0));
    CLOISTER_ASSIGN_OR_RETURN(const ImportJob job, load(id));
    if (job.progress.state != "running") return ended(job.progress);
    ImportProgress now;
    CLOISTER_RETURN_IF_ERROR(data_.write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(end_job(transaction, id, state, clock_.now()));
        CLOISTER_ASSIGN_OR_RETURN(const auto ended_job, find_job(transaction, id));
        now = ended_job->progress;
        audit::Entry entry = core_.entry(call, kAction);
        entry.details = {{"import", id.to_string()},
                         {"step", state},
                         {"rows", std::to_string(now.rows)},
                         {"created", std::to_string(now.created)},
                         {"rejected", std::to_string(now.rejected)}};
        return audit_.record(transaction, entry);
    }));
    Slot idle;  // a feeding that is under way fails with its next batch
    if (claim(id, idle)) release(id, nullptr);
    return now;
}

Result<ImportJob> JobImports::load(ImportId id) {
    std::optional<ImportJob> job;
    CLOISTER_RETURN_IF_ERROR(data_.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(job, find_job(snapshot, id));
        return {};
    }));
    if (!job) return Error(ErrorCode::not_found, "no such import");
    return std::move(*job);
}

Result<std::vector<ImportProgress>> JobImports::list() {
    std::vector<ImportProgress> all;
    CLOISTER_RETURN_IF_ERROR(data_.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(auto jobs, list_jobs(snapshot, kMaxListed));
        for (ImportJob& job : jobs) all.push_back(std::move(job.progress));
        return {};
    }));
    return all;
}

Result<std::vector<ImportReject>> JobImports::rejects(ImportId id, std::uint64_t after_row, std::size_t limit) {
    CLOISTER_RETURN_IF_ERROR(load(id));
    std::vector<ImportReject> found;
    CLOISTER_RETURN_IF_ERROR(data_.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(found, list_rejects(snapshot, id, after_row, std::max<std::size_t>(limit, 1)));
        return {};
    }));
    return found;
}

// Takes the import for one caller; false when somebody else has it.
bool JobImports::claim(ImportId id, Slot& slot) {
    MutexLock lock(mutex_);
    Slot& held = slots_[id];
    if (held.busy) return false;
    held.busy = true;
    slot.feeding = std::move(held.feeding);
    return true;
}

void JobImports::release(ImportId id, std::shared_ptr<Feeding> keep) {
    std::shared_ptr<Feeding> dropped;  // destroyed after the lock: its thread may have to end
    MutexLock lock(mutex_);
    if (keep == nullptr) {
        slots_.erase(id);
        return;
    }
    slots_[id] = {std::move(keep), false, ++uses_};
    if (slots_.size() <= kMaxFeedings) return;
    const auto oldest = std::min_element(slots_.begin(), slots_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second.busy, a.second.used) < std::pair(b.second.busy, b.second.used);
    });
    if (oldest->second.busy) return;
    dropped = std::move(oldest->second.feeding);
    slots_.erase(oldest);
}

}  // namespace

Result<std::unique_ptr<Imports>> Imports::open(Records& records, store::Database& data, audit::AuditLog& audit,
                                               const Clock& clock) {
    return std::unique_ptr<Imports>(std::make_unique<JobImports>(records, data, audit, clock));
}

}  // namespace cloister::records
