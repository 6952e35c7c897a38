// Whatever a caller sends as a body: it is read or it is refused with problems, and reading ends.
#include <cstddef>
#include <cstdint>

#include "api/customer_json.h"
#include "api/types.h"
#include "records/schema.h"

namespace {

using namespace cloister;

template <class T>
void read_as(const api::json::value& body) {
    api::Problems problems;
    T out{};
    if (api::read_json(body, "", out, problems) != problems.empty()) __builtin_trap();
    if (problems.empty() && !api::to_json(out).is_object()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto schema = records::Schema::parse(records::default_schema(), 1, nullptr).value();
    api::Problems problems;
    const auto body = api::parse_body({reinterpret_cast<const char*>(data), size}, problems);
    if (body.has_value() != problems.empty()) __builtin_trap();
    if (!body) return 0;
    read_as<api::SearchBody>(*body);
    read_as<api::BatchReadBody>(*body);
    read_as<api::BatchWriteBody>(*body);
    read_as<api::ExplainBody>(*body);
    read_as<api::NewTokenBody>(*body);
    for (const bool merge : {false, true}) {
        static_cast<void>(api::read_customer(*body, "", merge, schema, problems));
        for (const records::Collection& collection : schema->collections())
            static_cast<void>(api::read_record(*body, "x", merge, collection, problems));
    }
    return 0;
}
