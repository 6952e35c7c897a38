// Which column of a file fills which field.
//
// Threads  Values; pure functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "records/call.h"
#include "records/imports.h"
#include "records/schema.h"

namespace cloister::records {

constexpr std::size_t kMaxMappedColumns = 500;

// Columns in the order of the file (JSON Lines: in the order names were first seen), each with the path of its field or
// "" when it is left out. A name that seems personal, because the file has no header, is replaced by "column <n>".
using ColumnMap = std::vector<std::pair<std::string, std::string>>;

// Holds the options against the schema, as far as that is possible before the header is known. invalid_argument;
// problems name the option.
Result<void> check_options(const ImportOptions& options, const Schema& schema, std::vector<FieldProblem>& problems);

// The columns of a file with this header. Explicit ones must be there (`all_names_known` false: JSON Lines, where a
// name may come later, so one of them must be). invalid_argument; problems name the column.
Result<ColumnMap> map_columns(const ImportOptions& options, const Schema& schema,
                              const std::vector<std::string>& header, bool all_names_known,
                              std::vector<FieldProblem>& problems);

// The field a column of this name is guessed to hold, or "".
std::string guess_field(std::string_view column, const Schema& schema, std::string_view collection);

// A cell that says that there is nothing: empty, NULL, N/A, -, unknown, 无.
bool is_absent(std::string_view cell);

}  // namespace cloister::records
