// Read connections of one database: one per thread, opened on first use, closed when the thread or the database ends,
// whichever comes first.
//
// Threads  Any thread may call read(). The owner destroys this only after every read() has returned.
#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "store/database.h"

namespace cloister::store::sqlite {

class Reader;

class Readers {
 public:
    explicit Readers(SqliteOptions options);
    ~Readers();
    Readers(const Readers&) = delete;
    Readers& operator=(const Readers&) = delete;

    // Runs `work` in one read transaction. A read() inside a read() on the same thread sees the same snapshot.
    Result<void> read(FunctionRef<Result<void>(Snapshot&)> work);

 private:
    Result<Reader*> mine();

    const SqliteOptions options_;
    const std::uint64_t database_id_;  // never used twice in a process, unlike an address
    Mutex mutex_;
    std::vector<std::weak_ptr<Reader>> all_ CLOISTER_GUARDED_BY(mutex_);
};

}  // namespace cloister::store::sqlite
