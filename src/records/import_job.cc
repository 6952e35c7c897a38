#include "records/import_job.h"

#include <boost/json.hpp>

#include "records/tables.h"

namespace cloister::records {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxReportsPerRow = 1'000;  // more than columns can be mapped

Error damaged() { return Error(ErrorCode::corrupt, "an import's stored progress cannot be read"); }

Result<void> read_progress(std::string_view text, ImportJob& job) {
    json::error_code error;
    const json::value value = json::parse(text, error);
    if (error || !value.is_object()) return damaged();
    const json::object& object = value.get_object();
    const auto number = [&](std::string_view name) -> std::uint64_t {
        const json::value* member = object.if_contains(name);
        return member != nullptr && member->is_int64() ? static_cast<std::uint64_t>(member->get_int64()) : 0;
    };
    ImportProgress& p = job.progress;
    p.received = number("received");
    p.rows = number("rows");
    p.created = number("created");
    p.merged = number("merged");
    p.duplicates = number("duplicates");
    p.rejected = number("rejected");
    job.line = number("line");
    const json::value* encoding = object.if_contains("encoding");
    const json::value* columns = object.if_contains("columns");
    if (encoding == nullptr || !encoding->is_string() || columns == nullptr || !columns->is_array()) return damaged();
    p.encoding = encoding->get_string();
    for (const json::value& column : columns->get_array()) {
        const json::array* pair = column.if_array();
        if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string())
            return damaged();
        p.columns.emplace_back((*pair)[0].get_string(), (*pair)[1].get_string());
    }
    return {};
}

Result<ImportJob> read_job(const store::Row& row) {
    ImportJob job;
    CLOISTER_ASSIGN_OR_RETURN(job.progress.id, ImportId::from_bytes(row.blob(0)));
    job.progress.state = row.text(1);
    std::vector<FieldProblem> problems;
    auto options = parse_import_options(row.text(2), problems);
    if (!options) return damaged();
    job.options = std::move(*options);
    job.progress.label = job.options.label;
    CLOISTER_RETURN_IF_ERROR(read_progress(row.text(3), job));
    job.progress.started = from_unix_micros(row.integer(4));
    job.progress.updated = from_unix_micros(row.integer(5));
    return job;
}

}  // namespace

std::string progress_text(const ImportJob& job) {
    const ImportProgress& p = job.progress;
    json::array columns;
    columns.reserve(p.columns.size());
    for (const auto& [column, field] : p.columns) columns.push_back(json::array{column, field});
    return json::serialize(json::object{{"received", sql(p.received)},
                                        {"line", sql(job.line)},
                                        {"rows", sql(p.rows)},
                                        {"created", sql(p.created)},
                                        {"merged", sql(p.merged)},
                                        {"duplicates", sql(p.duplicates)},
                                        {"rejected", sql(p.rejected)},
                                        {"encoding", p.encoding},
                                        {"columns", std::move(columns)}});
}

Result<std::optional<ImportJob>> find_job(store::Snapshot& snapshot, ImportId id) {
    CLOISTER_ASSIGN_OR_RETURN(
        auto found,
        snapshot.first("SELECT import, state, options, progress, created, updated FROM imports WHERE import = $1",
                       {id.bytes()}, [](const store::Row& row) { return read_job(row); }));
    if (!found) return std::optional<ImportJob>();
    if (!*found) return found->error();
    return std::optional<ImportJob>(std::move(**found));
}

Result<std::vector<ImportJob>> list_jobs(store::Snapshot& snapshot, std::size_t limit) {
    std::vector<ImportJob> jobs;
    std::optional<Error> failed;
    CLOISTER_RETURN_IF_ERROR(snapshot.query(
        "SELECT import, state, options, progress, created, updated FROM imports ORDER BY import DESC LIMIT $1",
        {sql(limit)}, [&](const store::Row& row) {
            auto job = read_job(row);
            if (!job) {
                failed = job.error();
                return false;
            }
            jobs.push_back(std::move(*job));
            return true;
        }));
    if (failed) return *failed;
    return jobs;
}

Result<void> insert_job(store::Transaction& transaction, const ImportJob& job, std::string_view actor) {
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("INSERT INTO imports (import, state, options, progress, actor, created, updated) VALUES "
                            "($1, $2, $3, $4, $5, $6, $7)",
                            {job.progress.id.bytes(), std::string_view(job.progress.state),
                             std::string_view(to_json(job.options)), std::string_view(progress_text(job)), actor,
                             to_unix_micros(job.progress.started), to_unix_micros(job.progress.updated)}));
    return {};
}

Result<void> advance_job(store::Transaction& transaction, const ImportJob& job, std::string_view before) {
    CLOISTER_ASSIGN_OR_RETURN(
        const std::int64_t changed,
        transaction.execute("UPDATE imports SET state = $2, progress = $3, updated = $4 WHERE import = $1 AND state = "
                            "'running' AND progress = $5",
                            {job.progress.id.bytes(), std::string_view(job.progress.state),
                             std::string_view(progress_text(job)), to_unix_micros(job.progress.updated), before}));
    if (changed != 1) return Error(ErrorCode::conflict, "the import was ended or fed by somebody else meanwhile");
    return {};
}

Result<void> end_job(store::Transaction& transaction, ImportId id, std::string_view state, Time now) {
    CLOISTER_ASSIGN_OR_RETURN(
        const std::int64_t changed,
        transaction.execute("UPDATE imports SET state = $2, updated = $3 WHERE import = $1 AND state = 'running'",
                            {id.bytes(), state, to_unix_micros(now)}));
    if (changed != 1) return Error(ErrorCode::conflict, "the import has ended already");
    return {};
}

Result<void> insert_rejects(store::Transaction& transaction, ImportId id, const std::vector<ImportReject>& rejects) {
    for (const ImportReject& reject : rejects)
        CLOISTER_RETURN_IF_ERROR(transaction.execute(
            "INSERT INTO import_rejects (import, row, line, field, reason) VALUES ($1, $2, $3, $4, $5)",
            {id.bytes(), sql(reject.row), sql(reject.line), std::string_view(reject.field),
             std::string_view(reject.reason)}));
    return {};
}

Result<std::vector<ImportReject>> list_rejects(store::Snapshot& snapshot, ImportId id, std::uint64_t after_row,
                                               std::size_t limit) {
    std::vector<ImportReject> rejects;
    CLOISTER_RETURN_IF_ERROR(snapshot.query(
        "SELECT row, line, field, reason FROM import_rejects WHERE import = $1 AND row > $2 ORDER BY row, field LIMIT "
        "$3",
        {id.bytes(), sql(after_row), sql(limit + kMaxReportsPerRow)}, [&](const store::Row& row) {
            ImportReject reject{static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1)),
                                std::string(row.text(2)), std::string(row.text(3))};
            if (rejects.size() < limit) {
                rejects.push_back(std::move(reject));
                return true;
            }
            if (reject.row != rejects.back().row) return false;
            rejects.back().field += ", " + reject.field;
            rejects.back().reason += "; " + reject.reason;
            return true;
        }));
    return rejects;
}

}  // namespace cloister::records
