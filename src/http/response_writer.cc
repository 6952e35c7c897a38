#include "http/response_writer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/assert.h"

namespace cloister::http {
namespace {

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool is_one_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

bool same_name(std::string_view a, std::string_view lower) {
    if (a.size() != lower.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
        if (c != lower[i]) return false;
    }
    return true;
}

bool is_ours(std::string_view name) {
    for (const std::string_view ours : {"content-length", "transfer-encoding", "connection", "date", "content-type"})
        if (same_name(name, ours)) return true;
    return false;
}

void append_number(std::string& to, std::size_t number) {
    char digits[20];
    to.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

bool may_have_body(int status) { return status != 204 && status != 304; }

}  // namespace

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 411: return "Length Required";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 422: return "Unprocessable Content";
        case 428: return "Precondition Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return status < 400 ? "Other" : "Error";
    }
}

Response plain_problem(int status) {
    Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body = R"({"type":"about:blank","title":")";
    response.body += reason_phrase(status);
    response.body += R"(","status":)";
    append_number(response.body, static_cast<std::size_t>(status));
    response.body += '}';
    return response;
}

bool is_well_formed(const Response& response) {
    if (response.status < 200 || response.status > 599 || !is_one_line(response.content_type)) return false;
    return std::all_of(response.headers.begin(), response.headers.end(),
                       [](const auto& header) { return is_token(header.first) && is_one_line(header.second); });
}

// RFC 9110 section 5.6.7, formatted once a second.
std::string_view ResponseWriter::date() {
    const std::time_t now = std::time(nullptr);
    if (now != date_second_) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        date_length_ = std::strftime(date_, sizeof date_, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        date_second_ = now;
    }
    return {date_, date_length_};
}

void ResponseWriter::append(std::string& to, const Response& response, const ResponseContext& context) {
    const bool body_allowed = may_have_body(response.status);
    to.reserve(to.size() + 320 + (context.is_head ? 0 : response.body.size()));
    to += "HTTP/1.1 ";
    append_number(to, static_cast<std::size_t>(response.status));
    to += ' ';
    to += reason_phrase(response.status);
    to += "\r\nDate: ";
    to += date();
    if (body_allowed) {
        if (!response.content_type.empty()) to.append("\r\nContent-Type: ").append(response.content_type);
        to += "\r\nContent-Length: ";
        append_number(to, response.body.size());
    }
    bool has_cache_control = false;
    for (const auto& [name, value] : response.headers) {
        if (is_ours(name)) continue;
        has_cache_control = has_cache_control || same_name(name, "cache-control");
        to.append("\r\n").append(name).append(": ").append(value);
    }
    if (!has_cache_control) to += "\r\nCache-Control: no-store";
    to += "\r\nX-Content-Type-Options: nosniff";
    if (context.tls) to += "\r\nStrict-Transport-Security: max-age=31536000";
    if (context.close) to += "\r\nConnection: close";
    to += "\r\n\r\n";
    if (body_allowed && !context.is_head) to += response.body;
}

}  // namespace cloister::http
