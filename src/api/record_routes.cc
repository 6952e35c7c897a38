// Records of one collection of one customer.
#include "api/customer_json.h"
#include "api/routes.h"
#include "api/types.h"

namespace cloister::api {
namespace {

// Customer, collection and record of the path; the record of a collection of one is written "-".
struct Place {
    CustomerId customer;
    std::string collection;
    RecordId record;
};

Result<Place> place_of(const Context& c, bool with_record) {
    Place place;
    CLOISTER_ASSIGN_OR_RETURN(place.customer, c.id<CustomerId>("id"));
    place.collection = c.path.find("collection")->second;
    if (!with_record || c.path.find("record")->second == "-") return place;
    CLOISTER_ASSIGN_OR_RETURN(place.record, c.id<RecordId>("record"));
    return place;
}

void list(Context c) {
    const auto place = place_of(c, false);
    const auto limit = number_in_query(c, "limit", 50);
    std::optional<RecordId> before;
    if (const auto after = c.query_value("after"); !after.empty()) {
        const auto parsed = RecordId::parse(after);
        if (parsed)
            before = *parsed;
        else
            c.call->problems.push_back({"after", "the cursor `next` of the page before"});
    }
    if (!place || !limit || !c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    const auto view = c.vault.records.list(*c.call, place->customer, place->collection, before,
                                           std::max<std::size_t>(1, static_cast<std::size_t>(*limit)), selection_of(c),
                                           c.answer.audited());
    if (!view) return c.answer.fail(view.error());
    c.answer.ready(json_response(write_records(*view, c.call->policy_version)));
}

void read_one(Context c) {
    const auto place = place_of(c, true);
    if (!place) return c.audit_and_fail(place.error());
    const auto view =
        c.vault.records.read_record(*c.call, place->customer, place->collection, place->record, c.answer.audited());
    if (!view) return c.answer.fail(view.error());
    http::Response response = json_response(write_record(*view, c.call->policy_version));
    response.headers.emplace_back("ETag", etag(view->collections.front().records.front().version));
    c.answer.ready(std::move(response));
}

void history(Context c) {
    const auto place = place_of(c, true);
    if (!place) return c.audit_and_fail(place.error());
    const auto view =
        c.vault.records.history(*c.call, place->customer, place->collection, place->record, c.answer.audited());
    if (!view) return c.answer.fail(view.error());
    c.answer.ready(json_response(write_records(*view, c.call->policy_version)));
}

// The body as a record of the path's collection, problems noted.
Result<records::InputRecord> input(const Context& c, const Place& place, const records::Schema& schema, bool merge) {
    const records::Collection* collection = schema.find(place.collection);
    if (collection == nullptr || collection->retired) return Error(ErrorCode::not_found, "no such collection");
    const auto body = parse_body(c.request.body, c.call->problems);
    if (!body) return c.invalid();
    auto record = read_record(*body, "", merge, *collection, c.call->problems);
    if (!c.call->problems.empty()) return c.invalid();
    if (!place.record.is_nil()) record.record = place.record;
    return record;
}

void add(Context c) {
    const auto place = place_of(c, false);
    if (!place) return c.audit_and_fail(place.error());
    const auto schema = c.vault.rules.schema();
    auto record = input(c, *place, *schema, false);
    if (!record) return c.audit_and_fail(record.error());
    if (!record->collection->many) {
        c.call->problems.push_back({"collection", "a customer has one of these: change it by PATCH on the customer"});
        return c.audit_and_fail(c.invalid());
    }
    c.vault.records.add_record(c.call, place->customer, std::move(*record), schema, answer_write(c.answer, 201));
}

void change(Context c) {
    const auto place = place_of(c, true);
    if (!place) return c.audit_and_fail(place.error());
    const auto expected = if_match(c);
    if (!expected) return c.audit_and_fail(c.invalid());
    const auto schema = c.vault.rules.schema();
    auto record = input(c, *place, *schema, true);
    if (!record) return c.audit_and_fail(record.error());
    if (record->collection->many != record->record.has_value()) {
        c.call->problems.push_back({"record", "give the record's id, or - for a collection of one"});
        return c.audit_and_fail(c.invalid());
    }
    c.vault.records.update_record(c.call, place->customer, std::move(*record), schema, *expected,
                                  answer_write(c.answer, 200));
}

void remove(Context c) {
    const auto place = place_of(c, true);
    if (!place) return c.audit_and_fail(place.error());
    std::uint64_t expected = 0;
    if (!c.request.header("if-match").empty()) {
        const auto version = if_match(c);
        if (!version) return c.audit_and_fail(c.invalid());
        expected = *version;
    }
    c.vault.records.delete_record(c.call, place->customer, place->collection, place->record, expected,
                                  answer_write(c.answer, 200));
}

json::value list_schema() {
    return json::object{
        {"type", "object"},
        {"properties", json::object{{"id", json::object{{"type", "string"}}},
                                    {"records", json::object{{"type", "array"}, {"items", record_schema()}}},
                                    {"next", json::object{{"type", "string"}}},
                                    {"policy_version", json::object{{"type", "integer"}}}}},
        {"required", json::array{"id", "records", "policy_version"}}};
}

}  // namespace

void add_record_routes(std::vector<Route>& routes) {
    using policy::Action;
    const std::string base = "/v1/vaults/{v}/customers/{id}/{collection}";
    routes.emplace_back("GET", base, Action::customer_read, Runs::at_once,
                        Doc{.summary = "List a customer's records of a collection, newest first",
                            .response = list_schema(),
                            .query = {{"fields", "Comma-separated paths within the collection"},
                                      {"limit", "1 to 200, default 50"},
                                      {"after", "Cursor: `next` of the page before"}}},
                        list);
    routes.emplace_back("POST", base, Action::customer_update, Runs::at_once,
                        Doc{.summary = "Add a record to a collection of many",
                            .request = record_schema(),
                            .response = schema_of<WrittenBody>(),
                            .status = 201},
                        add);
    routes.emplace_back("GET", base + "/{record}", Action::customer_read, Runs::at_once,
                        Doc{.summary = "Read a record", .response = record_schema()}, read_one);
    routes.emplace_back("PATCH", base + "/{record}", Action::customer_update, Runs::on_worker,
                        Doc{.summary = "Change a record by JSON merge patch",
                            .request = record_schema(),
                            .response = schema_of<WrittenBody>(),
                            .request_type = "application/merge-patch+json",
                            .if_match = true},
                        change);
    routes.emplace_back(
        "DELETE", base + "/{record}", Action::record_delete, Runs::at_once,
        Doc{.summary = "Delete a record; its versions stay in history", .response = schema_of<WrittenBody>()}, remove);
    routes.emplace_back(
        "GET", base + "/{record}/history", Action::history_read, Runs::at_once,
        Doc{.summary = "The versions of a record, newest first, at most 500", .response = list_schema()}, history);
}

}  // namespace cloister::api
