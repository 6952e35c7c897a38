// The commands of the program, one function each. main.cc reads the arguments into these options and prints errors.
//
// Every command gives 0 for success, 1 for "it ran and found something wrong" (verify), or an error that main prints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace cloister::app {

struct InitOptions {
    std::filesystem::path data;
    std::string name = "main";
    bool demo = false;  // no separate effect yet beyond the defaults; accepted for scripts
};
Result<int> run_init(const InitOptions& options);

struct ServeOptions {
    std::filesystem::path data;
    std::string listen;   // empty: from the configuration
    std::string metrics;  // empty: from the configuration; "off": none
};
Result<int> run_serve(const ServeOptions& options);

struct ImportCommand {
    std::filesystem::path data;
    std::filesystem::path file;
    std::filesystem::path mapping;  // empty: guess from the header
    std::string collection;         // overrides the mapping's
    std::vector<std::string> duplicate_keys;
    std::string duplicates;  // keep, report, merge
    std::string resume;      // id of an import to go on with; empty: a running one of the same file, or a new one
    std::filesystem::path rejects;  // CSV file for the report; empty: only the count and the first few
    bool json = false;
    bool quiet = false;
};
Result<int> run_import(const ImportCommand& options);

struct VerifyOptions {
    std::filesystem::path data;
    std::filesystem::path checkpoint;  // a remembered checkpoint, optional
    bool json = false;
    bool quiet = false;
};
Result<int> run_verify(const VerifyOptions& options);

struct KeyOptions {
    std::filesystem::path data;
    bool json = false;
    bool quiet = false;
};
Result<int> run_key_rotate(const KeyOptions& options);
Result<int> run_key_list(const KeyOptions& options);

struct AuditOptions {
    std::filesystem::path data;
    std::filesystem::path to;          // export
    std::filesystem::path checkpoint;  // verify: remembered checkpoint
    std::filesystem::path save;        // verify: where to remember this one, when all is well
    // verify: a running server instead of a data directory
    std::string url;
    std::filesystem::path ca;  // PEM; empty: the system's
    std::filesystem::path token_file;
    std::string vault = "main";
    bool json = false;
    bool quiet = false;
};
Result<int> run_audit_verify(const AuditOptions& options);
// The same from outside, over HTTPS (remote.cc).
Result<int> run_audit_verify_remote(const AuditOptions& options);
Result<int> run_audit_rebuild(const AuditOptions& options);
Result<int> run_audit_export(const AuditOptions& options);

struct TokenOptions {
    std::filesystem::path data;
    std::string name;
    std::string kind = "service";
    std::vector<std::string> roles;
    unsigned days = 30;
    std::string id;
    bool json = false;
};
Result<int> run_token_create(const TokenOptions& options);
Result<int> run_token_list(const TokenOptions& options);
Result<int> run_token_revoke(const TokenOptions& options);

Result<int> run_openapi();
Result<int> run_doctor(const std::filesystem::path& data, bool json);

// A line that is drawn over while work goes on: to standard error, only when that is a terminal, or one line every ten
// per cent.
class ProgressBar {
 public:
    ProgressBar(std::string what, bool quiet);
    void show(std::uint64_t done, std::uint64_t total, const std::string& note = {});
    void finish();

 private:
    std::string what_;
    bool quiet_;
    bool terminal_;
    int last_percent_ = -1;
    std::int64_t started_us_ = 0;
    std::int64_t last_us_ = 0;
};

}  // namespace cloister::app
