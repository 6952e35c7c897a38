// Many customers in one call.
#include "api/customer_json.h"
#include "api/routes.h"
#include "api/types.h"

namespace cloister::api {
namespace {

void batch_read(Context c) {
    const auto body = c.body<BatchReadBody>();
    if (!body) return c.audit_and_fail(body.error());
    std::vector<CustomerId> ids;
    for (std::size_t i = 0; i < body->ids.size(); ++i) {
        const auto id = CustomerId::parse(body->ids[i]);
        if (id)
            ids.push_back(*id);
        else
            c.call->problems.push_back({"ids[" + std::to_string(i) + "]", id.error().detail()});
    }
    if (!c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    const records::Selection selection{body->fields.value_or(std::vector<std::string>{})};
    const auto views = c.vault.records.batch_read(*c.call, ids, selection, c.answer.audited());
    if (!views) return c.answer.fail(views.error());
    std::string out = "{\"customers\":[";
    out.reserve(views->size() * 512);
    for (std::size_t i = 0; i < views->size(); ++i) {
        if (i > 0) out.push_back(',');
        append_customer(out, (*views)[i], c.call->policy_version);
    }
    out.append("],\"policy_version\":" + std::to_string(c.call->policy_version) + "}");
    c.answer.ready(json_response(std::move(out)));
}

void batch_write(Context c) {
    auto body = c.body<BatchWriteBody>();
    if (!body) return c.audit_and_fail(body.error());
    const auto schema = c.vault.rules.schema();
    std::vector<records::InputCustomer> customers;
    for (std::size_t i = 0; i < body->customers.size(); ++i) {
        const std::string at = "customers[" + std::to_string(i) + "]";
        auto customer = read_customer(body->customers[i], at, false, schema, c.call->problems);
        if (const json::object* object = body->customers[i].if_object())
            if (const json::value* id = object->if_contains("id")) {
                const auto parsed = id->is_string()
                                        ? CustomerId::parse(id->as_string())
                                        : Result<CustomerId>(Error(ErrorCode::invalid_argument, "must be a string"));
                if (parsed)
                    customer.customer = *parsed;
                else
                    c.call->problems.push_back({at + ".id", parsed.error().detail()});
            }
        customers.push_back(std::move(customer));
    }
    if (!c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    c.vault.records.batch_write(
        c.call, std::move(customers), [answer = c.answer](Result<std::vector<records::Receipt>> receipts) {
            if (!receipts) return answer.fail_now(receipts.error());
            BatchWrittenBody out;
            for (const records::Receipt& r : *receipts)
                out.customers.push_back({r.customer.to_string(), r.version, std::nullopt, std::nullopt});
            answer.now(described(out));
        });
}

}  // namespace

void add_bulk_routes(std::vector<Route>& routes) {
    using policy::Action;
    routes.emplace_back(
        "POST", "/v1/vaults/{v}/customers:batch-read", Action::customer_batch_read, Runs::on_worker,
        Doc{.summary = "Read up to 1,000 customers",
            .request = schema_of<BatchReadBody>(),
            .response =
                json::object{{"type", "object"},
                             {"properties",
                              json::object{{"customers", json::object{{"type", "array"}, {"items", customer_schema()}}},
                                           {"policy_version", json::object{{"type", "integer"}}}}},
                             {"required", json::array{"customers", "policy_version"}}}},
        batch_read);
    routes.emplace_back("POST", "/v1/vaults/{v}/customers:batch-write", Action::customer_batch_write, Runs::on_worker,
                        Doc{.summary = "Create up to 1,000 customers, or add records to them; all or nothing",
                            .request = schema_of<BatchWriteBody>(),
                            .response = schema_of<BatchWrittenBody>()},
                        batch_write);
}

}  // namespace cloister::api
