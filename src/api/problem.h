// Errors on the wire: RFC 9457 problem details. Each ErrorCode has one status, each denial one problem type.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/server.h"
#include "records/call.h"

namespace cloister::api {

int status_of(ErrorCode code);
// "urn:cloister:problem:<name>"; names are listed in docs/problems.md.
std::string type_uri(std::string_view name);

// The answer for a failed call: what policy denied, which members are wrong, or what else happened.
http::Response problem(const records::Call& call, const Error& error);
// The answer for a failure before there was a call.
http::Response problem(int status, std::string_view name, std::string_view title, std::string_view detail,
                       std::string_view request = {});

}  // namespace cloister::api
