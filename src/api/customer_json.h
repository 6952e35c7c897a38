// Customers and records between JSON and the schema's fields.
//
// Threads  Pure functions over immutable schemas.
#pragma once

#include <memory>
#include <string>

#include "api/json.h"
#include "records/records.h"

namespace cloister::api {

// {"basic": {...}, "transaction": [{...}]} into input. Unknown collections and members and wrong JSON types become
// problems with their path (below `at`); values are checked later, by the data types. In a patch (`merge`), null
// removes a field.
records::InputCustomer read_customer(const json::value& body, const std::string& at, bool merge,
                                     std::shared_ptr<const records::Schema> schema, Problems& problems);
// {"order_no": "...", ...} of one collection.
records::InputRecord read_record(const json::value& body, const std::string& at, bool merge,
                                 const records::Collection& collection, Problems& problems);

// {"id", "version", "basic": {...}, "transaction": [{"record", "version", ...}], "effects": {...}, "policy_version"}
std::string write_customer(const records::CustomerView& view, std::uint64_t policy_version);
void append_customer(std::string& to, const records::CustomerView& view, std::uint64_t policy_version);
// One record with its own effects; for the record routes.
std::string write_record(const records::CustomerView& view, std::uint64_t policy_version);
// {"records": [...], "next": "..."}
std::string write_records(const records::CustomerView& view, std::uint64_t policy_version);

}  // namespace cloister::api
