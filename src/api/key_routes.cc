// Key-encryption keys: list them, replace the active one while the vault is in use.
#include "api/rotation.h"
#include "api/routes.h"
#include "api/types.h"

namespace cloister::api {
namespace {

RotationBody body_of(const Rotation::Status& status) {
    RotationBody body{std::string(to_string(status.state)), status.done, status.total, std::nullopt};
    if (!status.problem.empty()) body.problem = status.problem;
    return body;
}

void list(Context c) {
    const auto keks = c.vault.keys.keks();
    if (!keks) return c.audit_and_fail(keks.error());
    KeysBody body;
    for (const keys::KekInfo& kek : *keks)
        body.keks.push_back({kek.number, kek.state, format_rfc3339(kek.created), kek.wraps});
    body.rotation = body_of(c.vault.rotation.status());
    c.audit_and_answer(described(body));
}

void rotate(Context c) {
    const auto started = c.vault.rotation.start(c.entry());
    if (!started) return c.audit_and_fail(started.error());
    c.audit_and_answer(described(body_of(*started), 202), {{"state", "started"}});
}

}  // namespace

void add_key_routes(std::vector<Route>& routes) {
    using policy::Action;
    const std::string base = "/v1/vaults/{v}/keys";
    routes.emplace_back(
        "GET", base, Action::key_read, Runs::on_worker,
        Doc{.summary = "List the key-encryption keys and how far a rotation is", .response = schema_of<KeysBody>()},
        list);
    routes.emplace_back("POST", base + ":rotate", Action::key_rotate, Runs::on_worker,
                        Doc{.summary = "Replace the key-encryption key in the background; 409 while one is running",
                            .response = schema_of<RotationBody>(),
                            .status = 202},
                        rotate);
}

}  // namespace cloister::api
