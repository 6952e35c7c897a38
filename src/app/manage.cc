// Commands on a vault that no server has open: init, tokens, keys, openapi, doctor.
#include <sys/stat.h>

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "api/route.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/vault.h"
#include "crypto/secret.h"

namespace cloister::app {
namespace {

namespace json = boost::json;

struct Opened {
    Config config;
    std::unique_ptr<Vault> vault;
};

Result<Opened> open_vault(const std::filesystem::path& data) {
    Opened opened;
    CLOISTER_ASSIGN_OR_RETURN(opened.config, load_config(data));
    log::init({.level = log::Level::warn, .format = opened.config.log_format});
    CLOISTER_ASSIGN_OR_RETURN(opened.vault, Vault::open(data, opened.config));
    return opened;
}

audit::Entry operator_entry(const api::Vault& vault, std::string_view action) {
    audit::Entry e;
    e.time = vault.clock.now();
    e.actor = "operator";
    e.origin = "local";
    e.action = action;
    e.decision = "permit";
    return e;
}

}  // namespace

Result<int> run_init(const InitOptions& options) {
    CLOISTER_RETURN_IF_ERROR(Vault::create(options.data, options.name));
    std::cout << "Made vault \"" << options.name << "\" in " << options.data.string() << ".\n"
              << "Its root key is in " << (options.data / "passphrase").string()
              << ": copy it to a safe place that is not the data's, and see docs/operations.md.\n";
    return 0;
}

Result<int> run_token_create(const TokenOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(const Opened opened, open_vault(options.data));
    const api::Vault& vault = opened.vault->parts();
    const auto known = vault.rules.policy()->roles();
    for (const std::string& role : options.roles)
        if (std::find(known.begin(), known.end(), role) == known.end()) {
            const std::string close = nearest(role, known);
            return Error(ErrorCode::invalid_argument, "no role \"" + role + "\" in the policy" +
                                                          (close.empty() ? "" : ", did you mean \"" + close + "\"?"));
        }
    const identity::NewToken wanted{
        .kind = options.kind == "staff" ? identity::CallerKind::staff : identity::CallerKind::service,
        .name = options.name,
        .roles = options.roles,
        .lifetime = std::chrono::hours(24 * options.days)};
    std::optional<identity::CreatedToken> created;
    CLOISTER_RETURN_IF_ERROR(vault.data.write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(created, vault.tokens.create(transaction, wanted, "operator"));
        audit::Entry e = operator_entry(vault, "token.create");
        std::string roles;
        for (const std::string& role : options.roles) roles += (roles.empty() ? "" : " ") + role;
        e.details = {created->detail, {"name", options.name}, {"roles", roles}};
        return vault.audit.record(transaction, e);
    }));
    if (options.json) {
        std::cout << json::serialize(json::object{{"id", created->view.id.to_string()},
                                                  {"name", options.name},
                                                  {"expires", format_rfc3339(created->view.expires)},
                                                  {"token", created->secret}})
                  << "\n";
    } else {
        std::cout << "Token " << created->view.id.to_string() << " for " << options.name << ", until "
                  << format_rfc3339(created->view.expires) << ". It is shown this once:\n"
                  << created->secret << "\n";
    }
    return 0;
}

Result<int> run_token_list(const TokenOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(const Opened opened, open_vault(options.data));
    const Time now = opened.vault->parts().clock.now();
    json::array list;
    for (const identity::TokenView& t : opened.vault->parts().tokens.list()) {
        const std::string state = t.revoked ? "revoked" : t.expires <= now ? "expired" : "active";
        std::string roles;
        for (const std::string& role : t.roles) roles += (roles.empty() ? "" : " ") + role;
        if (options.json)
            list.push_back(json::object{{"id", t.id.to_string()},
                                        {"name", t.name},
                                        {"roles", roles},
                                        {"state", state},
                                        {"expires", format_rfc3339(t.expires)}});
        else
            std::printf("%s  %-8s %-20s %-30s %s\n", t.id.to_string().c_str(), state.c_str(), t.name.c_str(),
                        roles.c_str(), format_rfc3339(t.expires).substr(0, 10).c_str());
    }
    if (options.json) std::cout << json::serialize(list) << "\n";
    return 0;
}

Result<int> run_token_revoke(const TokenOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(const TokenId id, TokenId::parse(options.id));
    CLOISTER_ASSIGN_OR_RETURN(const Opened opened, open_vault(options.data));
    const api::Vault& vault = opened.vault->parts();
    CLOISTER_RETURN_IF_ERROR(vault.data.write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(vault.tokens.revoke(transaction, id));
        audit::Entry e = operator_entry(vault, "token.revoke");
        e.details = {{"token", id.to_string()}};
        return vault.audit.record(transaction, e);
    }));
    std::cout << "Revoked.\n";
    return 0;
}

Result<int> run_key_rotate(const KeyOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(const Opened opened, open_vault(options.data));
    ProgressBar bar("rotating the key-encryption key", options.quiet || options.json);
    CLOISTER_ASSIGN_OR_RETURN(const keys::RotationProgress done,
                              opened.vault->parts().keys.rotate([&](const keys::RotationProgress& p) {
                                  bar.show(p.done, p.total);
                                  return true;
                              }));
    bar.finish();
    const api::Vault& vault = opened.vault->parts();
    audit::Entry e = operator_entry(vault, "key.rotate");
    e.details = {{"from", std::to_string(done.from_kek)},
                 {"to", std::to_string(done.to_kek)},
                 {"keys", std::to_string(done.done)}};
    CLOISTER_RETURN_IF_ERROR(vault.audit.append_and_wait(e));
    if (options.json)
        std::cout << json::serialize(
                         json::object{{"from", done.from_kek}, {"to", done.to_kek}, {"rewrapped", done.done}})
                  << "\n";
    else
        std::cout << "Key-encryption key " << done.from_kek << " is destroyed; " << done.done << " keys are under "
                  << done.to_kek << " now.\n";
    return 0;
}

Result<int> run_key_list(const KeyOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(const Opened opened, open_vault(options.data));
    CLOISTER_ASSIGN_OR_RETURN(const auto keks, opened.vault->parts().keys.keks());
    json::array list;
    for (const keys::KekInfo& k : keks) {
        list.push_back(json::object{
            {"number", k.number}, {"state", k.state}, {"created", format_rfc3339(k.created)}, {"wraps", k.wraps}});
        if (!options.json)
            std::printf("%4u  %-12s %s  %llu customers\n", k.number, k.state.c_str(), format_rfc3339(k.created).c_str(),
                        static_cast<unsigned long long>(k.wraps));
    }
    if (options.json) std::cout << json::serialize(list) << "\n";
    return 0;
}

Result<int> run_openapi() {
    std::cout << api::openapi_yaml();
    return 0;
}

Result<int> run_doctor(const std::filesystem::path& data, bool as_json) {
    CLOISTER_ASSIGN_OR_RETURN(const Config config, load_config(data));
    struct Check {
        std::string name;
        bool good;
        std::string advice;
    };
    std::vector<Check> checks;
    const auto private_file = [&](const std::filesystem::path& file, const std::string& name) {
        struct stat info{};
        const bool there = ::stat(file.c_str(), &info) == 0;
        checks.push_back({name + " is there and private", there && (info.st_mode & 077) == 0,
                          there ? "chmod 600 " + file.string() : "missing: " + file.string()});
    };
    if (config.root_key.kind != keys::RootKeySource::Kind::systemd_credential)
        private_file(config.root_key.file, "root key file");
    private_file(config.certificate_key, "TLS key");
    private_file(data / "keys.db", "key store");
    const bool apart = config.root_key.kind == keys::RootKeySource::Kind::systemd_credential ||
                       config.root_key.file.parent_path() != data;
    checks.push_back(
        {"root key is kept apart from the data", apart,
         "move it out of the data directory and set [root_key] in cloister.toml, or use a systemd credential"});
    const auto secret = crypto::SecretBytes(4096);
    checks.push_back({"key memory is locked", crypto::secret_memory_locked(), "raise LimitMEMLOCK (ulimit -l)"});
    std::error_code ec;
    const auto space = std::filesystem::space(data, ec);
    checks.push_back(
        {"at least 1 GiB is free", !ec && space.available >= (std::uintmax_t{1} << 30), "make room on the device"});
    bool good = true;
    json::array list;
    for (const Check& c : checks) {
        good = good && c.good;
        if (as_json)
            list.push_back(json::object{{"check", c.name}, {"good", c.good}, {"advice", c.good ? "" : c.advice}});
        else
            std::cout << (c.good ? "ok    " : "WARN  ") << c.name << (c.good ? "" : ": " + c.advice) << "\n";
    }
    if (as_json) std::cout << json::serialize(list) << "\n";
    return good ? 0 : 1;
}

}  // namespace cloister::app
