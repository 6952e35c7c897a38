// Index rows of imports. Tokens are random numbers: every batch of a large import touches most pages of the index, and
// each page is written once per batch. An exclusive import therefore collects the rows of some hundred thousand
// customers and adds them in one sorted run. The batch's transaction notes that its rows are still to come, so that a
// crash loses none.
#include <algorithm>

#include "records/core.h"

namespace cloister::records {
namespace {

// About 100,000 customers of the default schema; 40 bytes each in memory.
constexpr std::size_t kRunRows = 1'500'000;
constexpr std::size_t kRowsPerCommit = 200'000;

struct Range {
    Bytes first;
    Bytes last;
};

Result<void> collect(store::Snapshot& snapshot, const Range& range, std::vector<IndexRow>& rows) {
    Result<void> damaged;
    CLOISTER_RETURN_IF_ERROR(snapshot.query(
        "SELECT customer, record, tokens FROM records WHERE customer >= $1 AND customer <= $2",
        {ByteView(range.first), ByteView(range.last)}, [&](const store::Row& row) {
            const auto customer = CustomerId::from_bytes(row.blob(0));
            const auto record = row.blob(1).empty() ? Result<RecordId>(RecordId()) : RecordId::from_bytes(row.blob(1));
            const auto tokens = unpack_tokens(row.blob(2));
            if (!customer || !record || !tokens) {
                damaged = Error(ErrorCode::corrupt, "index tokens of a record are damaged");
                return false;
            }
            for (const IndexToken& token : *tokens) rows.push_back({token, *customer, *record});
            return true;
        }));
    return damaged;
}

}  // namespace

std::vector<IndexRow> Records::Core::index_rows_of(const std::vector<PreparedCustomer>& customers) {
    std::vector<IndexRow> rows;
    for (const PreparedCustomer& customer : customers)
        for (const PreparedRecord& record : customer.records) {
            const std::vector<IndexToken> tokens = unpack_tokens(record.row.tokens).value();
            for (const IndexToken& token : tokens) rows.push_back({token, customer.customer, record.row.record});
        }
    std::sort(rows.begin(), rows.end());
    return rows;
}

Result<void> Records::Core::insert_index_rows(store::Transaction& transaction, std::span<const IndexRow> rows) {
    for (const IndexRow& row : rows)
        CLOISTER_RETURN_IF_ERROR(insert_index(transaction, row.customer, row.record, row.token));
    return {};
}

Result<void> Records::Core::note_backlog(store::Transaction& transaction,
                                         const std::vector<PreparedCustomer>& customers) {
    if (customers.empty()) return {};
    const auto [first, last] = std::minmax_element(
        customers.begin(), customers.end(),
        [](const PreparedCustomer& a, const PreparedCustomer& b) { return a.customer < b.customer; });
    CLOISTER_RETURN_IF_ERROR(transaction.execute(
        "INSERT INTO index_backlog (first, last) VALUES ($1, $2) ON CONFLICT (first) DO UPDATE SET last = "
        "CASE WHEN last < excluded.last THEN excluded.last ELSE last END",
        {first->customer.bytes(), last->customer.bytes()}));
    return {};
}

Result<void> Records::Core::add_later(std::vector<IndexRow> rows) {
    bool enough = false;
    {
        MutexLock lock(waiting_mutex_);
        waiting_rows_.insert(waiting_rows_.end(), rows.begin(), rows.end());
        enough = waiting_rows_.size() >= kRunRows;
    }
    return enough ? flush_backlog() : Result<void>();
}

Result<void> Records::Core::flush_backlog() {
    std::vector<IndexRow> rows;
    {
        MutexLock lock(waiting_mutex_);
        rows.swap(waiting_rows_);
    }
    std::sort(rows.begin(), rows.end());
    for (std::size_t at = 0; at < rows.size(); at += kRowsPerCommit) {
        const auto some = std::span(rows).subspan(at, std::min(kRowsPerCommit, rows.size() - at));
        CLOISTER_RETURN_IF_ERROR(data.write([&](store::Transaction& transaction) -> Result<void> {
            for (const IndexRow& row : some)
                CLOISTER_RETURN_IF_ERROR(insert_index_if_missing(transaction, row.customer, row.record, row.token));
            return {};
        }));
    }
    return data.write([](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(transaction.execute("DELETE FROM index_backlog", {}));
        return {};
    });
}

Result<void> Records::Core::recover_backlog() {
    std::vector<Range> ranges;
    CLOISTER_RETURN_IF_ERROR(data.read([&](store::Snapshot& snapshot) {
        return snapshot.query("SELECT first, last FROM index_backlog ORDER BY first", {}, [&](const store::Row& row) {
            ranges.push_back({to_bytes(row.blob(0)), to_bytes(row.blob(1))});
            return true;
        });
    }));
    if (ranges.empty()) return {};
    for (const Range& range : ranges) {
        std::vector<IndexRow> rows;
        CLOISTER_RETURN_IF_ERROR(data.read([&](store::Snapshot& snapshot) { return collect(snapshot, range, rows); }));
        MutexLock lock(waiting_mutex_);
        waiting_rows_.insert(waiting_rows_.end(), rows.begin(), rows.end());
    }
    return flush_backlog();
}

Result<void> Records::add_waiting_index_rows() { return core_->flush_backlog(); }

}  // namespace cloister::records
