// Imports: start a job, feed it the file in pieces, watch it, fetch the rejects.
#include "api/routes.h"
#include "api/types.h"

namespace cloister::api {
namespace {

ImportBody body_of(const records::ImportProgress& p) {
    json::object columns;
    for (const auto& [column, field] : p.columns) columns[column] = field;
    return {p.id.to_string(),
            p.state,
            p.received,
            p.rows,
            p.created,
            p.merged,
            p.duplicates,
            p.rejected,
            p.encoding,
            p.label,
            format_rfc3339(p.started),
            format_rfc3339(p.updated),
            std::move(columns)};
}

void respond(const Context& c, const Result<records::ImportProgress>& progress, int status = 200) {
    // start, feed and cancel write their own entries.
    if (!progress) return c.answer.fail_now(progress.error());
    c.answer.now(described(body_of(*progress), status));
}

void start(Context c) {
    const auto options = records::parse_import_options(c.request.body, c.call->problems);
    if (!options) return c.audit_and_fail(options.error());
    respond(c, c.vault.imports.start(*c.call, *options), 201);
}

void feed(Context c) {
    const auto id = c.id<ImportId>("import");
    const auto offset = number_in_query(c, "offset", 0);
    const std::string_view last = c.query_value("last");
    if (!last.empty() && last != "true" && last != "false") c.call->problems.push_back({"last", "true or false"});
    if (!id || !offset || !c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    respond(c, c.vault.imports.feed(*c.call, *id, *offset, c.request.body, last == "true",
                                    [](const records::ImportProgress&) { return true; }));
}

void cancel(Context c) {
    const auto id = c.id<ImportId>("import");
    if (!id) return c.audit_and_fail(id.error());
    respond(c, c.vault.imports.cancel(*c.call, *id));
}

void show(Context c) {
    const auto id = c.id<ImportId>("import");
    if (!id) return c.audit_and_fail(id.error());
    const auto progress = c.vault.imports.progress(*id);
    if (!progress) return c.audit_and_fail(progress.error());
    c.audit_and_answer(described(body_of(*progress)), {{"import", id->to_string()}});
}

void list(Context c) {
    const auto all = c.vault.imports.list();
    if (!all) return c.audit_and_fail(all.error());
    json::array imports;
    for (const records::ImportProgress& p : *all) imports.push_back(to_json(body_of(p)));
    c.audit_and_answer(json_response(json::serialize(json::object{{"imports", std::move(imports)}})));
}

void rejects(Context c) {
    const auto id = c.id<ImportId>("import");
    const auto after = number_in_query(c, "after", 0);
    const auto limit = number_in_query(c, "limit", 200);
    if (!id || !after || !limit) return c.audit_and_fail(c.invalid());
    const std::size_t count = static_cast<std::size_t>(std::clamp<std::uint64_t>(*limit, 1, 1'000));
    const auto found = c.vault.imports.rejects(*id, *after, count);
    if (!found) return c.audit_and_fail(found.error());
    RejectsBody body;
    for (const records::ImportReject& r : *found) body.rejects.push_back({r.row, r.line, r.field, r.reason});
    if (found->size() == count) body.next = found->back().row;
    c.audit_and_answer(described(body), {{"import", id->to_string()}});
}

}  // namespace

void add_import_routes(std::vector<Route>& routes) {
    using policy::Action;
    const std::string base = "/v1/vaults/{v}/imports";
    const json::value options = json::object{
        {"type", "object"}, {"description", "Import options, see docs/import.md"}, {"additionalProperties", true}};
    routes.emplace_back(
        "POST", base, Action::import_run, Runs::on_worker,
        Doc{.summary = "Start an import", .request = options, .response = schema_of<ImportBody>(), .status = 201},
        start);
    routes.emplace_back(
        "GET", base, Action::import_read, Runs::on_worker,
        Doc{.summary = "List imports",
            .response =
                json::object{
                    {"type", "object"},
                    {"properties",
                     json::object{{"imports", json::object{{"type", "array"}, {"items", schema_of<ImportBody>()}}}}}}},
        list);
    routes.emplace_back("PUT", base + "/{import}/content", Action::import_run, Runs::on_worker,
                        Doc{.summary = "Feed the next piece of the file (at most 8 MiB)",
                            .request = json::object{{"type", "string"}, {"format", "binary"}},
                            .response = schema_of<ImportBody>(),
                            .request_type = "application/octet-stream",
                            .query = {{"offset", "Where this piece starts: `received` of the last answer"},
                                      {"last", "true with the last piece"}}},
                        feed);
    routes.emplace_back("GET", base + "/{import}", Action::import_read, Runs::on_worker,
                        Doc{.summary = "Progress of an import", .response = schema_of<ImportBody>()}, show);
    routes.emplace_back(
        "DELETE", base + "/{import}", Action::import_run, Runs::on_worker,
        Doc{.summary = "Cancel an import; what was committed stays", .response = schema_of<ImportBody>()}, cancel);
    routes.emplace_back(
        "GET", base + "/{import}/rejects", Action::import_read, Runs::on_worker,
        Doc{.summary = "Rejected rows: line, field and reason, never the value",
            .response = schema_of<RejectsBody>(),
            .query = {{"after", "Row number of the last reject seen"}, {"limit", "1 to 1000, default 200"}}},
        rejects);
}

}  // namespace cloister::api
