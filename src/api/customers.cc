// Customers: create, read, change, erase.
#include "api/customer_json.h"
#include "api/routes.h"
#include "api/types.h"

namespace cloister::api {
namespace {

void create(Context c) {
    const auto body = parse_body(c.request.body, c.call->problems);
    if (!body) return c.audit_and_fail(c.invalid());
    auto input = read_customer(*body, "", false, c.vault.rules.schema(), c.call->problems);
    if (!c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    c.vault.records.create(c.call, std::move(input), answer_write(c.answer, 201));
}

void read(Context c) {
    const auto id = c.id<CustomerId>("id");
    if (!id) return c.audit_and_fail(id.error());
    const auto view = c.vault.records.read(*c.call, *id, selection_of(c), c.answer.audited());
    if (!view) return c.answer.fail(view.error());
    http::Response response = json_response(write_customer(*view, c.call->policy_version));
    response.headers.emplace_back("ETag", etag(view->version));
    c.answer.ready(std::move(response));
}

void update(Context c) {
    const auto id = c.id<CustomerId>("id");
    if (!id) return c.audit_and_fail(id.error());
    if (c.request.header("if-match").empty()) {
        audit::Entry e = c.entry();
        e.decision = "deny";
        e.problem = "precondition-required";
        e.customers = {*id};
        c.vault.audit.append(e, c.answer.audited());
        return c.answer.ready(problem(
            428, "precondition-required", "If-Match is required",
            "Send the version you read (the ETag) in If-Match, or * to overwrite whatever is there.", c.call->request));
    }
    const auto expected = if_match(c);
    const auto body = parse_body(c.request.body, c.call->problems);
    if (!expected || !body) return c.audit_and_fail(c.invalid());
    auto patch = read_customer(*body, "", true, c.vault.rules.schema(), c.call->problems);
    if (!c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    c.vault.records.update(c.call, *id, std::move(patch), *expected, answer_write(c.answer, 200));
}

void erase(Context c) {
    const auto id = c.id<CustomerId>("id");
    if (!id) return c.audit_and_fail(id.error());
    const auto erasure = c.vault.records.erase(*c.call, *id);
    if (!erasure) return c.answer.fail_now(erasure.error());
    boost::system::error_code ec;
    c.answer.now(described(ErasureBody{erasure->customer.to_string(), format_rfc3339(erasure->erased), erasure->state,
                                       json::parse(erasure->certificate, ec)}));
}

void search(Context c) {
    const auto body = c.body<SearchBody>();
    if (!body) return c.audit_and_fail(body.error());
    records::SearchRequest request;
    for (std::size_t i = 0; i < body->where.size(); ++i) {
        const ConditionBody& in = body->where[i];
        records::Condition condition{in.field, in.op, {}, {}};
        const auto text = [](const json::value& v) -> std::optional<std::string> {
            if (v.is_string()) return std::string(v.as_string());
            if (v.is_int64()) return std::to_string(v.as_int64());
            return std::nullopt;
        };
        std::optional<std::string> low;
        std::optional<std::string> high;
        if (in.op == "between" && in.value.is_array() && in.value.as_array().size() == 2) {
            low = text(in.value.as_array()[0]);
            high = text(in.value.as_array()[1]);
        } else if (in.op != "between") {
            low = text(in.value);
            high = "";
        }
        if (!low || !high) {
            c.call->problems.push_back({"where[" + std::to_string(i) + "].value",
                                        in.op == "between" ? "must be an array of two strings" : "must be a string"});
            continue;
        }
        condition.value = Personal(std::move(*low));
        condition.upper = Personal(std::move(*high));
        request.where.push_back(std::move(condition));
    }
    if (body->after) {
        const auto after = CustomerId::parse(*body->after);
        if (after)
            request.after = *after;
        else
            c.call->problems.push_back({"after", "the cursor `next` of the page before"});
    }
    if (!c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    request.selection.paths = body->fields.value_or(std::vector<std::string>{});
    request.limit = static_cast<std::size_t>(std::min<std::uint64_t>(body->limit.value_or(20), records::kMaxPage));
    const auto page = c.vault.records.search(*c.call, request, c.answer.audited());
    if (!page) return c.answer.fail(page.error());
    std::string out = "{\"customers\":[";
    for (std::size_t i = 0; i < page->customers.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_customer(out, page->customers[i], c.call->policy_version);
    }
    out.push_back(']');
    if (page->next) {
        out.append(",\"next\":");
        append_json(out, page->next->to_string());
    }
    out.append(",\"policy_version\":" + std::to_string(c.call->policy_version) + "}");
    c.answer.ready(json_response(std::move(out)));
}

json::value page_schema() {
    return json::object{
        {"type", "object"},
        {"properties", json::object{{"customers", json::object{{"type", "array"}, {"items", customer_schema()}}},
                                    {"next", json::object{{"type", "string"}}},
                                    {"policy_version", json::object{{"type", "integer"}}}}},
        {"required", json::array{"customers", "policy_version"}}};
}

}  // namespace

void add_customer_routes(std::vector<Route>& routes) {
    using policy::Action;
    routes.emplace_back("POST", "/v1/vaults/{v}/customers", Action::customer_create, Runs::at_once,
                        Doc{.summary = "Create a customer",
                            .request = customer_schema(),
                            .response = schema_of<WrittenBody>(),
                            .status = 201},
                        create);
    routes.emplace_back("GET", "/v1/vaults/{v}/customers/{id}", Action::customer_read, Runs::at_once,
                        Doc{.summary = "Read a customer, as purpose and role allow",
                            .response = customer_schema(),
                            .query = {{"fields", "Comma-separated paths: contact.mobile, contact.*, contact"}}},
                        read);
    routes.emplace_back("PATCH", "/v1/vaults/{v}/customers/{id}", Action::customer_update, Runs::on_worker,
                        Doc{.summary = "Change a customer by JSON merge patch",
                            .request = customer_schema(),
                            .response = schema_of<WrittenBody>(),
                            .request_type = "application/merge-patch+json",
                            .if_match = true},
                        update);
    routes.emplace_back("DELETE", "/v1/vaults/{v}/customers/{id}", Action::customer_erase, Runs::on_worker,
                        Doc{.summary = "Erase a customer: keys first, then rows; answers with a certificate",
                            .response = schema_of<ErasureBody>()},
                        erase);
    routes.emplace_back("POST", "/v1/vaults/{v}/customers:search", Action::customer_search, Runs::at_once,
                        Doc{.summary = "Find customers by indexed fields",
                            .request = schema_of<SearchBody>(),
                            .response = page_schema()},
                        search);
}

}  // namespace cloister::api
