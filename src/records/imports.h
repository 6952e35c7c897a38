// Imports: a file of customers, or of records that belong to customers, brought in batch by batch.
//
// A file is CSV (RFC 4180; UTF-8 with or without BOM, or GB18030, detected and converted; full-width digits are folded
// by the data types) or JSON Lines. Each row is checked; a bad one is rejected with line, field and reason, never the
// value. Batches commit together with the progress, so that an import goes on after a crash without doubling anything.
// Memory is bounded, whatever the size of the file.
//
// An import job is fed in pieces: bytes are offered with their offset, and progress().received says where to go on.
//
// Threads  Any thread; one job is fed by one caller at a time (conflict otherwise).
// Errors   invalid_argument: mapping or file cannot be understood; problems name the column. conflict: wrong offset, or
// the
//          job has ended. Others as in records.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "records/call.h"
#include "records/records.h"

namespace cloister::records {

enum class DuplicatePolicy { keep, report, merge };

struct ImportOptions {
    std::string format = "csv";  // csv, jsonl
    std::string label;           // for people; must not hold personal data
    // Column name -> field path. Empty: guessed from the header (names, synonyms in English and Chinese).
    std::vector<std::pair<std::string, std::string>> columns;
    // Rows are records of this collection, of customers that exist already; empty: rows are customers.
    std::string collection;
    // With `collection`: the column whose value names the customer, and the exact-indexed field it is looked up by.
    std::string link_column;
    std::string link_field;
    // Fields (exact-indexed) that two rows of the same person share; what to do with a row that matches one.
    std::vector<std::string> duplicate_keys;
    DuplicatePolicy duplicates = DuplicatePolicy::keep;
    char separator = ',';
};
// From and to the JSON form of the API and of mapping files (docs/import.md).
Result<ImportOptions> parse_import_options(std::string_view json, std::vector<FieldProblem>& problems);
std::string to_json(const ImportOptions& options);

struct ImportProgress {
    ImportId id;
    std::string state;           // running, finished, failed, cancelled
    std::uint64_t received = 0;  // bytes that were committed: feed on from here
    std::uint64_t rows = 0;      // data rows seen
    std::uint64_t created = 0;   // customers, or records with `collection`
    std::uint64_t merged = 0;
    std::uint64_t duplicates = 0;  // reported and left out
    std::uint64_t rejected = 0;
    std::string encoding;  // utf-8, gb18030
    std::string label;
    Time started{};
    Time updated{};
    std::vector<std::pair<std::string, std::string>> columns;  // as mapped
};

struct ImportReject {
    std::uint64_t row = 0;   // data row, from 1
    std::uint64_t line = 0;  // line of the file, from 1
    std::string field;       // column name or field path
    std::string reason;
};

class Imports {
 public:
    static Result<std::unique_ptr<Imports>> open(Records& records, store::Database& data, audit::AuditLog& audit,
                                                 const Clock& clock);
    virtual ~Imports() = default;

    // Decides (action import.run, for all mapped fields once the header is known), makes the job.
    virtual Result<ImportProgress> start(Call& call, const ImportOptions& options) = 0;
    // Offers bytes at `offset` (= progress().received, or later pieces of the same feeding). `last` ends the file.
    // Blocks while batches are written. `on_progress` may return false to stop; what is committed stays and the job can
    // go on.
    virtual Result<ImportProgress> feed(Call& call, ImportId id, std::uint64_t offset, std::string_view bytes,
                                        bool last, const std::function<bool(const ImportProgress&)>& on_progress) = 0;
    virtual Result<ImportProgress> cancel(Call& call, ImportId id) = 0;
    virtual Result<ImportProgress> progress(ImportId id) = 0;
    virtual Result<std::vector<ImportProgress>> list() = 0;
    // From `after_row` on, at most `limit`.
    virtual Result<std::vector<ImportReject>> rejects(ImportId id, std::uint64_t after_row, std::size_t limit) = 0;
};

}  // namespace cloister::records
