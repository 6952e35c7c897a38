// Access tokens: make, list, revoke.
#include <algorithm>

#include "api/routes.h"
#include "api/types.h"

namespace cloister::api {
namespace {

TokenBody body_of(const identity::TokenView& view) {
    TokenBody body{view.id.to_string(),
                   view.kind == identity::CallerKind::staff ? "staff" : "service",
                   view.name,
                   view.roles,
                   format_rfc3339(view.created),
                   format_rfc3339(view.expires),
                   std::nullopt,
                   view.created_by,
                   std::nullopt};
    if (view.revoked) body.revoked = format_rfc3339(*view.revoked);
    return body;
}

void create(Context c) {
    const auto body = c.body<NewTokenBody>();
    if (!body) return c.audit_and_fail(body.error());
    const auto known = c.vault.rules.policy()->roles();
    for (std::size_t i = 0; i < body->roles.size(); ++i)
        if (std::find(known.begin(), known.end(), body->roles[i]) == known.end()) {
            const std::string close = nearest(body->roles[i], known);
            c.call->problems.push_back({"roles[" + std::to_string(i) + "]",
                                        "no such role" + (close.empty() ? "" : ", did you mean \"" + close + "\"?")});
        }
    if (body->roles.empty()) c.call->problems.push_back({"roles", "at least one"});
    if (body->kind != "staff" && body->kind != "service") c.call->problems.push_back({"kind", "staff or service"});
    if (body->days < 1 || body->days > 366) c.call->problems.push_back({"days", "1 to 366"});
    if (!c.call->problems.empty()) return c.audit_and_fail(c.invalid());
    const identity::NewToken wanted{
        .kind = body->kind == "staff" ? identity::CallerKind::staff : identity::CallerKind::service,
        .name = body->name,
        .roles = body->roles,
        .lifetime = std::chrono::hours(24 * body->days)};
    auto created = std::make_shared<std::optional<identity::CreatedToken>>();
    auto context = std::make_shared<Context>(std::move(c));
    context->vault.data.write_async(
        [context, wanted, created](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(*created,
                                      context->vault.tokens.create(transaction, wanted, context->call->subject.id));
            audit::Entry e = context->entry();
            std::string roles;
            for (const std::string& role : wanted.roles) roles += (roles.empty() ? "" : " ") + role;
            e.details = {(*created)->detail, {"name", wanted.name}, {"roles", roles}};
            return context->vault.audit.record(transaction, e);
        },
        [context, created](Result<void> written) {
            if (!written) return context->audit_and_fail(written.error());
            TokenBody out = body_of((*created)->view);
            out.token = (*created)->secret;
            context->answer.now(described(out, 201));
        });
}

void list(Context c) {
    TokensBody body;
    for (const identity::TokenView& view : c.vault.tokens.list()) body.tokens.push_back(body_of(view));
    c.audit_and_answer(described(body));
}

void revoke(Context c) {
    const auto id = c.id<TokenId>("token");
    if (!id) return c.audit_and_fail(id.error());
    auto context = std::make_shared<Context>(std::move(c));
    context->vault.data.write_async(
        [context, id = *id](store::Transaction& transaction) -> Result<void> {
            CLOISTER_RETURN_IF_ERROR(context->vault.tokens.revoke(transaction, id));
            audit::Entry e = context->entry();
            e.details = {{"token", id.to_string()}};
            return context->vault.audit.record(transaction, e);
        },
        [context](Result<void> written) {
            if (!written) return context->audit_and_fail(written.error());
            http::Response response;
            response.status = 204;
            context->answer.now(std::move(response));
        });
}

}  // namespace

void add_token_routes(std::vector<Route>& routes) {
    using policy::Action;
    const std::string base = "/v1/vaults/{v}/tokens";
    routes.emplace_back("POST", base, Action::token_create, Runs::at_once,
                        Doc{.summary = "Make an access token; its secret is shown once",
                            .request = schema_of<NewTokenBody>(),
                            .response = schema_of<TokenBody>(),
                            .status = 201},
                        create);
    routes.emplace_back("GET", base, Action::token_read, Runs::at_once,
                        Doc{.summary = "List access tokens, without secrets", .response = schema_of<TokensBody>()},
                        list);
    routes.emplace_back("DELETE", base + "/{token}", Action::token_revoke, Runs::at_once,
                        Doc{.summary = "Revoke an access token, at once", .status = 204}, revoke);
}

}  // namespace cloister::api
