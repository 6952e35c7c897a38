// `cloister import`: a file into the vault, directly, with a progress bar; an interrupted import goes on where it
// stopped.
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "app/commands.h"
#include "app/config.h"
#include "app/vault.h"
#include "crypto/hash.h"

namespace cloister::app {
namespace {

namespace json = boost::json;

// Long enough for several batches, so that one is read and checked while another is sealed and stored.
constexpr std::size_t kBlock = 32u << 20;

volatile std::sig_atomic_t interrupted = 0;
void on_interrupt(int) { interrupted = 1; }

Result<records::ImportOptions> options_of(const ImportCommand& command, records::Call& call) {
    std::string text = "{\"format\":\"csv\"}";
    if (!command.mapping.empty()) {
        std::ifstream in(command.mapping);
        std::ostringstream content;
        content << in.rdbuf();
        if (!in) return Error(ErrorCode::not_found, "cannot read " + command.mapping.string());
        text = content.str();
    }
    auto options = records::parse_import_options(text, call.problems);
    if (!options) {
        std::string all;
        for (const records::FieldProblem& p : call.problems) all += "\n  " + p.path + ": " + p.reason;
        return Error(ErrorCode::invalid_argument, command.mapping.string() + " is not a valid mapping:" + all);
    }
    if (command.file.extension() == ".jsonl" || command.file.extension() == ".ndjson") options->format = "jsonl";
    if (!command.collection.empty()) options->collection = command.collection;
    if (!command.duplicate_keys.empty()) options->duplicate_keys = command.duplicate_keys;
    if (command.duplicates == "report") options->duplicates = records::DuplicatePolicy::report;
    if (command.duplicates == "merge") options->duplicates = records::DuplicatePolicy::merge;
    if (options->label.empty()) options->label = command.file.filename().string();
    return options;
}

// The operator imports as the vault's data steward: his right comes from being able to open the directory.
records::CallPtr operator_call() {
    auto call = std::make_shared<records::Call>();
    call->subject = {"operator", {"data-steward"}};
    call->purpose = "record-keeping";
    call->reason = "import by command line";
    return call;
}

// A running import with the same label and mapping is gone on with.
Result<records::ImportProgress> begin(const api::Vault& vault, records::Call& call,
                                      const records::ImportOptions& options, const std::string& resume,
                                      std::uint64_t file_size) {
    if (!resume.empty()) {
        CLOISTER_ASSIGN_OR_RETURN(const ImportId id, ImportId::parse(resume));
        return vault.imports.progress(id);
    }
    CLOISTER_ASSIGN_OR_RETURN(const auto all, vault.imports.list());
    for (const records::ImportProgress& p : all)
        if (p.state == "running" && p.label == options.label && p.received <= file_size) return p;
    return vault.imports.start(call, options);
}

Result<void> write_rejects(const api::Vault& vault, ImportId id, const std::filesystem::path& file) {
    std::ofstream out(file);
    out << "row,line,field,reason\n";
    std::uint64_t after = 0;
    for (;;) {
        CLOISTER_ASSIGN_OR_RETURN(const auto some, vault.imports.rejects(id, after, 1'000));
        for (const records::ImportReject& r : some)
            out << r.row << ',' << r.line << ",\"" << r.field << "\",\"" << r.reason << "\"\n";
        if (some.size() < 1'000) break;
        after = some.back().row;
    }
    out.flush();
    if (!out) return Error(ErrorCode::storage_full, "cannot write " + file.string());
    return {};
}

Result<records::ImportProgress> feed_file(const api::Vault& vault, records::Call& call,
                                          records::ImportProgress progress, std::ifstream& in, std::uint64_t size,
                                          ProgressBar& bar) {
    in.seekg(static_cast<std::streamoff>(progress.received));
    std::string block(kBlock, '\0');
    std::uint64_t offset = progress.received;
    while (progress.state == "running") {
        in.read(block.data(), static_cast<std::streamsize>(block.size()));
        const auto count = static_cast<std::size_t>(in.gcount());
        const bool last = offset + count >= size;
        CLOISTER_ASSIGN_OR_RETURN(
            progress, vault.imports.feed(call, progress.id, offset, std::string_view(block).substr(0, count), last,
                                         [](const records::ImportProgress&) { return interrupted == 0; }));
        offset += count;
        bar.show(offset, size,
                 std::to_string(progress.created) + " created, " + std::to_string(progress.rejected) + " rejected");
        if (last) break;
        if (interrupted != 0)
            return Error(ErrorCode::cancelled,
                         "stopped; run the same command again to go on with import " + progress.id.to_string());
    }
    return progress;
}

}  // namespace

Result<int> run_import(const ImportCommand& command) {
    CLOISTER_ASSIGN_OR_RETURN(const Config config, load_config(command.data));
    log::init({.level = log::Level::warn, .format = config.log_format});
    std::ifstream in(command.file, std::ios::binary);
    std::error_code ec;
    const std::uint64_t size = std::filesystem::file_size(command.file, ec);
    if (!in || ec) return Error(ErrorCode::not_found, "cannot read " + command.file.string());
    const records::CallPtr call = operator_call();
    CLOISTER_ASSIGN_OR_RETURN(const records::ImportOptions options, options_of(command, *call));
    CLOISTER_ASSIGN_OR_RETURN(const auto vault, Vault::open(command.data, config, true));
    const api::Vault& parts = vault->parts();
    const auto explain = [&](const Error& error) {
        std::string all = error.detail();
        for (const records::FieldProblem& p : call->problems) all += "\n  " + p.path + ": " + p.reason;
        return Error(error.code(), all);
    };
    auto progress = begin(parts, *call, options, command.resume, size);
    if (!progress) return explain(progress.error());
    std::signal(SIGINT, on_interrupt);
    std::signal(SIGTERM, on_interrupt);
    ProgressBar bar(command.file.filename().string(), command.quiet || command.json);
    progress = feed_file(parts, *call, *progress, in, size, bar);
    bar.finish();
    CLOISTER_RETURN_IF_ERROR(parts.records.add_waiting_index_rows());
    if (!progress) return explain(progress.error());
    if (!command.rejects.empty()) CLOISTER_RETURN_IF_ERROR(write_rejects(parts, progress->id, command.rejects));
    if (command.json) {
        std::cout << json::serialize(json::object{{"import", progress->id.to_string()},
                                                  {"state", progress->state},
                                                  {"rows", progress->rows},
                                                  {"created", progress->created},
                                                  {"merged", progress->merged},
                                                  {"duplicates", progress->duplicates},
                                                  {"rejected", progress->rejected}})
                  << "\n";
        return 0;
    }
    std::cout << progress->rows << " rows: " << progress->created << " created, " << progress->merged << " merged, "
              << progress->duplicates << " duplicates, " << progress->rejected << " rejected\n";
    if (progress->rejected > 0 && command.rejects.empty()) {
        CLOISTER_ASSIGN_OR_RETURN(const auto some, parts.imports.rejects(progress->id, 0, 5));
        for (const records::ImportReject& r : some)
            std::cout << "  line " << r.line << ", " << r.field << ": " << r.reason << "\n";
        std::cout << "  (all of them: --rejects FILE)\n";
    }
    return 0;
}

}  // namespace cloister::app
