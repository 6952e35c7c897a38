// A database in terms of rows and bytes: read snapshots and group-committed writes. What the rows mean is the business
// of the modules above; which engine runs is not.
//
// SQL is written once, with $1, $2, ... placeholders that SQLite and PostgreSQL both accept, as string literals: values
// are always bound, never concatenated.
//
// Invariants  An acknowledged write is on stable storage. A write that failed left nothing. Writes are applied one
// after
//             another in the order of their acknowledgement.
// Threads     Any thread may call read(), write() and write_async(). Callbacks given to write_async run on the
//             database's own thread and must not block or call write().
// Errors      storage_full: no room on the device, nothing written, works again by itself once there is room.
//             unavailable:  I/O error or closed, nothing written.
//             corrupt:      the file is damaged.
//             conflict, already_exists: a constraint (unique, foreign key) refused it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/function.h"
#include "base/result.h"

namespace cloister::store {

// A bound value. Views are borrowed for the call.
using Param = std::variant<std::nullptr_t, std::int64_t, std::string_view, ByteView>;
using Params = std::span<const Param>;

// One row of an answer. Views are valid until the row callback returns. Columns count from 0.
class Row {
 public:
    virtual std::int64_t integer(int column) const = 0;
    virtual std::string_view text(int column) const = 0;
    virtual ByteView blob(int column) const = 0;
    virtual bool is_null(int column) const = 0;

 protected:
    ~Row() = default;
};

// Return true to go on, false to stop asking for rows.
using RowCallback = FunctionRef<bool(const Row&)>;

// A consistent view of the database for the length of one read().
class Snapshot {
 public:
    virtual Result<void> query(std::string_view sql, Params params, RowCallback on_row) = 0;
    Result<void> query(std::string_view sql, std::initializer_list<Param> params, RowCallback on_row) {
        return query(sql, Params(params.begin(), params.size()), on_row);
    }
    // The first row as `map(row)` gives it, or nothing.
    template <class Map>
    auto first(std::string_view sql, std::initializer_list<Param> params, Map map)
        -> Result<std::optional<std::invoke_result_t<Map, const Row&>>> {
        std::optional<std::invoke_result_t<Map, const Row&>> found;
        CLOISTER_RETURN_IF_ERROR(query(sql, params, [&](const Row& row) {
            found.emplace(map(row));
            return false;
        }));
        return found;
    }

 protected:
    ~Snapshot() = default;
};

// A Snapshot that can also change things. Everything done in one work function happens together or not at all.
class Transaction : public Snapshot {
 public:
    // Returns the number of rows changed.
    virtual Result<std::int64_t> execute(std::string_view sql, Params params) = 0;
    Result<std::int64_t> execute(std::string_view sql, std::initializer_list<Param> params) {
        return execute(sql, Params(params.begin(), params.size()));
    }
    // Runs on the database's thread after this transaction became durable and before its writer is told, in commit
    // order. Not run when it fails. Must not block. When it throws, the writer gets `internal` although the write is
    // durable.
    virtual void after_commit(UniqueFunction<void()> action) = 0;

 protected:
    ~Transaction() = default;
};

// Forward-only schema changes of one module. Numbers start at 1 and have no gaps. DDL is shared between engines with
// these words in braces: {blob} {int} {text} and, after the closing parenthesis of CREATE TABLE, {clustered} for a
// table that is stored in primary-key order (SQLite: WITHOUT ROWID).
struct Migration {
    int number;
    std::string_view name;
    std::string_view sql;  // one or several statements separated by ';'
};

using Work = UniqueFunction<Result<void>(Transaction&)>;
using Done = UniqueFunction<void(Result<void>)>;

// Counters since the start, for metrics.
struct Counters {
    std::uint64_t commits = 0;
    std::uint64_t writes = 0;         // work functions committed; writes / commits is the group size
    std::uint64_t failed_writes = 0;  // work functions that failed or were refused
    std::uint64_t queue_length = 0;   // waiting now
};

class Database {
 public:
    virtual ~Database() = default;

    // Runs `work` on the calling thread over one consistent snapshot.
    virtual Result<void> read(FunctionRef<Result<void>(Snapshot&)> work) = 0;
    // Runs `work` on the writer and calls `done` with its result, durable when it is a success. `work` may run more
    // than once (a retried commit) and must have no effect outside the transaction except through after_commit. When
    // the queue is full, `done` gets unavailable at once.
    virtual void write_async(Work work, Done done) = 0;
    // The same, waiting for the result. Must not be called from a callback of this database.
    Result<void> write(Work work);

    // Applies the migrations of `module` that this database has not seen, each in its own transaction, and remembers
    // them. unsupported when the database has seen a number beyond the list (a newer program wrote it).
    virtual Result<void> migrate(std::string_view module, std::span<const Migration> migrations) = 0;

    // Copies everything committed into the main file and empties the write-ahead log, so that no older content of
    // changed pages is left in it. Waits for running readers for a bounded time; unavailable when they did not end.
    virtual Result<void> checkpoint_and_truncate() = 0;
    virtual Counters counters() const = 0;
    // False from the first write that was refused for lack of room or an I/O error until the next that succeeded.
    virtual bool writable() const = 0;
};

struct SqliteOptions {
    std::filesystem::path file;
    bool create = false;           // make the file when it is missing; otherwise a missing file is not_found
    bool secure_delete = false;    // overwrite deleted content with zeroes (keys)
    bool durable = true;           // false: synchronous=OFF, for files that can be rebuilt
    std::size_t cache_kib = 8192;  // page cache per connection; the system caches the file as well
    std::size_t queue_limit = 100'000;
};

// Opens the embedded engine. One writer thread; read connections are per thread, made on first use.
Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options);

}  // namespace cloister::store
