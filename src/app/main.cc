// The program's front door: arguments in, one command, errors out.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "app/commands.h"
#include "base/assert.h"
#include "crypto/secret.h"

namespace cloister::app {
namespace {

// Exit codes: 0 done, 1 ran and found something wrong, 2 wrong arguments or input, 3 could not be done.
int exit_code(const Error& error) { return error.code() == ErrorCode::invalid_argument ? 2 : 3; }

// Registers the commands; `run` is set by the one that was chosen.
class Program {
 public:
    Program() : app_("Cloister keeps customer information, sealed, and opens it by purpose.", "cloister") {
        app_.require_subcommand(1);
        app_.set_version_flag("--version", "cloister 0.1.0");
        app_.failure_message(CLI::FailureMessage::help);
        vault_commands();
        key_commands();
        audit_commands();
        token_commands();
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& e) {
            if (e.get_exit_code() == 0) return app_.exit(e);
            std::cerr << "cloister: " << e.what() << "\nTry: cloister --help\n";
            return 2;
        }
        const Result<int> result = chosen_();
        if (result) return *result;
        std::cerr << "cloister: " << result.error().detail() << "\n";
        return exit_code(result.error());
    }

 private:
    CLI::App* command(CLI::App& parent, const std::string& name, const std::string& help,
                      std::function<Result<int>()> what) {
        CLI::App* sub = parent.add_subcommand(name, help);
        sub->callback([this, what = std::move(what)] { chosen_ = what; });
        return sub;
    }
    static void data_option(CLI::App* sub, std::filesystem::path& data) {
        sub->add_option("--data", data, "Data directory")->required();
    }
    template <class Options>
    static void output_options(CLI::App* sub, Options& options) {
        sub->add_flag("--json", options.json, "Print the result as JSON");
        sub->add_flag("--quiet", options.quiet, "No progress");
    }

    void vault_commands() {
        CLI::App* init = command(app_, "init", "Make a new vault", [this] { return run_init(init_); });
        data_option(init, init_.data);
        init->add_option("--name", init_.name, "Name of the vault in URLs");
        init->add_flag("--demo", init_.demo, "For demonstrations: the vault is named main");

        CLI::App* serve = command(app_, "serve", "Serve the vault over HTTPS", [this] { return run_serve(serve_); });
        data_option(serve, serve_.data);
        serve->add_option("--listen", serve_.listen, "Address and port, instead of the configured ones");
        serve->add_option("--metrics", serve_.metrics, "Address and port of health and metrics, or off");

        CLI::App* import =
            command(app_, "import", "Import a CSV or JSON Lines file", [this] { return run_import(import_); });
        data_option(import, import_.data);
        import->add_option("file", import_.file, "The file")->required();
        import->add_option("--mapping", import_.mapping,
                           "Mapping file, see docs/import.md; without it the header is guessed");
        import->add_option("--collection", import_.collection, "Rows are records of this collection");
        import->add_option("--duplicate-key", import_.duplicate_keys, "Field that rows of the same person share");
        import->add_option("--duplicates", import_.duplicates, "keep, report or merge")
            ->check(CLI::IsMember({"keep", "report", "merge"}));
        import->add_option("--resume", import_.resume, "Go on with this import");
        import->add_option("--rejects", import_.rejects, "Write the report of rejected rows to this CSV file");
        output_options(import, import_);

        CLI::App* verify = command(app_, "verify", "Hold everything stored against the audit log and the keys",
                                   [this] { return run_verify(verify_); });
        data_option(verify, verify_.data);
        verify->add_option("--checkpoint", verify_.checkpoint, "A checkpoint you remembered");
        output_options(verify, verify_);

        command(app_, "openapi", "Print the OpenAPI document", [] { return run_openapi(); });
        CLI::App* doctor = command(app_, "doctor", "Look for weak spots of an installation",
                                   [this] { return run_doctor(doctor_data_, doctor_json_); });
        data_option(doctor, doctor_data_);
        doctor->add_flag("--json", doctor_json_, "Print the result as JSON");
    }

    void key_commands() {
        CLI::App* key = app_.add_subcommand("key", "Keys of the vault")->require_subcommand(1);
        CLI::App* rotate = command(*key, "rotate", "Replace the key-encryption key and destroy the old one",
                                   [this] { return run_key_rotate(key_); });
        data_option(rotate, key_.data);
        output_options(rotate, key_);
        CLI::App* list = command(*key, "list", "List the key-encryption keys", [this] { return run_key_list(key_); });
        data_option(list, key_.data);
        output_options(list, key_);
    }

    void audit_commands() {
        CLI::App* audit = app_.add_subcommand("audit", "The audit log")->require_subcommand(1);
        CLI::App* verify = command(*audit, "verify", "Prove that the log was not altered", [this] {
            return audit_.url.empty() ? run_audit_verify(audit_) : run_audit_verify_remote(audit_);
        });
        CLI::Option* data = verify->add_option("--data", audit_.data, "Data directory");
        CLI::Option* url = verify->add_option("--url", audit_.url, "A running server, as https://host:port");
        verify->add_option("--ca", audit_.ca, "Certificates to trust (PEM); without it the system's")->needs(url);
        CLI::Option* token = verify->add_option("--token-file", audit_.token_file, "File with an access token");
        token->needs(url);
        url->needs(token)->excludes(data);
        verify->add_option("--vault", audit_.vault, "Name of the vault")->needs(url);
        verify->add_option("--save", audit_.save, "Remember the checkpoint in this file when all is well");
        verify->add_option("--checkpoint", audit_.checkpoint, "A checkpoint you remembered");
        output_options(verify, audit_);
        CLI::App* rebuild = command(*audit, "rebuild", "Make hashes and search index anew from the journal",
                                    [this] { return run_audit_rebuild(audit_); });
        data_option(rebuild, audit_.data);
        output_options(rebuild, audit_);
        CLI::App* to = command(*audit, "export", "Write the log in the tlog-tiles layout",
                               [this] { return run_audit_export(audit_); });
        data_option(to, audit_.data);
        to->add_option("to", audit_.to, "Directory to make")->required();
        output_options(to, audit_);
    }

    void token_commands() {
        CLI::App* token = app_.add_subcommand("token", "Access tokens")->require_subcommand(1);
        CLI::App* create =
            command(*token, "create", "Make a token; it is shown once", [this] { return run_token_create(token_); });
        data_option(create, token_.data);
        create->add_option("--name", token_.name, "Of the person or program")->required();
        create->add_option("--kind", token_.kind, "staff or service")->check(CLI::IsMember({"staff", "service"}));
        create->add_option("--role", token_.roles, "Role, may be given several times")->required();
        create->add_option("--days", token_.days, "Lifetime")->check(CLI::Range(1, 366));
        create->add_flag("--json", token_.json, "Print the result as JSON");
        CLI::App* list =
            command(*token, "list", "List tokens, without secrets", [this] { return run_token_list(token_); });
        data_option(list, token_.data);
        list->add_flag("--json", token_.json, "Print the result as JSON");
        CLI::App* revoke = command(*token, "revoke", "Revoke a token", [this] { return run_token_revoke(token_); });
        data_option(revoke, token_.data);
        revoke->add_option("id", token_.id, "Id of the token")->required();
    }

    CLI::App app_;
    std::function<Result<int>()> chosen_;
    InitOptions init_;
    ServeOptions serve_;
    ImportCommand import_;
    VerifyOptions verify_;
    KeyOptions key_;
    AuditOptions audit_;
    TokenOptions token_;
    std::filesystem::path doctor_data_;
    bool doctor_json_ = false;
};

}  // namespace
}  // namespace cloister::app

int main(int argc, char** argv) {
    if (const auto hardened = cloister::crypto::harden_process(); !hardened) {
        std::cerr << "cloister: " << hardened.error().detail() << "\n";
        return 3;
    }
    try {
        return cloister::app::Program().run(argc, argv);
    } catch (const cloister::Bug& bug) {
        std::cerr << "cloister: a bug in Cloister: " << bug.what() << "\n";
    } catch (const std::exception&) {
        std::cerr << "cloister: failed unexpectedly (out of memory?)\n";
    }
    return 3;
}
