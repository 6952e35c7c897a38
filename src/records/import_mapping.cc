#include "records/import_mapping.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.h"
#include "base/text.h"
#include "records/import_synonyms.h"

namespace cloister::records {
namespace {

constexpr std::size_t kMaxShownName = 80;
constexpr std::size_t kMaxLabel = 200;  // bytes

std::string shown(std::string_view name) { return std::string(name.substr(0, kMaxShownName)); }

Error first_of(const std::vector<FieldProblem>& problems, std::size_t before) {
    const FieldProblem& first = problems[before];
    return Error(ErrorCode::invalid_argument, first.path + ": " + first.reason);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
    const std::string near = nearest(std::string(word), candidates);
    return near.empty() ? "" : ", did you mean \"" + near + "\"?";
}

class OptionsCheck {
 public:
    OptionsCheck(const ImportOptions& options, const Schema& schema, std::vector<FieldProblem>& problems)
        : options_(options), schema_(schema), problems_(problems) {}

    void run() {
        if (options_.label.size() > kMaxLabel) problem("label", "at most 200 bytes");
        if (!is_valid_utf8(options_.label))
            problem("label", "not well-formed UTF-8");
        else if (datatypes::seems_personal(options_.label))
            problem("label", "seems to hold personal data");
        collection();
        columns();
        duplicates();
    }

 private:
    void problem(std::string path, std::string reason) { problems_.push_back({std::move(path), std::move(reason)}); }

    void collection() {
        if (options_.collection.empty()) {
            if (!options_.link_column.empty()) problem("link", "only with collection: rows of customers need none");
            return;
        }
        const Collection* found = schema_.find(options_.collection);
        if (found == nullptr || found->retired) {
            std::vector<std::string> names;
            for (const Collection& c : schema_.collections())
                if (!c.retired && c.many) names.push_back(c.name);
            return problem("collection", "no such collection" + did_you_mean(options_.collection, names));
        }
        if (!found->many)
            problem("collection",
                    "a customer has one record of this collection: import it together with the customers");
        if (options_.link_column.empty())
            return problem("link", "required with collection: the column that names the customer, and its field");
        exact_field("link.field", options_.link_field);
    }

    // The field must be there and have an exact index, or nothing can be looked up by it.
    void exact_field(const std::string& at, const std::string& path) {
        const Schema::Place place = schema_.place(path);
        if (place.field == nullptr) return problem(at, "no such field" + did_you_mean(path, schema_.paths()));
        if (place.field->index(IndexKind::exact) == nullptr) problem(at, "the field has no exact index");
    }

    void columns() {
        if (options_.columns.size() > kMaxMappedColumns) problem("columns", "at most 500 columns");
        std::set<std::string_view> fields;
        for (const auto& [column, path] : options_.columns) {
            const std::string at = "columns." + shown(column);
            const Schema::Place place = schema_.place(path);
            if (place.field == nullptr)
                problem(at, "no such field: " + shown(path) + did_you_mean(path, schema_.paths()));
            else if (!place.field->type->storable())
                problem(at, "a field of this type is never stored");
            else if (!options_.collection.empty() && place.collection->name != options_.collection)
                problem(at, "the field is not in collection " + shown(options_.collection));
            else if (!fields.insert(path).second)
                problem(at, "another column fills this field");
        }
    }

    void duplicates() {
        const bool looks = options_.duplicates != DuplicatePolicy::keep;
        if (!options_.collection.empty() && (looks || !options_.duplicate_keys.empty()))
            return problem("duplicates", "only for customers: records of a collection are always added");
        if (looks && options_.duplicate_keys.empty())
            problem("duplicate_keys", "required: fields that two rows of one customer share");
        if (options_.duplicate_keys.size() > 8) problem("duplicate_keys", "at most 8 fields");
        for (std::size_t i = 0; i < options_.duplicate_keys.size(); ++i) {
            const std::string at = "duplicate_keys[" + std::to_string(i) + "]";
            const std::string& path = options_.duplicate_keys[i];
            exact_field(at, path);
            if (const auto place = schema_.place(path); place.field != nullptr && place.collection->many)
                problem(at, "a customer has many of these");
            const bool mapped = std::any_of(options_.columns.begin(), options_.columns.end(),
                                            [&](const auto& column) { return column.second == path; });
            if (!options_.columns.empty() && !mapped) problem(at, "no column fills this field");
        }
    }

    const ImportOptions& options_;
    const Schema& schema_;
    std::vector<FieldProblem>& problems_;
};

std::string safe_name(const std::string& name, std::size_t index) {
    return name.size() > kMaxShownName || !is_valid_utf8(name) || datatypes::seems_personal(name)
               ? "column " + std::to_string(index + 1)
               : name;
}

// Lower case, half-width, without blanks and punctuation: "E-Mail (private)" and "email_private" are one word.
std::string word_of(std::string_view column) {
    const auto folded = datatypes::fold_text(column);
    if (!folded) return {};
    std::string word;
    for (const char c : to_lower_ascii(*folded))
        if (std::string_view(" _-./()[]:*#'\"").find(c) == std::string_view::npos) word.push_back(c);
    return word;
}

bool takes(const Collection& c, std::string_view collection) {
    return !c.retired && (collection.empty() ? !c.many : c.name == collection);
}

// A field of this word among the collections that rows fill.
std::string by_word(std::string_view word, const Schema& schema, std::string_view collection) {
    for (const Collection& c : schema.collections()) {
        if (!takes(c, collection)) continue;
        for (const FieldDef& field : c.fields)
            if (!field.retired && word_of(field.name) == word) return c.name + "." + field.name;
    }
    return {};
}

}  // namespace

Result<void> check_options(const ImportOptions& options, const Schema& schema, std::vector<FieldProblem>& problems) {
    const std::size_t before = problems.size();
    OptionsCheck(options, schema, problems).run();
    if (problems.size() != before) return first_of(problems, before);
    return {};
}

std::string guess_field(std::string_view column, const Schema& schema, std::string_view collection) {
    const Schema::Place exact = schema.place(column);
    if (exact.field != nullptr && (collection.empty() || exact.collection->name == collection))
        return std::string(column);
    const std::string word = word_of(column);
    if (word.empty()) return {};
    if (std::string path = by_word(word, schema, collection); !path.empty()) return path;
    for (const std::string_view field : synonyms(word))
        if (std::string path = by_word(word_of(field), schema, collection); !path.empty()) return path;
    return {};
}

Result<ColumnMap> map_columns(const ImportOptions& options, const Schema& schema,
                              const std::vector<std::string>& header, bool all_names_known,
                              std::vector<FieldProblem>& problems) {
    const std::size_t before = problems.size();
    const auto in_header = [&](const std::string& name) {
        return std::find(header.begin(), header.end(), name) != header.end();
    };
    std::size_t present = 0;
    for (const auto& [column, path] : options.columns) {
        if (in_header(column))
            ++present;
        else if (all_names_known)
            problems.push_back(
                {"columns." + shown(column), "the file has no such column" + did_you_mean(column, header)});
    }
    if (!options.columns.empty() && present == 0 && problems.size() == before)
        problems.push_back({"columns", "the file has none of these names"});
    if (!options.link_column.empty() && all_names_known && !in_header(options.link_column))
        problems.push_back({"link.column", "the file has no such column" + did_you_mean(options.link_column, header)});

    ColumnMap map;
    std::set<std::string> fields;
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < header.size(); ++i) {
        std::string path;
        const bool again = !header[i].empty() && !names.insert(header[i]).second;
        if (!options.columns.empty()) {
            const auto found = std::find_if(options.columns.begin(), options.columns.end(),
                                            [&](const auto& column) { return column.first == header[i]; });
            if (found != options.columns.end()) path = found->second;
        } else if (header[i] != options.link_column) {
            path = guess_field(header[i], schema, options.collection);
            const auto place = schema.place(path);
            if (place.field != nullptr && !place.field->type->storable()) path.clear();
            if (fields.size() >= kMaxMappedColumns) path.clear();
        }
        if (again && (!path.empty() || header[i] == options.link_column))
            problems.push_back({"columns." + shown(header[i]), "the file has two columns of this name"});
        if (!path.empty() && !fields.insert(path).second) path.clear();  // guessed twice: the first column wins
        const bool known = !path.empty() || header[i] == options.link_column;
        map.emplace_back(known ? header[i] : safe_name(header[i], i), std::move(path));
    }
    // Names that may still come (JSON Lines).
    if (!all_names_known)
        for (const auto& [column, path] : options.columns)
            if (!in_header(column)) map.emplace_back(column, path);
    const bool any = std::any_of(map.begin(), map.end(), [](const auto& column) { return !column.second.empty(); });
    if (!any && problems.size() == before)
        problems.push_back({"columns", "no column of the first line is the name of a field; give the mapping"});
    for (std::size_t i = 0; i < options.duplicate_keys.size(); ++i) {
        const bool filled = std::any_of(map.begin(), map.end(),
                                        [&](const auto& column) { return column.second == options.duplicate_keys[i]; });
        if (!filled && problems.size() == before)
            problems.push_back({"duplicate_keys[" + std::to_string(i) + "]", "no column fills this field"});
    }
    if (problems.size() != before) return first_of(problems, before);
    return map;
}

bool is_absent(std::string_view cell) {
    constexpr std::size_t kLongest = 7;
    const std::string_view text = trim(cell);
    if (text.empty()) return true;
    if (text.size() > kLongest) return false;
    if (text == "-" || text == "\\N" || text == "无") return true;
    const std::string lower = to_lower_ascii(text);
    return lower == "null" || lower == "n/a" || lower == "unknown";
}

}  // namespace cloister::records
