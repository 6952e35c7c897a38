// `cloister verify`: everything in the data directory against the audit log and the keys.
#include "records/verify.h"

#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "app/commands.h"
#include "app/config.h"
#include "app/remote.h"
#include "app/vault.h"
#include "audit/note.h"

namespace cloister::app {
namespace {

namespace json = boost::json;

Result<std::string> read_text(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return Error(ErrorCode::not_found, "cannot read " + file.string());
    return text.str();
}

Result<std::optional<std::string>> remembered(const std::filesystem::path& file) {
    if (file.empty()) return std::optional<std::string>();
    CLOISTER_ASSIGN_OR_RETURN(std::string text, read_text(file));
    return std::optional(std::move(text));
}

json::object to_json(const audit::Verification& log) {
    json::array problems;
    for (const std::string& p : log.problems) problems.emplace_back(p);
    return {{"entries", log.entries},
            {"checkpoint_size", log.checkpoint_size},
            {"root", log.root_hash},
            {"problems", std::move(problems)}};
}

void print(const audit::Verification& log) {
    std::cout << "audit log: " << log.entries << " entries, checkpoint over " << log.checkpoint_size << ", root "
              << log.root_hash << "\n";
    for (const std::string& problem : log.problems) std::cout << "  PROBLEM " << problem << "\n";
}

Result<std::string> verifier_key(const std::string& origin, const crypto::SigningSeed& seed) {
    CLOISTER_ASSIGN_OR_RETURN(const audit::VerifierKey key,
                              audit::make_verifier_key(origin, crypto::SigningKey(seed).public_key()));
    return audit::format_verifier_key(key);
}

Result<audit::Verification> verify_log(const std::filesystem::path& data, const std::string& key,
                                       const std::filesystem::path& checkpoint, bool quiet,
                                       const std::function<void(const store::JournalEntry&)>& on_entry) {
    CLOISTER_ASSIGN_OR_RETURN(const auto note, remembered(checkpoint));
    ProgressBar bar("audit log", quiet);
    auto result = audit::verify(data / "audit", key, note, on_entry,
                                [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); });
    bar.finish();
    return result;
}

}  // namespace

Result<int> run_verify(const VerifyOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(const Config config, load_config(options.data));
    log::init({.level = log::Level::error, .format = config.log_format});
    CLOISTER_ASSIGN_OR_RETURN(const DirectoryLock lock, DirectoryLock::take(options.data));
    const SystemClock clock;
    CLOISTER_ASSIGN_OR_RETURN(const auto keyring, keys::Keyring::open(keyring_options(options.data, config),
                                                                      config.vault, config.root_key, clock));
    CLOISTER_ASSIGN_OR_RETURN(const auto data, store::open_sqlite({.file = options.data / "data.db"}));
    CLOISTER_ASSIGN_OR_RETURN(const crypto::SigningSeed seed, keyring->signing_seed("audit-signing"));

    // Entries that a crash left in the outbox belong to the log: opening it moves them. A log that does not open is
    // reported like any other finding, and the rest is still looked at.
    std::string key;
    std::optional<Error> log_error;
    {
        auto log = audit::AuditLog::open(log_options(options.data, config), crypto::SigningKey(seed), *data, clock);
        if (log) {
            key = (*log)->verifier_key();
            if (const auto caught_up = (*log)->catch_up(); !caught_up) log_error = caught_up.error();
        } else {
            log_error = log.error();
        }
    }
    if (key.empty()) {
        CLOISTER_ASSIGN_OR_RETURN(key, verifier_key(log_options(options.data, config).origin, seed));
    }
    CLOISTER_ASSIGN_OR_RETURN(const auto rules, records::Rulebook::open(*data, clock));
    CLOISTER_ASSIGN_OR_RETURN(const auto verifier, records::Verifier::make({.vault = config.vault,
                                                                            .data = *data,
                                                                            .keys = *keyring,
                                                                            .rules = *rules,
                                                                            .scratch = options.data / "verify.tmp"}));
    const bool quiet = options.quiet || options.json;
    CLOISTER_ASSIGN_OR_RETURN(audit::Verification log,
                              verify_log(options.data, key, options.checkpoint, quiet,
                                         [&](const store::JournalEntry& entry) { verifier->entry(entry); }));
    if (log_error) log.problems.push_back(log_error->detail());
    ProgressBar bar("records", quiet);
    CLOISTER_ASSIGN_OR_RETURN(const records::VerifyReport report,
                              verifier->run([&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); }));
    bar.finish();
    CLOISTER_ASSIGN_OR_RETURN(const auto damaged_keys, keyring->verify());

    const bool good = log.problems.empty() && report.findings_total == 0 && damaged_keys.empty();
    if (options.json) {
        json::array findings;
        for (const records::Finding& f : report.findings)
            findings.push_back(json::object{
                {"kind", f.kind}, {"customer", f.customer}, {"place", f.place}, {"explanation", f.explanation}});
        for (const CustomerId& id : damaged_keys)
            findings.push_back(json::object{{"kind", "key-damaged"},
                                            {"customer", id.to_string()},
                                            {"place", "keys"},
                                            {"explanation", "the wrapped keys are damaged"}});
        std::cout << json::serialize(json::object{{"good", good},
                                                  {"log", to_json(log)},
                                                  {"customers", report.customers},
                                                  {"records", report.records},
                                                  {"versions", report.versions},
                                                  {"unused_keys", report.unused_keys},
                                                  {"findings_total", report.findings_total + damaged_keys.size()},
                                                  {"findings", std::move(findings)}})
                  << "\n";
        return good ? 0 : 1;
    }
    print(log);
    std::cout << "store: " << report.customers << " customers, " << report.records << " records, " << report.versions
              << " earlier versions\n";
    for (const records::Finding& f : report.findings)
        std::cout << "  " << f.kind << "  " << (f.customer.empty() ? "" : "customer " + f.customer + "  ") << f.place
                  << ": " << f.explanation << "\n";
    for (const CustomerId& id : damaged_keys) std::cout << "  key-damaged  customer " << id.to_string() << "\n";
    if (report.unused_keys > 0)
        std::cout << "  " << report.unused_keys
                  << " keys of customers that a crash kept from arriving; the next start drops them\n";
    std::cout << (good ? "All is as the log recorded it.\n" : "NOT as the log recorded it.\n");
    return good ? 0 : 1;
}

Result<int> run_audit_verify(const AuditOptions& options) {
    if (options.data.empty())
        return Error(ErrorCode::invalid_argument,
                     "give the log to verify: --data DIR, or --url https://host:port with --token-file");
    CLOISTER_ASSIGN_OR_RETURN(const Config config, load_config(options.data));
    log::init({.level = log::Level::error, .format = config.log_format});
    const SystemClock clock;
    // The public key is enough, but it comes from the key store here: a key from the log itself would prove nothing.
    CLOISTER_ASSIGN_OR_RETURN(const auto keyring, keys::Keyring::open(keyring_options(options.data, config),
                                                                      config.vault, config.root_key, clock));
    CLOISTER_ASSIGN_OR_RETURN(const crypto::SigningSeed seed, keyring->signing_seed("audit-signing"));
    CLOISTER_ASSIGN_OR_RETURN(const std::string key, verifier_key(log_options(options.data, config).origin, seed));
    CLOISTER_ASSIGN_OR_RETURN(const audit::Verification log,
                              verify_log(options.data, key, options.checkpoint, options.quiet || options.json,
                                         [](const store::JournalEntry&) {}));
    if (log.problems.empty() && !options.save.empty()) {
        CLOISTER_ASSIGN_OR_RETURN(const std::string note, read_text(options.data / "audit" / "checkpoint"));
        CLOISTER_RETURN_IF_ERROR(save_text(options.save, note));
    }
    if (options.json)
        std::cout << json::serialize(to_json(log)) << "\n";
    else {
        print(log);
        std::cout << (log.problems.empty() ? "The log was not altered.\n" : "The log is NOT what it was.\n");
    }
    return log.problems.empty() ? 0 : 1;
}

Result<int> run_audit_rebuild(const AuditOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(const Config config, load_config(options.data));
    log::init({.level = log::Level::error, .format = config.log_format});
    CLOISTER_ASSIGN_OR_RETURN(const DirectoryLock lock, DirectoryLock::take(options.data));
    const SystemClock clock;
    CLOISTER_ASSIGN_OR_RETURN(const auto keyring, keys::Keyring::open(keyring_options(options.data, config),
                                                                      config.vault, config.root_key, clock));
    CLOISTER_ASSIGN_OR_RETURN(const crypto::SigningSeed seed, keyring->signing_seed("audit-signing"));
    ProgressBar bar("rebuilding", options.quiet || options.json);
    CLOISTER_ASSIGN_OR_RETURN(const std::uint64_t entries,
                              audit::rebuild(log_options(options.data, config), crypto::SigningKey(seed),
                                             [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); }));
    bar.finish();
    if (options.json)
        std::cout << json::serialize(json::object{{"entries", entries}}) << "\n";
    else
        std::cout << "Hashes and search index made anew from " << entries << " entries.\n";
    return 0;
}

Result<int> run_audit_export(const AuditOptions& options) {
    CLOISTER_RETURN_IF_ERROR(load_config(options.data));
    ProgressBar bar("exporting", options.quiet || options.json);
    CLOISTER_RETURN_IF_ERROR(audit::export_tiles(
        options.data / "audit", options.to, [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); }));
    bar.finish();
    if (options.json)
        std::cout << json::serialize(json::object{{"directory", options.to.string()}}) << "\n";
    else
        std::cout << "The log is in " << options.to.string() << " in the tlog-tiles layout.\n";
    return 0;
}

}  // namespace cloister::app
