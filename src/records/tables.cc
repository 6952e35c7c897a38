#include "records/tables.h"

#include <algorithm>

namespace cloister::records {
namespace {

// The record column of a collection that has one record per customer is an empty blob, which keeps index rows short.
ByteView record_bytes(const RecordId& record) { return record.is_nil() ? ByteView() : record.bytes(); }

RecordId record_from(ByteView bytes) { return bytes.empty() ? RecordId() : RecordId::from_bytes(bytes).value(); }

constexpr store::Migration kMigrations[] = {
    {1, "first tables", R"sql(
CREATE TABLE documents (kind {text} NOT NULL, version {int} NOT NULL, body {text} NOT NULL, actor {text} NOT NULL,
  created {int} NOT NULL, PRIMARY KEY (kind, version));
CREATE TABLE customers (customer {blob} NOT NULL PRIMARY KEY, version {int} NOT NULL, created {int} NOT NULL,
  updated {int} NOT NULL, state {int} NOT NULL) {clustered};
CREATE TABLE records (customer {blob} NOT NULL, collection {int} NOT NULL, record {blob} NOT NULL, version {int} NOT NULL,
  created {int} NOT NULL, updated {int} NOT NULL, sealed {blob} NOT NULL, tokens {blob} NOT NULL,
  PRIMARY KEY (customer, collection, record)) {clustered};
CREATE TABLE history (customer {blob} NOT NULL, collection {int} NOT NULL, record {blob} NOT NULL, version {int} NOT NULL,
  created {int} NOT NULL, replaced {int} NOT NULL, sealed {blob} NOT NULL,
  PRIMARY KEY (customer, collection, record, version)) {clustered};
CREATE TABLE blind_index (slot {int} NOT NULL, token {int} NOT NULL, customer {blob} NOT NULL, record {blob} NOT NULL,
  PRIMARY KEY (slot, token, customer, record)) {clustered};
CREATE TABLE idempotency (key {blob} NOT NULL PRIMARY KEY, request {blob} NOT NULL, receipt {text} NOT NULL,
  created {int} NOT NULL) {clustered};
CREATE TABLE erasures (customer {blob} NOT NULL PRIMARY KEY, begun {int} NOT NULL, state {int} NOT NULL,
  actor {text} NOT NULL, records {int} NOT NULL, certificate {text} NOT NULL) {clustered};
CREATE TABLE imports (import {blob} NOT NULL PRIMARY KEY, state {text} NOT NULL, options {text} NOT NULL,
  progress {text} NOT NULL, actor {text} NOT NULL, created {int} NOT NULL, updated {int} NOT NULL) {clustered};
CREATE TABLE import_rejects (import {blob} NOT NULL, row {int} NOT NULL, line {int} NOT NULL, field {text} NOT NULL,
  reason {text} NOT NULL, PRIMARY KEY (import, row, field)) {clustered};
)sql"},
    {2, "index rows that an import has still to add", R"sql(
CREATE TABLE index_backlog (first {blob} NOT NULL PRIMARY KEY, last {blob} NOT NULL) {clustered};
)sql"},
};

RecordRow record_row(const store::Row& row) {
    RecordRow r;
    r.collection = static_cast<std::uint16_t>(row.integer(0));
    r.record = record_from(row.blob(1));
    r.version = static_cast<std::uint64_t>(row.integer(2));
    r.created = from_unix_micros(row.integer(3));
    r.updated = from_unix_micros(row.integer(4));
    r.sealed = to_bytes(row.blob(5));
    r.tokens = to_bytes(row.blob(6));
    return r;
}

// Current row into history; gives its tokens so that the caller can settle the index.
Result<std::vector<IndexToken>> retire(store::Transaction& transaction, CustomerId customer, std::uint16_t collection,
                                       RecordId record, std::uint64_t version, Time now) {
    CLOISTER_ASSIGN_OR_RETURN(const auto current, find_record(transaction, customer, collection, record));
    if (!current) return Error(ErrorCode::not_found, "no such record");
    if (current->version != version)
        return Error(ErrorCode::precondition_failed, "the record is at version " + std::to_string(current->version));
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("INSERT INTO history (customer, collection, record, version, created, replaced, sealed) "
                            "VALUES ($1, $2, $3, $4, $5, "
                            "$6, $7)",
                            {customer.bytes(), std::int64_t{collection}, record_bytes(record), sql(version),
                             to_unix_micros(current->updated), to_unix_micros(now), ByteView(current->sealed)}));
    return unpack_tokens(current->tokens);
}

}  // namespace

Result<void> migrate_tables(store::Database& data) { return data.migrate("records", kMigrations); }

Result<std::optional<CustomerRow>> find_customer(store::Snapshot& snapshot, CustomerId customer) {
    return snapshot.first("SELECT version, created, updated, state FROM customers WHERE customer = $1",
                          {customer.bytes()}, [](const store::Row& row) {
                              return CustomerRow{static_cast<std::uint64_t>(row.integer(0)),
                                                 from_unix_micros(row.integer(1)), from_unix_micros(row.integer(2)),
                                                 static_cast<CustomerState>(row.integer(3))};
                          });
}

Result<std::optional<RecordRow>> find_record(store::Snapshot& snapshot, CustomerId customer, std::uint16_t collection,
                                             RecordId record) {
    return snapshot.first(
        "SELECT collection, record, version, created, updated, sealed, tokens FROM records WHERE customer = $1 AND "
        "collection "
        "= $2 AND record = $3",
        {customer.bytes(), std::int64_t{collection}, record_bytes(record)}, record_row);
}

Result<std::vector<RecordRow>> list_records(store::Snapshot& snapshot, CustomerId customer, std::uint16_t collection,
                                            std::optional<RecordId> before, std::size_t limit) {
    std::vector<RecordRow> rows;
    const auto take = [&](const store::Row& row) {
        rows.push_back(record_row(row));
        return true;
    };
    if (before) {
        CLOISTER_RETURN_IF_ERROR(snapshot.query(
            "SELECT collection, record, version, created, updated, sealed, tokens FROM records WHERE customer = $1 AND "
            "collection = $2 AND record < $3 ORDER BY record DESC LIMIT $4",
            {customer.bytes(), std::int64_t{collection}, record_bytes(*before), sql(limit)}, take));
    } else {
        CLOISTER_RETURN_IF_ERROR(snapshot.query(
            "SELECT collection, record, version, created, updated, sealed, tokens FROM records WHERE customer = $1 AND "
            "collection = $2 ORDER BY record DESC LIMIT $3",
            {customer.bytes(), std::int64_t{collection}, sql(limit)}, take));
    }
    return rows;
}

Result<std::vector<RecordRow>> list_history(store::Snapshot& snapshot, CustomerId customer, std::uint16_t collection,
                                            RecordId record, std::size_t limit) {
    std::vector<RecordRow> rows;
    CLOISTER_RETURN_IF_ERROR(snapshot.query(
        "SELECT collection, record, version, created, replaced, sealed FROM history WHERE customer = $1 AND collection "
        "= $2 AND "
        "record = $3 ORDER BY version DESC LIMIT $4",
        {customer.bytes(), std::int64_t{collection}, record_bytes(record), sql(limit)}, [&](const store::Row& row) {
            RecordRow r;
            r.collection = static_cast<std::uint16_t>(row.integer(0));
            r.record = record_from(row.blob(1));
            r.version = static_cast<std::uint64_t>(row.integer(2));
            r.created = from_unix_micros(row.integer(3));
            r.updated = from_unix_micros(row.integer(4));
            r.sealed = to_bytes(row.blob(5));
            rows.push_back(std::move(r));
            return true;
        }));
    return rows;
}

Result<std::uint64_t> last_history_version(store::Snapshot& snapshot, CustomerId customer, std::uint16_t collection,
                                           RecordId record) {
    CLOISTER_ASSIGN_OR_RETURN(
        const auto version,
        snapshot.first("SELECT version FROM history WHERE customer = $1 AND collection = $2 AND record = $3 ORDER BY "
                       "version DESC LIMIT 1",
                       {customer.bytes(), std::int64_t{collection}, record_bytes(record)},
                       [](const store::Row& row) { return static_cast<std::uint64_t>(row.integer(0)); }));
    return version.value_or(0);
}

Result<void> insert_customer(store::Transaction& transaction, CustomerId customer, std::uint64_t version, Time now) {
    CLOISTER_RETURN_IF_ERROR(transaction.execute(
        "INSERT INTO customers (customer, version, created, updated, state) VALUES ($1, $2, $3, $3, 1)",
        {customer.bytes(), sql(version), to_unix_micros(now)}));
    return {};
}

Result<std::uint64_t> bump_customer(store::Transaction& transaction, CustomerId customer, std::uint64_t expected,
                                    Time now) {
    CLOISTER_ASSIGN_OR_RETURN(const auto current, find_customer(transaction, customer));
    if (!current || current->state != CustomerState::active) return Error(ErrorCode::not_found, "no such customer");
    if (expected != 0 && current->version != expected)
        return Error(ErrorCode::precondition_failed, "the customer is at version " + std::to_string(current->version));
    CLOISTER_RETURN_IF_ERROR(transaction.execute("UPDATE customers SET version = $2, updated = $3 WHERE customer = $1",
                                                 {customer.bytes(), sql(current->version + 1), to_unix_micros(now)}));
    return current->version + 1;
}

Result<void> insert_row(store::Transaction& transaction, CustomerId customer, const RecordRow& row) {
    CLOISTER_RETURN_IF_ERROR(transaction.execute(
        "INSERT INTO records (customer, collection, record, version, created, updated, sealed, tokens) VALUES ($1, $2, "
        "$3, $4, "
        "$5, $6, $7, $8)",
        {customer.bytes(), std::int64_t{row.collection}, record_bytes(row.record), sql(row.version),
         to_unix_micros(row.created), to_unix_micros(row.updated), ByteView(row.sealed), ByteView(row.tokens)}));
    return {};
}

Result<void> insert_record(store::Transaction& transaction, CustomerId customer, const RecordRow& row) {
    CLOISTER_RETURN_IF_ERROR(insert_row(transaction, customer, row));
    CLOISTER_ASSIGN_OR_RETURN(const auto tokens, unpack_tokens(row.tokens));
    for (const IndexToken& token : tokens)
        CLOISTER_RETURN_IF_ERROR(insert_index(transaction, customer, row.record, token));
    return {};
}

Result<void> replace_record(store::Transaction& transaction, CustomerId customer, const RecordRow& row) {
    CLOISTER_ASSIGN_OR_RETURN(const auto old,
                              retire(transaction, customer, row.collection, row.record, row.version - 1, row.updated));
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("UPDATE records SET version = $4, updated = $5, sealed = $6, tokens = $7 WHERE customer = "
                            "$1 AND collection = $2 AND "
                            "record = $3",
                            {customer.bytes(), std::int64_t{row.collection}, record_bytes(row.record), sql(row.version),
                             to_unix_micros(row.updated), ByteView(row.sealed), ByteView(row.tokens)}));
    CLOISTER_ASSIGN_OR_RETURN(const auto now, unpack_tokens(row.tokens));
    for (const IndexToken& token : old)
        if (!std::binary_search(now.begin(), now.end(), token))
            CLOISTER_RETURN_IF_ERROR(delete_index(transaction, customer, row.record, token));
    for (const IndexToken& token : now)
        if (!std::binary_search(old.begin(), old.end(), token))
            CLOISTER_RETURN_IF_ERROR(insert_index(transaction, customer, row.record, token));
    return {};
}

Result<void> remove_record(store::Transaction& transaction, CustomerId customer, std::uint16_t collection,
                           RecordId record, std::uint64_t version, Time now) {
    CLOISTER_ASSIGN_OR_RETURN(const auto old, retire(transaction, customer, collection, record, version, now));
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("DELETE FROM records WHERE customer = $1 AND collection = $2 AND record = $3",
                            {customer.bytes(), std::int64_t{collection}, record_bytes(record)}));
    for (const IndexToken& token : old) CLOISTER_RETURN_IF_ERROR(delete_index(transaction, customer, record, token));
    return {};
}

Result<void> insert_index(store::Transaction& transaction, CustomerId customer, RecordId record,
                          const IndexToken& token) {
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("INSERT INTO blind_index (slot, token, customer, record) VALUES ($1, $2, $3, $4)",
                            {std::int64_t{token.slot}, sql(token.token), customer.bytes(), record_bytes(record)}));
    return {};
}

Result<void> insert_index_if_missing(store::Transaction& transaction, CustomerId customer, RecordId record,
                                     const IndexToken& token) {
    CLOISTER_RETURN_IF_ERROR(transaction.execute(
        "INSERT INTO blind_index (slot, token, customer, record) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        {std::int64_t{token.slot}, sql(token.token), customer.bytes(), record_bytes(record)}));
    return {};
}

Result<void> delete_index(store::Transaction& transaction, CustomerId customer, RecordId record,
                          const IndexToken& token) {
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("DELETE FROM blind_index WHERE slot = $1 AND token = $2 AND customer = $3 AND record = $4",
                            {std::int64_t{token.slot}, sql(token.token), customer.bytes(), record_bytes(record)}));
    return {};
}

}  // namespace cloister::records
