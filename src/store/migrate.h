// What the engines share about schema changes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/database.h"

namespace cloister::store {

// How an engine spells the words that Migration::sql has in braces.
struct Dialect {
    std::string_view blob;
    std::string_view integer;
    std::string_view text;
    std::string_view clustered;
};

// `sql` in the engine's words. An unknown word in braces is a bug in the migration (CLOISTER_ASSERT).
std::string in_dialect(std::string_view sql, const Dialect& dialect);

// Runs a script of several statements inside a transaction.
using RunScript = Result<void> (*)(Transaction&, std::string_view);

// Applies what is missing, one write() each, and records it in the table schema_migrations.
Result<void> apply_migrations(Database& database, const Dialect& dialect, RunScript run_script, std::string_view module,
                              std::span<const Migration> migrations);

}  // namespace cloister::store
