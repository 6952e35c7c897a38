#include "store/sqlite/group_commit.h"

#include <algorithm>

namespace cloister::store::sqlite {
namespace {

bool is_about_the_device(const Error& error) {
    return error.code() == ErrorCode::storage_full || error.code() == ErrorCode::unavailable ||
           error.code() == ErrorCode::corrupt;
}

// What one work function sees. SQLite ends the whole transaction by itself on some errors (full disk, I/O); whatever
// the work did after that would be committed statement by statement, so from then on nothing is let through.
class SqliteTransaction final : public Transaction {
 public:
    SqliteTransaction(Connection& connection, Write& write) : connection_(connection), write_(write) {}

    Result<void> query(std::string_view sql, Params params, RowCallback on_row) override {
        CLOISTER_RETURN_IF_ERROR(check_open());
        return noted(connection_.query(sql, params, on_row));
    }
    Result<std::int64_t> execute(std::string_view sql, Params params) override {
        CLOISTER_RETURN_IF_ERROR(check_open());
        return noted(connection_.execute(sql, params));
    }
    Result<void> run_script(std::string_view script) {
        CLOISTER_RETURN_IF_ERROR(check_open());
        return noted(connection_.execute_script(script));
    }
    void after_commit(UniqueFunction<void()> action) override { write_.after_commit.push_back(std::move(action)); }

 private:
    Result<void> check_open() const {
        if (connection_.in_transaction()) return {};
        return Error(ErrorCode::unavailable, "sqlite: the transaction was rolled back by an earlier error in it");
    }
    template <class T>
    Result<T> noted(Result<T> result) {
        if (!result && is_about_the_device(result.error())) write_.device_failed = true;
        return result;
    }
    Connection& connection_;
    Write& write_;
};

Result<void> call(Connection& connection, Write& write) {
    write.after_commit.clear();
    write.device_failed = false;
    SqliteTransaction transaction(connection, write);
    try {
        return write.work(transaction);
    } catch (const Bug& bug) {
        return Error(ErrorCode::internal, bug.what());
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::unavailable, "out of memory in a write");
    } catch (...) {
        return Error(ErrorCode::internal, "an exception left a write");
    }
}

void fail(Write& write, Error error) {
    write.result = std::move(error);
    write.after_commit.clear();
}

void fail_by_engine(Write& write, const Error& error) {
    write.device_failed = is_about_the_device(error);
    fail(write, error);
}

void roll_back(Connection& connection) {
    if (connection.in_transaction()) (void)connection.execute("ROLLBACK").has_value();
}

// Runs one write inside the open transaction, in a savepoint of its own.
void run_in_savepoint(Connection& connection, Write& write) {
    if (auto opened = connection.execute("SAVEPOINT work"); !opened) return fail_by_engine(write, opened.error());
    write.result = call(connection, write);
    if (!connection.in_transaction()) return;
    if (!write.result) {
        write.after_commit.clear();
        // When this fails, the caller sees that the transaction is gone or the commit fails.
        (void)connection.execute("ROLLBACK TO work").has_value();
    }
    if (auto released = connection.execute("RELEASE work"); !released) fail_by_engine(write, released.error());
}

// One write, one transaction, one commit.
void commit_alone(Connection& connection, Write& write) {
    write.result = {};
    if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) return fail_by_engine(write, begun.error());
    Result<void> result = call(connection, write);
    if (result && !connection.in_transaction())
        result = Error(ErrorCode::unavailable, "sqlite: the transaction was rolled back by an error in it");
    if (!result) {
        fail(write, result.error());
    } else if (auto committed = connection.execute("COMMIT"); !committed) {
        fail_by_engine(write, committed.error());
    }
    roll_back(connection);
}

std::size_t commit_each_alone(Connection& connection, std::span<Write> group) {
    for (Write& write : group) commit_alone(connection, write);
    return static_cast<std::size_t>(std::ranges::count_if(group, [](const Write& w) { return w.result.has_value(); }));
}

}  // namespace

std::size_t commit_group(Connection& connection, std::span<Write> group) {
    if (group.size() == 1) return commit_each_alone(connection, group);
    if (auto begun = connection.execute("BEGIN IMMEDIATE"); !begun) {
        for (Write& write : group) fail_by_engine(write, begun.error());
        return 0;
    }
    for (Write& write : group) {
        run_in_savepoint(connection, write);
        // The writes before this one are gone with the transaction. None has been acknowledged: each gets a transaction
        // of its own, so that one that does not fit on the disk does not take the others with it.
        if (!connection.in_transaction()) return commit_each_alone(connection, group);
    }
    const Result<void> committed = connection.execute("COMMIT");
    if (committed) return 1;
    roll_back(connection);
    // A deferred constraint of one write can refuse the commit of all; alone, only the guilty one fails.
    if (!is_about_the_device(committed.error())) return commit_each_alone(connection, group);
    for (Write& write : group)
        if (write.result) fail_by_engine(write, committed.error());
    return 0;
}

Result<void> run_script(Transaction& transaction, std::string_view script) {
    return static_cast<SqliteTransaction&>(transaction).run_script(script);
}

}  // namespace cloister::store::sqlite
