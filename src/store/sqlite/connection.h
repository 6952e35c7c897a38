// One SQLite connection and its prepared statements. The only place of the engine that calls sqlite3_bind and step.
//
// Threads  A connection belongs to one thread at a time (SQLITE_OPEN_NOMUTEX); whoever hands it on synchronises.
// Errors   As error_of() maps them. Messages name tables and columns, never bound values.
#pragma once

#include <sqlite3.h>

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace cloister::store::sqlite {

template <auto Free>
struct FreeWith {
    void operator()(auto* p) const noexcept { Free(p); }
};
using DbHandle = std::unique_ptr<sqlite3, FreeWith<sqlite3_close_v2>>;
using StatementHandle = std::unique_ptr<sqlite3_stmt, FreeWith<sqlite3_finalize>>;

// What an SQLite result code means for a caller: see `Errors` in store/database.h.
Error error_of(sqlite3* db, int code);

// A prepared statement. SQLite numbers `$n` parameters by first appearance, not by n: `slots` holds, for each of its
// numbers, the index into Params.
struct Statement {
    std::string sql;
    StatementHandle handle;
    std::vector<std::size_t> slots;
    bool in_use = false;
};

class Connection {
 public:
    enum class Access { read_only, read_write };
    static Result<std::unique_ptr<Connection>> open(const SqliteOptions& options, Access access);

    Result<void> query(std::string_view sql, Params params, RowCallback on_row);
    Result<std::int64_t> execute(std::string_view sql, Params params);
    // A statement without parameters or rows of interest: BEGIN, COMMIT, SAVEPOINT, ...
    Result<void> execute(std::string_view sql);
    // Several statements separated by ';', not cached. For schema changes and settings.
    Result<void> execute_script(std::string_view sql);

    // False when SQLite has ended the transaction by itself, which it does on some errors (full disk, I/O, memory).
    bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }
    sqlite3* handle() const { return db_.get(); }

 private:
    // Statements are few and come from literals; the bound only guards against a caller that makes SQL up.
    static constexpr std::size_t kCachedStatements = 256;
    class Use;

    explicit Connection(DbHandle db) : db_(std::move(db)) {}
    Result<void> configure(const SqliteOptions& options, Access access);
    Result<std::unique_ptr<Statement>> prepare(std::string_view sql);
    // A cached statement, or null when it is being stepped by a caller further up and another one is needed.
    Result<Statement*> cached(std::string_view sql);
    Result<void> run(Statement& statement, Params params, RowCallback on_row);
    Result<void> bind(Statement& statement, Params params);
    void evict();

    DbHandle db_;
    std::list<std::unique_ptr<Statement>> by_recency_;  // most recent first; owns the text that keys the map
    std::unordered_map<std::string_view, std::list<std::unique_ptr<Statement>>::iterator> by_sql_;
};

}  // namespace cloister::store::sqlite
