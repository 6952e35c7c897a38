// The outbox: entries of writes commit as rows beside what they record, and move to the journal in commit order.
//
// Invariants  Rows reach the journal in the order of their numbers, each once, none left out: the journal's highest tag
//             says exactly which rows arrived. For this, entries go in flights. The first flight out of rest is one
//             entry; every further one is handed over within the journal's own callback, so that the journal takes it
//             as one piece, and a failure within it fails the rest of it too. A flight starts when the one before
//             ended.
// Threads     Any.
// Errors      A journal that cannot write keeps the entries waiting; retry() tries again.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/function.h"
#include "base/mutex.h"
#include "store/database.h"
#include "store/journal.h"

namespace cloister::audit {

class Outbox : public std::enable_shared_from_this<Outbox> {
 public:
    using OnIndex = UniqueFunction<void(Result<std::uint64_t> index)>;

    explicit Outbox(store::Journal& journal) : journal_(&journal), settled_(journal.highest_tag()) {}

    // Queues the rows that the journal does not have yet. Before the first record().
    Result<void> recover(store::Database& data);
    // Adds a row; when the transaction commits, the entry is on its way.
    Result<void> record(store::Transaction& transaction, Bytes entry, OnIndex on_index);
    // Tries again after a failure of the journal.
    void retry();
    // Is nothing waiting for the journal?
    bool empty() const;
    // Stops handing over; entries still on their way land, the rest stays in the database for the next start. The
    // journal may be destroyed afterwards, then abandon() tells those who wait for an index.
    void close();
    void abandon();

 private:
    struct Item {
        std::uint64_t seq;
        Bytes entry;
        OnIndex on_index;
    };
    struct Departure {
        std::uint64_t seq;
        Bytes entry;
    };

    void push(Item item);
    void landed(std::uint64_t seq, const Result<std::uint64_t>& result);
    std::vector<Departure> depart(std::size_t most) CLOISTER_REQUIRES(mutex_);
    void hand_over(std::vector<Departure> flight);
    // Rows below this number can be deleted now; 0 when it is not worth a statement yet.
    std::uint64_t deletable_below() const;

    mutable Mutex mutex_;
    store::Journal* journal_ CLOISTER_GUARDED_BY(mutex_);
    std::deque<Item> waiting_ CLOISTER_GUARDED_BY(mutex_);
    std::size_t in_flight_ CLOISTER_GUARDED_BY(mutex_) = 0;
    bool flight_failed_ CLOISTER_GUARDED_BY(mutex_) = false;
    std::uint64_t settled_ CLOISTER_GUARDED_BY(mutex_);  // every number up to this one is in the journal
    std::uint64_t deleted_below_ CLOISTER_GUARDED_BY(mutex_) = 0;
};

}  // namespace cloister::audit
