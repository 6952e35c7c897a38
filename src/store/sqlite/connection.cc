#include "store/sqlite/connection.h"

#include <cerrno>
#include <charconv>
#include <mutex>

namespace cloister::store::sqlite {
namespace {

// How long SQLite itself waits for a lock: another program looking at the file, or recovery after a crash.
constexpr int kBusyTimeoutMs = 5000;

bool device_is_full(sqlite3* db) {
    const int code = db != nullptr ? sqlite3_system_errno(db) : 0;
    return code == ENOSPC || code == EDQUOT;
}

ErrorCode meaning_of(sqlite3* db, int code) {
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID)
        return ErrorCode::already_exists;
    if (code == SQLITE_IOERR_CORRUPTFS) return ErrorCode::corrupt;
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT: return ErrorCode::conflict;
        case SQLITE_FULL: return ErrorCode::storage_full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ErrorCode::corrupt;
        case SQLITE_TOOBIG: return ErrorCode::too_large;
        case SQLITE_INTERRUPT: return ErrorCode::cancelled;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN: return device_is_full(db) ? ErrorCode::storage_full : ErrorCode::unavailable;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_NOMEM: return ErrorCode::unavailable;
        default: return ErrorCode::internal;
    }
}

class StatementRow final : public Row {
 public:
    explicit StatementRow(sqlite3_stmt* statement) : statement_(statement), columns_(sqlite3_data_count(statement)) {}
    std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, checked(column)); }
    std::string_view text(int column) const override {
        const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, checked(column)));
        return {data, data != nullptr ? size(column) : 0};
    }
    ByteView blob(int column) const override {
        const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, checked(column)));
        return {data, data != nullptr ? size(column) : 0};
    }
    bool is_null(int column) const override { return sqlite3_column_type(statement_, checked(column)) == SQLITE_NULL; }

 private:
    int checked(int column) const {
        CLOISTER_ASSERT(column >= 0 && column < columns_);
        return column;
    }
    std::size_t size(int column) const { return static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)); }
    sqlite3_stmt* statement_;
    int columns_;
};

struct BindTo {
    sqlite3_stmt* statement;
    int slot;
    int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, slot); }
    int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, slot, value); }
    // A null pointer would bind NULL; empty text and empty bytes are values.
    int operator()(std::string_view text) const {
        return sqlite3_bind_text64(statement, slot, text.data() != nullptr ? text.data() : "", text.size(),
                                   SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(ByteView bytes) const {
        return sqlite3_bind_blob64(statement, slot,
                                   bytes.data() != nullptr ? static_cast<const void*>(bytes.data()) : "", bytes.size(),
                                   SQLITE_STATIC);
    }
};

// The index into Params of the parameter that SQLite numbers `number`: n - 1 for the name "$n".
std::size_t param_index(sqlite3_stmt* statement, int number) {
    const char* name = sqlite3_bind_parameter_name(statement, number);
    CLOISTER_ASSERT(name != nullptr && name[0] == '$');
    const std::string_view digits(name + 1);
    std::size_t n = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), n);
    CLOISTER_ASSERT(parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size() && n > 0);
    return n - 1;
}

void initialise_library() {
    static std::once_flag once;
    // The global memory counters take a mutex per allocation and nobody reads them.
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

}  // namespace

Error error_of(sqlite3* db, int code) {
    const char* message = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    return Error(meaning_of(db, code), std::string("sqlite: ") + message);
}

// Holds a statement while it is stepped; afterwards it keeps neither locks nor views of the caller's values.
class Connection::Use {
 public:
    explicit Use(Statement& statement) : statement_(statement) { statement_.in_use = true; }
    ~Use() {
        sqlite3_reset(statement_.handle.get());
        sqlite3_clear_bindings(statement_.handle.get());
        statement_.in_use = false;
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

 private:
    Statement& statement_;
};

Result<std::unique_ptr<Connection>> Connection::open(const SqliteOptions& options, Access access) {
    initialise_library();
    const int mode = access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    sqlite3* raw = nullptr;
    const int code =
        sqlite3_open_v2(options.file.c_str(), &raw, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    DbHandle db(raw);
    if (code != SQLITE_OK) return error_of(raw, code).within("cannot open the database file");
    // Before anything else: the first statement after a crash may meet another connection's recovery lock.
    sqlite3_busy_timeout(raw, kBusyTimeoutMs);
    std::unique_ptr<Connection> connection(new Connection(std::move(db)));
    CLOISTER_RETURN_IF_ERROR(connection->configure(options, access));
    return connection;
}

Result<void> Connection::configure(const SqliteOptions& options, Access access) {
    std::string settings =
        "PRAGMA mmap_size=0; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;";
    settings += "PRAGMA cache_size=-" + std::to_string(options.cache_kib) + ";";
    if (access == Access::read_write) {
        settings += options.durable ? "PRAGMA synchronous=FULL;" : "PRAGMA synchronous=OFF;";
        settings += options.secure_delete ? "PRAGMA secure_delete=ON;" : "PRAGMA secure_delete=OFF;";
        settings += "PRAGMA wal_autocheckpoint=0;";
        bool is_wal = false;
        CLOISTER_RETURN_IF_ERROR(query("PRAGMA journal_mode=WAL", {}, [&](const Row& row) {
            is_wal = row.text(0) == "wal";
            return true;
        }));
        if (!is_wal)
            return Error(ErrorCode::unsupported, "sqlite: the file system does not support write-ahead logging");
    }
    return execute_script(settings);
}

Result<std::unique_ptr<Statement>> Connection::prepare(std::string_view sql) {
    auto statement = std::make_unique<Statement>();
    statement->sql = sql;
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v3(db_.get(), statement->sql.c_str(), static_cast<int>(statement->sql.size()) + 1,
                                        SQLITE_PREPARE_PERSISTENT, &raw, &tail);
    statement->handle.reset(raw);
    if (code != SQLITE_OK) return error_of(db_.get(), code);
    CLOISTER_ASSERT(raw != nullptr);
    CLOISTER_ASSERT(std::string_view(tail).find_first_not_of(" \t\r\n;") == std::string_view::npos);
    const int parameters = sqlite3_bind_parameter_count(raw);
    for (int number = 1; number <= parameters; ++number) statement->slots.push_back(param_index(raw, number));
    return statement;
}

Result<Statement*> Connection::cached(std::string_view sql) {
    if (const auto found = by_sql_.find(sql); found != by_sql_.end()) {
        by_recency_.splice(by_recency_.begin(), by_recency_, found->second);
        Statement* statement = found->second->get();
        return statement->in_use ? nullptr : statement;
    }
    CLOISTER_ASSIGN_OR_RETURN(std::unique_ptr<Statement> statement, prepare(sql));
    evict();
    by_recency_.push_front(std::move(statement));
    by_sql_.emplace(by_recency_.front()->sql, by_recency_.begin());
    return by_recency_.front().get();
}

void Connection::evict() {
    if (by_sql_.size() < kCachedStatements || by_recency_.back()->in_use) return;
    by_sql_.erase(by_recency_.back()->sql);
    by_recency_.pop_back();
}

Result<void> Connection::bind(Statement& statement, Params params) {
    for (std::size_t i = 0; i < statement.slots.size(); ++i) {
        CLOISTER_ASSERT(statement.slots[i] < params.size());
        const int code =
            std::visit(BindTo{statement.handle.get(), static_cast<int>(i) + 1}, params[statement.slots[i]]);
        if (code != SQLITE_OK) return error_of(db_.get(), code);
    }
    return {};
}

Result<void> Connection::run(Statement& statement, Params params, RowCallback on_row) {
    const Use use(statement);
    CLOISTER_RETURN_IF_ERROR(bind(statement, params));
    for (;;) {
        const int code = sqlite3_step(statement.handle.get());
        if (code == SQLITE_DONE) return {};
        if (code != SQLITE_ROW) return error_of(db_.get(), code);
        if (!on_row(StatementRow(statement.handle.get()))) return {};
    }
}

Result<void> Connection::query(std::string_view sql, Params params, RowCallback on_row) {
    CLOISTER_ASSIGN_OR_RETURN(Statement* const statement, cached(sql));
    if (statement != nullptr) return run(*statement, params, on_row);
    CLOISTER_ASSIGN_OR_RETURN(const std::unique_ptr<Statement> own, prepare(sql));
    return run(*own, params, on_row);
}

Result<std::int64_t> Connection::execute(std::string_view sql, Params params) {
    const std::int64_t before = sqlite3_total_changes64(db_.get());
    CLOISTER_RETURN_IF_ERROR(query(sql, params, [](const Row&) { return true; }));
    // sqlite3_changes keeps the number of an earlier statement when this one changes no rows by nature (DDL).
    if (sqlite3_total_changes64(db_.get()) == before) return std::int64_t{0};
    return static_cast<std::int64_t>(sqlite3_changes64(db_.get()));
}

Result<void> Connection::execute(std::string_view sql) {
    return query(sql, {}, [](const Row&) { return true; });
}

Result<void> Connection::execute_script(std::string_view sql) {
    const std::string text(sql);
    const char* rest = text.c_str();
    const char* const end = rest + text.size();
    while (rest != end) {
        sqlite3_stmt* raw = nullptr;
        const int code = sqlite3_prepare_v2(db_.get(), rest, static_cast<int>(end - rest), &raw, &rest);
        const StatementHandle statement(raw);
        if (code != SQLITE_OK) return error_of(db_.get(), code);
        if (raw == nullptr) continue;  // a comment or blanks
        int step = SQLITE_ROW;
        while (step == SQLITE_ROW) step = sqlite3_step(raw);
        if (step != SQLITE_DONE) return error_of(db_.get(), step);
    }
    return {};
}

}  // namespace cloister::store::sqlite
