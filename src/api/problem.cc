#include "api/problem.h"

#include <boost/json.hpp>

namespace cloister::api {
namespace {

namespace json = boost::json;

std::string_view title_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return "The request is not valid";
        case ErrorCode::not_found: return "Not found";
        case ErrorCode::already_exists: return "Exists already";
        case ErrorCode::conflict: return "Conflicts with the present state";
        case ErrorCode::precondition_failed: return "The version has changed";
        case ErrorCode::unauthenticated: return "No valid credential";
        case ErrorCode::forbidden: return "Not permitted";
        case ErrorCode::rate_limited: return "Too many requests for this purpose";
        case ErrorCode::too_large: return "Too large";
        case ErrorCode::storage_full: return "The server has no room left";
        case ErrorCode::unavailable: return "Not available now";
        case ErrorCode::corrupt: return "Stored data is damaged";
        case ErrorCode::wrong_key: return "Wrong key";
        case ErrorCode::unsupported: return "Not supported";
        case ErrorCode::cancelled: return "Cancelled";
        case ErrorCode::internal: return "Internal error";
    }
    return "Error";
}

std::string kebab(std::string_view name) {
    std::string text(name);
    for (char& c : text)
        if (c == '_') c = '-';
    return text;
}

// Details of failures inside the server are for its log, not for callers.
bool detail_is_public(ErrorCode code) {
    return code != ErrorCode::corrupt && code != ErrorCode::internal && code != ErrorCode::wrong_key;
}

}  // namespace

int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return 400;
        case ErrorCode::not_found: return 404;
        case ErrorCode::already_exists:
        case ErrorCode::conflict: return 409;
        case ErrorCode::precondition_failed: return 412;
        case ErrorCode::unauthenticated: return 401;
        case ErrorCode::forbidden: return 403;
        case ErrorCode::rate_limited: return 429;
        case ErrorCode::too_large: return 413;
        case ErrorCode::storage_full: return 507;
        case ErrorCode::unavailable:
        case ErrorCode::cancelled: return 503;
        case ErrorCode::unsupported: return 415;
        case ErrorCode::corrupt:
        case ErrorCode::wrong_key:
        case ErrorCode::internal: return 500;
    }
    return 500;
}

std::string type_uri(std::string_view name) { return "urn:cloister:problem:" + kebab(name); }

http::Response problem(const records::Call& call, const Error& error) {
    json::object body;
    const bool denied = call.denial != policy::Denial::none;
    const bool bad_reason = call.denial == policy::Denial::reason_missing ||
                            call.denial == policy::Denial::reason_unfit ||
                            call.denial == policy::Denial::purpose_missing;
    const int status = denied && bad_reason ? 403 : status_of(error.code());
    body["type"] = type_uri(denied ? to_string(call.denial) : to_string(error.code()));
    body["title"] = title_of(error.code());
    body["status"] = status;
    if (denied)
        body["detail"] = call.explanation;
    else if (detail_is_public(error.code()) && !error.detail().empty())
        body["detail"] = error.detail();
    if (!call.problems.empty()) {
        json::array errors;
        for (const records::FieldProblem& p : call.problems) {
            errors.push_back(json::object{{"path", p.path}, {"reason", p.reason}});
            if (errors.size() == 100) break;
        }
        body["errors"] = std::move(errors);
    }
    if (call.policy_version != 0) body["policy_version"] = call.policy_version;
    if (!call.request.empty()) body["request"] = call.request;
    http::Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (status == 503 || status == 507) response.headers.emplace_back("Retry-After", "5");
    response.body = json::serialize(body);
    return response;
}

http::Response problem(int status, std::string_view name, std::string_view title, std::string_view detail,
                       std::string_view request) {
    json::object body{{"type", type_uri(name)}, {"title", title}, {"status", status}};
    if (!detail.empty()) body["detail"] = detail;
    if (!request.empty()) body["request"] = request;
    http::Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    response.body = json::serialize(body);
    return response;
}

}  // namespace cloister::api
