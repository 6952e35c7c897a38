// The OpenAPI document, from the routes and their described types.
#include <cctype>
#include <set>

#include "api/route.h"
#include "api/routes.h"
#include "base/text.h"

namespace cloister::api {
namespace {

constexpr std::string_view kVersion = "0.1.0";

std::string parameter_name(std::string_view part) {
    part = part.substr(1, part.size() - 2);
    if (part.ends_with("...")) part.remove_suffix(3);
    return std::string(part);
}

json::object parameter(std::string_view in, std::string_view name, std::string_view description, bool required) {
    return {{"name", name},
            {"in", in},
            {"description", description},
            {"required", required},
            {"schema", json::object{{"type", "string"}}}};
}

std::string operation_id(const Route& route) {
    std::string id = to_lower_ascii(route.method);
    bool upper = true;
    for (const char c : std::string_view(route.pattern).substr(3)) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
            upper = true;
            continue;
        }
        id.push_back(upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c);
        upper = false;
    }
    return id;
}

json::object media(const std::string& type, const json::value& schema) {
    return {{type, json::object{{"schema", schema}}}};
}

json::object operation(const Route& route) {
    json::array parameters;
    for (const std::string_view part : split(std::string_view(route.pattern).substr(1), '/'))
        if (part.starts_with('{'))
            parameters.push_back(parameter("path", parameter_name(part), "Path parameter", true));
    for (const auto& [name, description] : route.doc.query)
        parameters.push_back(parameter("query", name, description, false));
    if (policy::needs_purpose(route.action)) {
        parameters.push_back(parameter("header", "Cloister-Purpose", "The registered purpose of this access", true));
        parameters.push_back(parameter("header", "Cloister-Reason", "Why, for example a ticket number", false));
    }
    if (route.doc.if_match) parameters.push_back(parameter("header", "If-Match", "The version this replaces", true));
    if (route.method != "GET")
        parameters.push_back(parameter("header", "Idempotency-Key", "Makes a repeated write safe", false));

    json::object success{{"description", "Success"}};
    if (!route.doc.response.is_null()) success["content"] = media(route.doc.response_type, route.doc.response);
    const json::object failure{{"$ref", "#/components/responses/Problem"}};
    json::object o{{"operationId", operation_id(route)},
                   {"summary", route.doc.summary},
                   {"description", "Action: " + std::string(to_string(route.action))},
                   {"parameters", std::move(parameters)},
                   {"responses", json::object{{std::to_string(route.doc.status), std::move(success)},
                                              {"400", failure},
                                              {"401", failure},
                                              {"403", failure},
                                              {"404", failure},
                                              {"429", failure},
                                              {"503", failure},
                                              {"507", failure}}}};
    if (!route.doc.request.is_null())
        o["requestBody"] =
            json::object{{"required", true}, {"content", media(route.doc.request_type, route.doc.request)}};
    return o;
}

std::string open_path(std::string pattern) {
    for (std::size_t at = pattern.find("...}"); at != std::string::npos; at = pattern.find("...}"))
        pattern.erase(at, 3);
    return pattern;
}

bool plain_scalar(std::string_view text) {
    if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
    static const std::set<std::string_view> kWords = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"};
    if (kWords.contains(to_lower_ascii(text))) return false;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-' && c != '.' && c != ' ' &&
            c != '/')
            return false;
    return text.back() != ' ';
}

std::string scalar(const json::value& value) {
    if (!value.is_string()) return json::serialize(value);
    const std::string_view text = value.as_string();
    return plain_scalar(text) ? std::string(text) : json::serialize(value);
}

// Block-style YAML of a JSON value: every JSON string is a valid double-quoted YAML scalar.
void write_yaml(const json::value& value, int indent, std::string& out) {
    const std::string pad(static_cast<std::size_t>(indent) * 2, ' ');
    const auto nested = [&](const json::value& child) {
        const bool empty =
            (child.is_object() && child.as_object().empty()) || (child.is_array() && child.as_array().empty());
        if (!child.is_object() && !child.is_array()) {
            out += " " + scalar(child) + "\n";
        } else if (empty) {
            out += child.is_object() ? " {}\n" : " []\n";
        } else {
            out += "\n";
            write_yaml(child, indent + 1, out);
        }
    };
    if (value.is_object()) {
        for (const auto& [key, child] : value.as_object()) {
            out += pad + (plain_scalar(key) ? std::string(key) : json::serialize(json::value(key))) + ":";
            nested(child);
        }
    } else {
        for (const json::value& child : value.as_array()) {
            out += pad + "-";
            nested(child);
        }
    }
}

json::object problem_schema() {
    const json::object text{{"type", "string"}};
    return {{"type", "object"},
            {"description", "RFC 9457 problem details"},
            {"properties",
             json::object{
                 {"type", text},
                 {"title", text},
                 {"status", json::object{{"type", "integer"}}},
                 {"detail", text},
                 {"request", text},
                 {"policy_version", json::object{{"type", "integer"}}},
                 {"errors",
                  json::object{{"type", "array"},
                               {"items", json::object{{"type", "object"},
                                                      {"properties", json::object{{"path", text}, {"reason", text}}},
                                                      {"required", json::array{"path", "reason"}}}}}}}},
            {"required", json::array{"type", "title", "status"}}};
}

}  // namespace

std::string openapi_yaml() {
    json::object paths;
    for (const Route& route : all_routes()) {
        json::value& path = paths[open_path(route.pattern)];
        if (path.is_null()) path = json::object{};
        path.as_object()[to_lower_ascii(route.method)] = operation(route);
    }
    const json::object document{
        {"openapi", "3.1.0"},
        {"info", json::object{{"title", "Cloister"},
                              {"version", kVersion},
                              {"description", "Customer information, opened by purpose."},
                              {"license", json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", json::array{json::object{{"url", "https://127.0.0.1:8443"}, {"description", "A local server"}}}},
        {"security", json::array{json::object{{"bearer", json::array{}}}}},
        {"paths", std::move(paths)},
        {"components",
         json::object{
             {"securitySchemes", json::object{{"bearer", json::object{{"type", "http"}, {"scheme", "bearer"}}}}},
             {"schemas", json::object{{"Problem", problem_schema()}}},
             {"responses",
              json::object{
                  {"Problem",
                   json::object{{"description", "Refused or failed"},
                                {"content", media("application/problem+json",
                                                  json::object{{"$ref", "#/components/schemas/Problem"}})}}}}}}}};
    std::string out = "# Made by `cloister openapi`; a test keeps it in step with the program.\n";
    write_yaml(document, 0, out);
    return out;
}

}  // namespace cloister::api
