// ImportOptions as JSON: the body of the API and the content of a mapping file (docs/import.md).
#include <algorithm>
#include <boost/json.hpp>

#include "base/text.h"
#include "records/imports.h"

namespace cloister::records {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxOptionsBytes = 256u << 10;
constexpr std::size_t kMaxShownName = 80;

class OptionsParser {
 public:
    explicit OptionsParser(std::vector<FieldProblem>& problems) : problems_(problems) {}

    ImportOptions parse(const json::object& object) {
        only(object, "",
             {"format", "label", "columns", "collection", "link", "duplicate_keys", "duplicates", "separator"});
        options_.format = text(object, "", "format").value_or("csv");
        if (options_.format != "csv" && options_.format != "jsonl") problem("format", "csv or jsonl");
        options_.label = text(object, "", "label").value_or("");
        options_.collection = text(object, "", "collection").value_or("");
        columns(object);
        link(object);
        duplicates(object);
        const std::string separator = text(object, "", "separator").value_or(",");
        if (separator.size() != 1 || std::string_view(",;|\t").find(separator[0]) == std::string_view::npos)
            problem("separator", "one of , ; | and tab");
        else
            options_.separator = separator[0];
        return std::move(options_);
    }

 private:
    void problem(std::string path, std::string reason) { problems_.push_back({std::move(path), std::move(reason)}); }

    void only(const json::object& object, const std::string& at, std::initializer_list<std::string_view> known) {
        for (const auto& member : object) {
            const std::string name(member.key());
            if (std::find(known.begin(), known.end(), name) != known.end()) continue;
            const std::string_view near = nearest(name, std::span(known.begin(), known.size()));
            problem(at + name.substr(0, kMaxShownName),
                    near.empty() ? "no such option" : "no such option, did you mean \"" + std::string(near) + "\"?");
        }
    }

    std::optional<std::string> text(const json::object& object, const std::string& at, std::string_view name) {
        const json::value* value = object.if_contains(name);
        if (value == nullptr || value->is_null()) return std::nullopt;
        if (const json::string* string = value->if_string()) return std::string(*string);
        problem(at + std::string(name), "must be a text");
        return std::nullopt;
    }

    void columns(const json::object& object) {
        const json::value* value = object.if_contains("columns");
        if (value == nullptr || value->is_null()) return;
        if (!value->is_object()) return problem("columns", "must be an object: column name -> field path");
        for (const auto& member : value->get_object()) {
            const std::string name(member.key());
            if (const json::string* field = member.value().if_string())
                options_.columns.emplace_back(name, std::string(*field));
            else if (!member.value().is_null())  // null: leave the column out
                problem("columns." + name.substr(0, kMaxShownName),
                        "must be a field path such as contact.mobile, or null");
        }
    }

    void link(const json::object& object) {
        const json::value* value = object.if_contains("link");
        if (value == nullptr || value->is_null()) return;
        if (!value->is_object()) return problem("link", "must be an object with column and field, or null");
        only(value->get_object(), "link.", {"column", "field"});
        options_.link_column = text(value->get_object(), "link.", "column").value_or("");
        options_.link_field = text(value->get_object(), "link.", "field").value_or("");
        if (options_.link_column.empty()) problem("link.column", "required: the column whose value names the customer");
        if (options_.link_field.empty()) problem("link.field", "required: the field it is looked up by");
    }

    void duplicates(const json::object& object) {
        if (const json::value* keys = object.if_contains("duplicate_keys"); keys != nullptr && !keys->is_null()) {
            if (!keys->is_array()) return problem("duplicate_keys", "must be a list of field paths");
            for (std::size_t i = 0; i < keys->get_array().size(); ++i) {
                if (const json::string* path = keys->get_array()[i].if_string())
                    options_.duplicate_keys.emplace_back(*path);
                else
                    problem("duplicate_keys[" + std::to_string(i) + "]", "must be a field path");
            }
        }
        const std::string policy = text(object, "", "duplicates").value_or("keep");
        if (policy == "report")
            options_.duplicates = DuplicatePolicy::report;
        else if (policy == "merge")
            options_.duplicates = DuplicatePolicy::merge;
        else if (policy != "keep")
            problem("duplicates", "keep, report or merge");
    }

    std::vector<FieldProblem>& problems_;
    ImportOptions options_;
};

std::string_view name_of(DuplicatePolicy policy) {
    switch (policy) {
        case DuplicatePolicy::keep: return "keep";
        case DuplicatePolicy::report: return "report";
        case DuplicatePolicy::merge: return "merge";
    }
    return "keep";
}

}  // namespace

Result<ImportOptions> parse_import_options(std::string_view text, std::vector<FieldProblem>& problems) {
    const std::size_t before = problems.size();
    ImportOptions options;
    json::error_code error;
    if (text.size() > kMaxOptionsBytes) {
        problems.push_back({"", "import options have at most 256 KiB"});
    } else if (const json::value value = json::parse(text, error); error) {
        problems.push_back({"", "not well-formed JSON: " + error.message()});
    } else if (!value.is_object()) {
        problems.push_back({"", "must be a JSON object"});
    } else {
        options = OptionsParser(problems).parse(value.get_object());
    }
    if (problems.size() == before) return options;
    const FieldProblem& first = problems[before];
    return Error(ErrorCode::invalid_argument, (first.path.empty() ? "" : first.path + ": ") + first.reason);
}

std::string to_json(const ImportOptions& options) {
    json::object object{{"format", options.format}};
    if (!options.label.empty()) object["label"] = options.label;
    if (!options.columns.empty()) {
        json::object columns;
        for (const auto& [column, field] : options.columns) columns[column] = field;
        object["columns"] = std::move(columns);
    }
    if (!options.collection.empty()) object["collection"] = options.collection;
    if (!options.link_column.empty())
        object["link"] = json::object{{"column", options.link_column}, {"field", options.link_field}};
    if (!options.duplicate_keys.empty())
        object["duplicate_keys"] = json::array(options.duplicate_keys.begin(), options.duplicate_keys.end());
    object["duplicates"] = name_of(options.duplicates);
    object["separator"] = std::string_view(&options.separator, 1);
    return json::serialize(object);
}

}  // namespace cloister::records
