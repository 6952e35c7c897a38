#include "store/migrate.h"

namespace cloister::store {
namespace {

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations("
    "module {text} NOT NULL, number {int} NOT NULL, name {text} NOT NULL, PRIMARY KEY(module, number)){clustered}";

std::string_view spelling(std::string_view word, const Dialect& dialect) {
    if (word == "blob") return dialect.blob;
    if (word == "int") return dialect.integer;
    if (word == "text") return dialect.text;
    CLOISTER_ASSERT(word == "clustered");
    return dialect.clustered;
}

Result<std::int64_t> last_applied(Snapshot& snapshot, std::string_view module) {
    CLOISTER_ASSIGN_OR_RETURN(const std::optional<std::int64_t> last,
                              snapshot.first("SELECT coalesce(max(number), 0) FROM schema_migrations WHERE module = $1",
                                             {module}, [](const Row& row) { return row.integer(0); }));
    return last.value_or(0);
}

}  // namespace

std::string in_dialect(std::string_view sql, const Dialect& dialect) {
    std::string out;
    for (;;) {
        const std::size_t open = sql.find('{');
        out += sql.substr(0, open);
        if (open == std::string_view::npos) return out;
        const std::size_t close = sql.find('}', open);
        CLOISTER_ASSERT(close != std::string_view::npos);
        out += spelling(sql.substr(open + 1, close - open - 1), dialect);
        sql.remove_prefix(close + 1);
    }
}

Result<void> apply_migrations(Database& database, const Dialect& dialect, RunScript run_script, std::string_view module,
                              std::span<const Migration> migrations) {
    for (std::size_t i = 0; i < migrations.size(); ++i)
        CLOISTER_ASSERT(migrations[i].number == static_cast<int>(i) + 1);
    std::int64_t last = 0;
    CLOISTER_RETURN_IF_ERROR(database.write([&](Transaction& tx) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(run_script(tx, in_dialect(kTable, dialect)));
        CLOISTER_ASSIGN_OR_RETURN(last, last_applied(tx, module));
        return {};
    }));
    if (last > static_cast<std::int64_t>(migrations.size()))
        return Error(ErrorCode::unsupported, "the schema of " + std::string(module) + " is at number " +
                                                 std::to_string(last) + ", this program knows " +
                                                 std::to_string(migrations.size()) + "; use a newer program");
    for (const Migration& migration : migrations.subspan(static_cast<std::size_t>(last))) {
        auto done = database.write([&](Transaction& tx) -> Result<void> {
            CLOISTER_RETURN_IF_ERROR(run_script(tx, in_dialect(migration.sql, dialect)));
            CLOISTER_RETURN_IF_ERROR(
                tx.execute("INSERT INTO schema_migrations(module, number, name) VALUES($1, $2, $3)",
                           {module, std::int64_t{migration.number}, migration.name}));
            return {};
        });
        if (!done)
            return done.error().within("migration " + std::to_string(migration.number) + " of " + std::string(module));
    }
    return {};
}

}  // namespace cloister::store
