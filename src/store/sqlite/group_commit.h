// Runs a group of write works with one commit. A work that fails is rolled back alone; the commit makes all the others
// durable together.
//
// Threads  The writer thread only.
#pragma once

#include <span>
#include <vector>

#include "store/database.h"
#include "store/sqlite/connection.h"

namespace cloister::store::sqlite {

// A write on its way: what to do, whom to tell, and what came of it.
struct Write {
    Work work;
    Done done;
    std::vector<UniqueFunction<void()>> after_commit = {};
    Result<void> result = {};
    bool device_failed = false;  // SQLite could not write: no room, or an I/O error
};

// Fills in `result` of every write and, of those that are durable now, `after_commit`. Returns the number of commits.
std::size_t commit_group(Connection& connection, std::span<Write> group);

// Runs a script inside the transaction that a work function was given.
Result<void> run_script(Transaction& transaction, std::string_view script);

}  // namespace cloister::store::sqlite
