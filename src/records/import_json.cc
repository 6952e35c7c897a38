#include "records/import_json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

#include "records/csv.h"

namespace cloister::records {
namespace {

namespace json = boost::json;
using ErrorCodeRef = json::error_code&;

// Collects members while Boost.JSON reads; returning false stops it, `problem` says why.
struct Handler {
    static constexpr std::size_t max_object_size = kMaxCells;
    static constexpr std::size_t max_array_size = 10'000;
    static constexpr std::size_t max_key_size = 512;
    static constexpr std::size_t max_string_size = kMaxRowBytes;

    std::vector<FlatJson::Member> members;
    std::vector<std::string> path;  // names of the open objects' current members
    std::string text;               // of the string, key or number being read
    std::string list;               // of the array being read
    int objects = 0;
    bool in_array = false;
    bool list_empty = true;
    std::string_view problem;

    void reset() {
        members.clear();
        path.clear();
        text.clear();
        objects = 0;
        in_array = false;
        problem = {};
    }
    bool fail(std::string_view why) {
        problem = why;
        return false;
    }
    bool on_document_begin(ErrorCodeRef) { return true; }
    bool on_document_end(ErrorCodeRef) { return true; }
    bool on_object_begin(ErrorCodeRef) {
        if (in_array) return fail("an object inside an array");
        if (++objects > 2) return fail("objects are nested too deeply");
        return true;
    }
    bool on_object_end(std::size_t, ErrorCodeRef) {
        --objects;
        if (!path.empty()) path.pop_back();
        return true;
    }
    bool on_array_begin(ErrorCodeRef) {
        if (objects == 0) return fail("not a JSON object");
        if (in_array) return fail("an array inside an array");
        in_array = true;
        list_empty = true;
        list.clear();
        return true;
    }
    bool on_array_end(std::size_t, ErrorCodeRef) {
        in_array = false;
        text.swap(list);
        return value();
    }
    bool on_key_part(json::string_view part, std::size_t, ErrorCodeRef) {
        text.append(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, ErrorCodeRef) {
        text.append(part);
        if (text.find('\0') != std::string::npos) return fail("a NUL byte");
        path.push_back(std::move(text));
        text.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, ErrorCodeRef) {
        text.append(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, ErrorCodeRef) {
        text.append(part);
        return value();
    }
    bool on_number_part(json::string_view part, ErrorCodeRef) {
        text.append(part);
        return true;
    }
    bool on_int64(std::int64_t, json::string_view part, ErrorCodeRef) { return number(part); }
    bool on_uint64(std::uint64_t, json::string_view part, ErrorCodeRef) { return number(part); }
    bool on_double(double, json::string_view part, ErrorCodeRef) { return number(part); }
    bool on_bool(bool truth, ErrorCodeRef) {
        text = truth ? "true" : "false";
        return value();
    }
    bool on_null(ErrorCodeRef) {
        if (objects == 0) return fail("not a JSON object");
        if (!in_array) path.pop_back();
        return true;
    }
    bool on_comment_part(json::string_view, ErrorCodeRef) { return true; }
    bool on_comment(json::string_view, ErrorCodeRef) { return true; }

 private:
    bool number(json::string_view part) {
        text.append(part);
        return value();
    }
    bool value() {
        if (objects == 0) return fail("not a JSON object");
        if (text.find('\0') != std::string::npos) return fail("a NUL byte");
        if (in_array) {
            if (!list_empty) list.push_back(',');
            list_empty = false;
            list += text;
            text.clear();
            return true;
        }
        std::string name = path.size() > 1 ? path[0] + "." + path[1] : path[0];
        path.pop_back();
        if (members.size() >= kMaxCells) return fail("more than 1000 columns");
        members.push_back({std::move(name), std::move(text)});
        text.clear();
        return true;
    }
};

}  // namespace

struct FlatJson::Parser {
    Parser() : parser(json::parse_options{}) {}
    json::basic_parser<Handler> parser;
    std::vector<std::string_view> names;
};

FlatJson::FlatJson() : parser_(std::make_unique<Parser>()) {}
FlatJson::~FlatJson() = default;

const std::vector<FlatJson::Member>& FlatJson::members() const { return parser_->parser.handler().members; }

std::string_view FlatJson::parse(std::string_view text) {
    auto& parser = parser_->parser;
    Handler& handler = parser.handler();
    parser.reset();
    handler.reset();
    json::error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (!handler.problem.empty()) return handler.problem;
    if (error || text.find_first_not_of(" \t\r", read) != std::string_view::npos) return "not one JSON object";
    auto& names = parser_->names;
    names.clear();
    for (const Member& member : handler.members) names.push_back(member.name);
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) return "a name is given twice";
    return {};
}

}  // namespace cloister::records
