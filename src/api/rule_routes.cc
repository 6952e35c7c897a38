// The vault's rules: schema, policy, purposes, and why a decision is as it is.
#include "api/routes.h"
#include "api/types.h"

namespace cloister::api {
namespace {

void get_schema(Context c) {
    const auto schema = c.vault.rules.schema();
    boost::system::error_code ec;
    json::value document = json::parse(schema->document(), ec);
    document.as_object()["version"] = schema->version();
    http::Response response = json_response(json::serialize(document));
    response.headers.emplace_back("ETag", etag(schema->version()));
    c.audit_and_answer(std::move(response));
}

void get_policy(Context c) {
    const auto policy = c.vault.rules.policy();
    http::Response response;
    response.content_type = "application/yaml";
    response.body = policy->document();
    response.headers.emplace_back("ETag", etag(policy->version()));
    c.audit_and_answer(std::move(response));
}

using Put = Result<records::Rulebook::Stored> (records::Rulebook::*)(store::Transaction&, std::string_view,
                                                                     std::uint64_t, std::string_view);

// A new version of a document, with its audit entry in the same commit. If-Match names the version it replaces.
void put_document(const Context& c, Put put) {
    const auto expected = if_match(c);
    if (!expected || *expected == 0) {
        if (expected) c.call->problems.push_back({"If-Match", "name the version you replace: * is not enough here"});
        return c.audit_and_fail(c.invalid());
    }
    auto version = std::make_shared<std::uint64_t>(0);
    auto context = std::make_shared<Context>(c);
    c.vault.data.write_async(
        [context, put, expected = *expected, version](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(
                const auto stored,
                (context->vault.rules.*put)(transaction, context->request.body, expected, context->call->subject.id));
            *version = stored.version;
            audit::Entry e = context->entry();
            e.details = {stored.detail};
            return context->vault.audit.record(transaction, e);
        },
        [context, version](Result<void> written) {
            if (!written) return context->audit_and_fail(written.error());
            http::Response response = described(VersionBody{*version});
            response.headers.emplace_back("ETag", etag(*version));
            context->answer.now(std::move(response));
        });
}

void put_schema(Context c) { put_document(c, &records::Rulebook::put_schema); }
void put_policy(Context c) { put_document(c, &records::Rulebook::put_policy); }

// The purposes alone: the policy with that section exchanged becomes the policy's next version.
void put_purposes(Context c) {
    auto document = policy::replace_purposes(c.vault.rules.policy()->document(), c.request.body);
    if (!document) return c.audit_and_fail(document.error());
    c.request.body = std::move(*document);
    put_document(c, &records::Rulebook::put_policy);
}

void get_purposes(Context c) {
    PurposesBody body;
    const auto policy = c.vault.rules.policy();
    body.policy_version = policy->version();
    for (const policy::PurposeView& p : policy->purposes()) {
        json::object needs;
        for (const auto& [field, effect] : p.needs) needs[field] = to_string(effect);
        body.purposes.push_back({p.name, p.title, p.legal_basis, p.retention, std::move(needs)});
    }
    http::Response response = described(body);
    response.headers.emplace_back("ETag", etag(policy->version()));
    c.audit_and_answer(std::move(response));
}

void explain(Context c) {
    const auto body = c.body<ExplainBody>();
    if (!body) return c.audit_and_fail(body.error());
    const auto action = policy::parse_action(body->action);
    if (!action) c.call->problems.push_back({"action", "no such action"});
    const auto schema = c.vault.rules.schema();
    const bool named = body->fields.has_value() && !body->fields->empty();
    const std::vector<std::string> paths = named ? *body->fields : schema->paths();
    std::vector<policy::Field> fields;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const auto place = schema->place(paths[i]);
        if (place.field == nullptr)
            c.call->problems.push_back({"fields[" + std::to_string(i) + "]", "no such field"});
        else
            fields.push_back({place.collection->name, place.field->name, place.field->grade});
    }
    if (!c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    const policy::Subject subject{body->subject, body->roles};
    const std::string purpose = body->purpose.value_or("");
    const std::string reason = body->reason.value_or("");
    const policy::Facts facts{.subject = subject,
                              .action = *action,
                              .purpose = purpose,
                              .reason = reason,
                              .fields = fields,
                              .fields_named = named};
    const auto policy = c.vault.rules.policy();
    const policy::Decision decision = policy->evaluate(facts);
    ExplainedBody out;
    out.permit = decision.permit;
    if (decision.denial != policy::Denial::none) out.denial = to_string(decision.denial);
    if (!decision.explanation.empty()) out.explanation = decision.explanation;
    json::object effects;
    for (std::size_t i = 0; i < fields.size() && i < decision.effects.size(); ++i)
        effects[std::string(fields[i].collection) + "." + std::string(fields[i].name)] = to_string(decision.effects[i]);
    out.effects = std::move(effects);
    for (const policy::ExplanationStep& step : policy->explain(facts))
        out.steps.push_back({step.check, step.passed, step.because});
    out.policy_version = policy->version();
    c.audit_and_answer(described(out));
}

}  // namespace

void add_rule_routes(std::vector<Route>& routes) {
    using policy::Action;
    const std::string base = "/v1/vaults/{v}";
    const json::value document = json::object{{"type", "object"}, {"additionalProperties", true}};
    const json::value text = json::object{{"type", "string"}};
    routes.emplace_back("GET", base + "/schema", Action::schema_read, Runs::at_once,
                        Doc{.summary = "The schema: collections, fields, grades, indexes", .response = document},
                        get_schema);
    routes.emplace_back("PUT", base + "/schema", Action::schema_write, Runs::on_worker,
                        Doc{.summary = "Replace the schema by a new version",
                            .request = document,
                            .response = schema_of<VersionBody>(),
                            .if_match = true},
                        put_schema);
    routes.emplace_back("GET", base + "/policy", Action::policy_read, Runs::at_once,
                        Doc{.summary = "The policy document", .response = text, .response_type = "application/yaml"},
                        get_policy);
    routes.emplace_back("PUT", base + "/policy", Action::policy_write, Runs::on_worker,
                        Doc{.summary = "Replace the policy by a new version",
                            .request = text,
                            .response = schema_of<VersionBody>(),
                            .request_type = "application/yaml",
                            .if_match = true},
                        put_policy);
    routes.emplace_back("GET", base + "/purposes", Action::policy_read, Runs::at_once,
                        Doc{.summary = "The registered purposes", .response = schema_of<PurposesBody>()}, get_purposes);
    routes.emplace_back("PUT", base + "/purposes", Action::policy_write, Runs::on_worker,
                        Doc{.summary = "Replace the policy's section purposes; makes a new version of the policy",
                            .request = text,
                            .response = schema_of<VersionBody>(),
                            .request_type = "application/yaml",
                            .if_match = true},
                        put_purposes);
    routes.emplace_back("POST", base + "/policy:explain", Action::policy_explain, Runs::at_once,
                        Doc{.summary = "Why a decision would be as it is",
                            .request = schema_of<ExplainBody>(),
                            .response = schema_of<ExplainedBody>()},
                        explain);
}

}  // namespace cloister::api
