// The groups of routes, one file each. route.cc joins them.
#pragma once

#include "api/route.h"

namespace cloister::api {

void add_customer_routes(std::vector<Route>& routes);
void add_record_routes(std::vector<Route>& routes);
void add_bulk_routes(std::vector<Route>& routes);
void add_import_routes(std::vector<Route>& routes);
void add_rule_routes(std::vector<Route>& routes);
void add_token_routes(std::vector<Route>& routes);
void add_audit_routes(std::vector<Route>& routes);
void add_key_routes(std::vector<Route>& routes);

// Helpers that several groups share.
http::Response json_response(std::string body, int status = 200);
template <class T>
http::Response described(const T& value, int status = 200) {
    return json_response(json::serialize(to_json(value)), status);
}
// `fields=a,b` of the query.
records::Selection selection_of(const Context& context);
// If-Match: "7" or "*" (gives 0). A problem is noted and nothing given when it is missing or malformed.
std::optional<std::uint64_t> if_match(const Context& context);
// A whole number in the query, or `fallback`; a problem is noted for anything else.
std::optional<std::uint64_t> number_in_query(const Context& context, std::string_view name, std::uint64_t fallback);
std::string etag(std::uint64_t version);
// Completion of a write with one receipt: `status` and {"id", "version", ...}, or the failure.
records::Written answer_write(Answer answer, int status);

// Schema-dependent bodies in the OpenAPI document.
json::value customer_schema();
json::value record_schema();

}  // namespace cloister::api
