#include "audit/outbox.h"

#include <algorithm>

namespace cloister::audit {
namespace {

constexpr std::size_t kLargestFlight = 4096;
// Landed rows are deleted in passing, this many at a time: often enough to keep the table small, seldom enough to cost
// nothing.
constexpr std::uint64_t kDeleteStep = 256;
constexpr std::uint64_t kLargestDelete = 4096;

std::int64_t as_int(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

Result<void> Outbox::recover(store::Database& data) {
    std::uint64_t settled;
    {
        const MutexLock lock(mutex_);
        settled = settled_;
    }
    std::vector<Item> items;
    CLOISTER_RETURN_IF_ERROR(data.read([&](store::Snapshot& snapshot) {
        return snapshot.query(
            "SELECT seq, entry FROM audit_outbox WHERE seq > $1 ORDER BY seq", {as_int(settled)},
            [&](const store::Row& row) {
                items.push_back({static_cast<std::uint64_t>(row.integer(0)), to_bytes(row.blob(1)), nullptr});
                return true;
            });
    }));
    for (Item& item : items) push(std::move(item));
    return {};
}

Result<void> Outbox::record(store::Transaction& transaction, Bytes entry, OnIndex on_index) {
    // Numbers go on from the journal's highest tag also when the database was restored to an earlier state.
    std::uint64_t last;
    {
        const MutexLock lock(mutex_);
        last = settled_;
    }
    CLOISTER_RETURN_IF_ERROR(
        transaction.query("SELECT coalesce(max(seq), 0) FROM audit_outbox", {}, [&](const store::Row& row) {
            last = std::max(last, static_cast<std::uint64_t>(row.integer(0)));
            return false;
        }));
    const std::uint64_t seq = last + 1;
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("INSERT INTO audit_outbox (seq, entry) VALUES ($1, $2)", {as_int(seq), ByteView(entry)}));
    // The row with the highest number always stays, so that a number never comes twice.
    const std::uint64_t below = deletable_below();
    if (below != 0)
        CLOISTER_RETURN_IF_ERROR(transaction.execute("DELETE FROM audit_outbox WHERE seq < $1", {as_int(below)}));

    transaction.after_commit(
        [self = shared_from_this(), below, item = Item{seq, std::move(entry), std::move(on_index)}]() mutable {
            if (below != 0) {
                const MutexLock lock(self->mutex_);
                self->deleted_below_ = below;
            }
            self->push(std::move(item));
        });
    return {};
}

std::uint64_t Outbox::deletable_below() const {
    const MutexLock lock(mutex_);
    if (settled_ < deleted_below_ + kDeleteStep) return 0;
    // After a start nobody knows where the rows begin; then one statement clears what has gathered.
    return deleted_below_ == 0 ? settled_ : std::min(settled_, deleted_below_ + kLargestDelete);
}

void Outbox::push(Item item) {
    std::vector<Departure> flight;
    {
        const MutexLock lock(mutex_);
        waiting_.push_back(std::move(item));
        flight = depart(1);
    }
    hand_over(std::move(flight));
}

void Outbox::retry() {
    std::vector<Departure> flight;
    {
        const MutexLock lock(mutex_);
        flight = depart(1);
    }
    hand_over(std::move(flight));
}

bool Outbox::empty() const {
    const MutexLock lock(mutex_);
    return waiting_.empty();
}

std::vector<Outbox::Departure> Outbox::depart(std::size_t most) {
    std::vector<Departure> flight;
    if (in_flight_ != 0 || journal_ == nullptr) return flight;
    in_flight_ = std::min(most, waiting_.size());
    flight_failed_ = false;
    flight.reserve(in_flight_);
    for (std::size_t i = 0; i < in_flight_; ++i) flight.push_back({waiting_[i].seq, waiting_[i].entry});
    return flight;
}

void Outbox::hand_over(std::vector<Departure> flight) {
    store::Journal* journal;
    {
        const MutexLock lock(mutex_);
        journal = journal_;
    }
    for (Departure& departure : flight) {
        const std::uint64_t seq = departure.seq;
        auto done = [self = shared_from_this(), seq](const Result<std::uint64_t>& result) {
            self->landed(seq, result);
        };
        if (journal == nullptr) {
            done(Error(ErrorCode::cancelled, "the audit log is closing"));
        } else {
            journal->append(seq, std::move(departure.entry), std::move(done));
        }
    }
}

// On the journal's thread, in the order of the flight.
void Outbox::landed(std::uint64_t seq, const Result<std::uint64_t>& result) {
    OnIndex on_index;
    std::vector<Departure> next;
    {
        const MutexLock lock(mutex_);
        if (result) {
            CLOISTER_ASSERT(!flight_failed_ && !waiting_.empty() && waiting_.front().seq == seq);
            on_index = std::move(waiting_.front().on_index);
            waiting_.pop_front();
            settled_ = seq;
        } else {
            flight_failed_ = true;
        }
        --in_flight_;
        if (in_flight_ == 0 && !flight_failed_) next = depart(kLargestFlight);
    }
    hand_over(std::move(next));
    if (on_index) on_index(*result);
}

void Outbox::close() {
    const MutexLock lock(mutex_);
    journal_ = nullptr;
}

void Outbox::abandon() {
    std::deque<Item> left;
    {
        const MutexLock lock(mutex_);
        left.swap(waiting_);
    }
    for (Item& item : left)
        if (item.on_index) item.on_index(Error(ErrorCode::cancelled, "the audit log was closed; the entry is kept"));
}

}  // namespace cloister::audit
