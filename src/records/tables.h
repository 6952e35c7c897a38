// The tables of `records`, and the few statements that several use cases share. SQL for both engines.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "records/blind_index.h"
#include "records/sealed_record.h"
#include "store/database.h"

namespace cloister::records {

Result<void> migrate_tables(store::Database& data);

// Values reach disk.
enum class CustomerState : std::int64_t { active = 1, erased = 2 };

struct CustomerRow {
    std::uint64_t version = 0;
    Time created{};
    Time updated{};
    CustomerState state = CustomerState::active;
};

struct RecordRow {
    std::uint16_t collection = 0;
    RecordId record;
    std::uint64_t version = 0;
    Time created{};
    Time updated{};
    Bytes sealed;
    Bytes tokens;  // pack_tokens()
};

inline std::int64_t sql(std::uint64_t n) { return static_cast<std::int64_t>(n); }

Result<std::optional<CustomerRow>> find_customer(store::Snapshot& snapshot, CustomerId customer);
Result<std::optional<RecordRow>> find_record(store::Snapshot& snapshot, CustomerId customer, std::uint16_t collection,
                                             RecordId record);
// Newest first, records with an id below `before`, at most `limit`.
Result<std::vector<RecordRow>> list_records(store::Snapshot& snapshot, CustomerId customer, std::uint16_t collection,
                                            std::optional<RecordId> before, std::size_t limit);

// Versions that were replaced or deleted, newest first. `tokens` is empty in them.
Result<std::vector<RecordRow>> list_history(store::Snapshot& snapshot, CustomerId customer, std::uint16_t collection,
                                            RecordId record, std::size_t limit);
// The highest version that history holds of a record; 0 when none.
Result<std::uint64_t> last_history_version(store::Snapshot& snapshot, CustomerId customer, std::uint16_t collection,
                                           RecordId record);

// Inserts a customer at `version`.
Result<void> insert_customer(store::Transaction& transaction, CustomerId customer, std::uint64_t version, Time now);
// Raises the customer's version by one. precondition_failed when it is not `expected` (0: any), not_found when the
// customer is missing or erased. Gives the new version.
Result<std::uint64_t> bump_customer(store::Transaction& transaction, CustomerId customer, std::uint64_t expected,
                                    Time now);

// The row alone, and the row with its index rows.
Result<void> insert_row(store::Transaction& transaction, CustomerId customer, const RecordRow& row);
Result<void> insert_record(store::Transaction& transaction, CustomerId customer, const RecordRow& row);
// Moves the current row into history and puts the new one in its place, index rows included. precondition_failed when
// the stored version is not row.version - 1.
Result<void> replace_record(store::Transaction& transaction, CustomerId customer, const RecordRow& row);
// Moves the current row into history and removes its index rows. precondition_failed as above for `version`.
Result<void> remove_record(store::Transaction& transaction, CustomerId customer, std::uint16_t collection,
                           RecordId record, std::uint64_t version, Time now);

Result<void> insert_index(store::Transaction& transaction, CustomerId customer, RecordId record,
                          const IndexToken& token);
// For rows that a crash may have left half added.
Result<void> insert_index_if_missing(store::Transaction& transaction, CustomerId customer, RecordId record,
                                     const IndexToken& token);
Result<void> delete_index(store::Transaction& transaction, CustomerId customer, RecordId record,
                          const IndexToken& token);

}  // namespace cloister::records
