#include "api/routes.h"

#include <charconv>

#include "api/types.h"
#include "base/text.h"

namespace cloister::api {

std::vector<Route> all_routes() {
    std::vector<Route> routes;
    add_customer_routes(routes);
    add_record_routes(routes);
    add_bulk_routes(routes);
    add_import_routes(routes);
    add_rule_routes(routes);
    add_token_routes(routes);
    add_audit_routes(routes);
    add_key_routes(routes);
    return routes;
}

http::Response json_response(std::string body, int status) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

records::Selection selection_of(const Context& context) {
    records::Selection selection;
    const std::string_view fields = context.query_value("fields");
    if (fields.empty()) return selection;
    for (const std::string_view path : split(fields, ',')) selection.paths.emplace_back(trim(path));
    return selection;
}

std::string etag(std::uint64_t version) { return "\"" + std::to_string(version) + "\""; }

std::optional<std::uint64_t> if_match(const Context& context) {
    std::string_view header = trim(context.request.header("if-match"));
    if (header == "*") return 0;
    if (header.size() > 2 && header.front() == '"' && header.back() == '"')
        header = header.substr(1, header.size() - 2);
    std::uint64_t version = 0;
    const auto [end, ec] = std::from_chars(header.data(), header.data() + header.size(), version);
    if (ec == std::errc() && end == header.data() + header.size() && version > 0) return version;
    context.call->problems.push_back({"If-Match", "the version you read, as in the ETag header, or * for any"});
    return std::nullopt;
}

std::optional<std::uint64_t> number_in_query(const Context& context, std::string_view name, std::uint64_t fallback) {
    const std::string_view text = context.query_value(name);
    if (text.empty()) return fallback;
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec == std::errc() && end == text.data() + text.size()) return value;
    context.call->problems.push_back({std::string(name), "must be a whole number"});
    return std::nullopt;
}

records::Written answer_write(Answer answer, int status) {
    return [answer = std::move(answer), status](Result<std::vector<records::Receipt>> receipts) {
        if (!receipts) {
            // Failed before or in its commit; a refusal's audit entry is on disk already.
            return answer.fail_now(receipts.error());
        }
        const records::Receipt& receipt = receipts->front();
        WrittenBody body{receipt.customer.to_string(), receipt.version, std::nullopt, std::nullopt};
        if (receipt.record) {
            body.record = receipt.record->to_string();
            body.record_version = receipt.record_version;
        }
        http::Response response = described(body, status);
        response.headers.emplace_back("ETag", etag(receipt.record ? receipt.record_version : receipt.version));
        if (receipt.replayed) response.headers.emplace_back("Idempotent-Replayed", "true");
        answer.now(std::move(response));
    };
}

json::value customer_schema() {
    return json::object{
        {"type", "object"},
        {"description",
         "One member per collection of the vault's schema (GET .../schema): an object for collections of one, an "
         "array of objects for collections of many."},
        {"additionalProperties", true}};
}

json::value record_schema() {
    return json::object{{"type", "object"},
                        {"description", "The fields of one collection, as the vault's schema (GET .../schema) says."},
                        {"additionalProperties", true}};
}

}  // namespace cloister::api
