// The audit log: search for auditors; checkpoint, tiles and key for whoever verifies.
#include "api/routes.h"
#include "api/types.h"
#include "audit/tiles.h"

namespace cloister::api {
namespace {

std::optional<Time> time_in_query(const Context& c, std::string_view name) {
    const std::string_view text = c.query_value(name);
    if (text.empty()) return std::nullopt;
    const auto time = parse_rfc3339(text);
    if (!time) {
        c.call->problems.push_back({std::string(name), time.error().detail()});
        return std::nullopt;
    }
    return *time;
}

void entries(Context c) {
    audit::Query query;
    if (const auto text = c.query_value("customer"); !text.empty()) {
        const auto id = CustomerId::parse(text);
        if (id)
            query.customer = *id;
        else
            c.call->problems.push_back({"customer", id.error().detail()});
    }
    query.actor = c.query_value("actor");
    query.purpose = c.query_value("purpose");
    query.action = c.query_value("action");
    query.from = time_in_query(c, "from");
    query.until = time_in_query(c, "to");
    const auto before = number_in_query(c, "before", UINT64_MAX);
    const auto limit = number_in_query(c, "limit", 50);
    if (!before || !limit || !c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    query.before = *before;
    query.limit = static_cast<std::size_t>(std::clamp<std::uint64_t>(*limit, 1, 1'000));
    const auto found = c.vault.audit.search(query);
    if (!found) return c.audit_and_fail(found.error());
    EntriesBody body;
    for (const audit::Found& f : *found) {
        const auto bytes = audit::encode(f.entry);
        boost::system::error_code ec;
        body.entries.push_back({f.index, bytes ? json::parse(as_text(*bytes), ec) : json::value(nullptr)});
    }
    if (found->size() == query.limit) body.next = found->back().index;
    std::vector<std::pair<std::string, std::string>> details;
    if (query.customer) details.emplace_back("customer", query.customer->to_string());
    details.emplace_back("entries", std::to_string(found->size()));
    c.audit_and_answer(described(body), std::move(details));
}

void checkpoint(Context c) {
    const auto note = c.vault.audit.checkpoint();
    if (!note) return c.answer.fail_now(note.error());
    http::Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.headers.emplace_back("Cache-Control", "private, max-age=2");
    response.body = *note;
    c.answer.now(std::move(response));
}

void key(Context c) {
    http::Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = c.vault.audit.verifier_key() + "\n";
    c.answer.now(std::move(response));
}

http::Response immutable(Bytes bytes) {
    http::Response response;
    response.content_type = "application/octet-stream";
    response.headers.emplace_back("Cache-Control", "private, max-age=31536000, immutable");
    response.body = std::string(as_text(bytes));
    return response;
}

void tile(Context c) {
    const std::string& path = c.path["path"];
    const std::size_t slash = path.find('/');
    const auto place = audit::parse_tile_path(path.substr(0, slash), slash == std::string::npos
                                                                         ? std::string_view()
                                                                         : std::string_view(path).substr(slash + 1));
    if (!place) return c.answer.fail_now(Error(ErrorCode::not_found, "no such tile"));
    auto bytes = c.vault.audit.tile(place->level, place->index, place->width);
    if (!bytes) return c.answer.fail_now(bytes.error());
    c.answer.now(immutable(std::move(*bytes)));
}

// Bundles hold the entries themselves: for auditors, and audited.
void bundle(Context c) {
    const auto place = audit::parse_bundle_path(c.path["path"]);
    if (!place) return c.audit_and_fail(Error(ErrorCode::not_found, "no such bundle"));
    auto bytes = c.vault.audit.entry_bundle(place->index, place->width);
    if (!bytes) return c.audit_and_fail(bytes.error());
    c.audit_and_answer(immutable(std::move(*bytes)), {{"bundle", std::to_string(place->index)}});
}

void consistency(Context c) {
    const auto from = number_in_query(c, "from", 0);
    const auto to = number_in_query(c, "to", 0);
    if (!from || !to || *from == 0 || *to < *from) {
        if (c.call->problems.empty())
            c.call->problems.push_back({"from", "two sizes of the log, from below or equal to to"});
        return c.audit_and_fail(c.invalid());
    }
    const auto proof = c.vault.audit.prove_consistency(*from, *to);
    if (!proof) return c.answer.fail_now(proof.error());
    json::array hashes;
    for (const Digest& hash : *proof) hashes.emplace_back(base64_encode(hash));
    c.answer.now(
        json_response(json::serialize(json::object{{"from", *from}, {"to", *to}, {"proof", std::move(hashes)}})));
}

void inclusion(Context c) {
    const auto index = number_in_query(c, "index", 0);
    const auto size = number_in_query(c, "size", 0);
    if (!index || !size || *size <= *index) {
        if (c.call->problems.empty()) c.call->problems.push_back({"index", "an index below size"});
        return c.audit_and_fail(c.invalid());
    }
    const auto proof = c.vault.audit.prove_inclusion(*index, *size);
    if (!proof) return c.answer.fail_now(proof.error());
    json::array hashes;
    for (const Digest& hash : proof->hashes) hashes.emplace_back(base64_encode(hash));
    c.answer.now(
        json_response(json::serialize(json::object{{"index", *index}, {"size", *size}, {"proof", std::move(hashes)}})));
}

}  // namespace

void add_audit_routes(std::vector<Route>& routes) {
    using policy::Action;
    const std::string base = "/v1/vaults/{v}/audit";
    const json::value bytes = json::object{{"type", "string"}, {"format", "binary"}};
    const json::value text = json::object{{"type", "string"}};
    const json::value proof = json::object{{"type", "object"}, {"additionalProperties", true}};
    routes.emplace_back("GET", base + "/entries", Action::audit_read, Runs::on_worker,
                        Doc{.summary = "Search the audit log, newest first",
                            .response = schema_of<EntriesBody>(),
                            .query = {{"customer", "Customer id"},
                                      {"actor", "staff:name or service:name"},
                                      {"purpose", "Purpose"},
                                      {"action", "Action"},
                                      {"from", "From this time on, RFC 3339"},
                                      {"to", "Before this time, RFC 3339"},
                                      {"before", "Cursor: `next` of the page before"},
                                      {"limit", "1 to 1000, default 50"}}},
                        entries);
    routes.emplace_back("GET", base + "/log/checkpoint", Action::audit_log_read, Runs::at_once,
                        Doc{.summary = "The newest signed checkpoint", .response = text, .response_type = "text/plain"},
                        checkpoint);
    routes.emplace_back("GET", base + "/log/key", Action::audit_log_read, Runs::at_once,
                        Doc{.summary = "The log's verifier key", .response = text, .response_type = "text/plain"}, key);
    routes.emplace_back("GET", base + "/log/tile/entries/{path...}", Action::audit_bundle_read, Runs::on_worker,
                        Doc{.summary = "An entry bundle (C2SP tlog-tiles)",
                            .response = bytes,
                            .response_type = "application/octet-stream"},
                        bundle);
    routes.emplace_back("GET", base + "/log/tile/{path...}", Action::audit_log_read, Runs::on_worker,
                        Doc{.summary = "A tile of hashes (C2SP tlog-tiles)",
                            .response = bytes,
                            .response_type = "application/octet-stream"},
                        tile);
    routes.emplace_back("GET", base + "/log/consistency", Action::audit_log_read, Runs::on_worker,
                        Doc{.summary = "Consistency proof between two sizes",
                            .response = proof,
                            .query = {{"from", "Smaller size"}, {"to", "Larger size"}}},
                        consistency);
    routes.emplace_back("GET", base + "/log/inclusion", Action::audit_log_read, Runs::on_worker,
                        Doc{.summary = "Inclusion proof of an entry",
                            .response = proof,
                            .query = {{"index", "Index of the entry"}, {"size", "Size of the tree"}}},
                        inclusion);
}

}  // namespace cloister::api
