#include "records/schema.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/text.h"

namespace cloister::records {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxCollections = 64;  // a row per customer packs one key for each
constexpr std::size_t kMaxFields = 200;
constexpr std::size_t kMaxDocumentBytes = 512 * 1024;
constexpr std::string_view kFormat = "cloister-schema/1";
constexpr std::string_view kKinds[] = {"basic", "contact", "transaction", "preference", "feedback"};
constexpr std::string_view kIndexNames[] = {"exact", "prefix", "suffix", "ngram", "bucket"};

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > 40 || text.front() < 'a' || text.front() > 'z') return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

Error bad(const std::string& where, std::string_view what) {
    return Error(ErrorCode::invalid_argument, where + ": " + std::string(what));
}

int default_size(IndexKind kind) {
    switch (kind) {
        case IndexKind::exact: return 0;
        case IndexKind::prefix: return 3;
        case IndexKind::suffix: return 4;
        case IndexKind::ngram: return 2;
        case IndexKind::bucket: return 12;
    }
    return 0;
}

// Bits from the reasoning in docs/threat-model.md: wide enough that an answer is found quickly among ten million
// customers, narrow enough that several values share a token where few values exist.
int default_bits(IndexKind kind) {
    switch (kind) {
        case IndexKind::exact: return 24;
        case IndexKind::prefix: return 14;
        case IndexKind::suffix: return 14;
        case IndexKind::ngram: return 14;
        case IndexKind::bucket: return 12;
    }
    return 24;
}

}  // namespace

std::string_view to_string(IndexKind kind) { return kIndexNames[static_cast<std::size_t>(kind)]; }

std::optional<IndexKind> parse_index_kind(std::string_view name) {
    for (std::size_t i = 0; i < std::size(kIndexNames); ++i)
        if (kIndexNames[i] == name) return static_cast<IndexKind>(i);
    return std::nullopt;
}

const IndexDef* FieldDef::index(IndexKind kind) const {
    for (const IndexDef& def : indexes)
        if (def.kind == kind) return &def;
    return nullptr;
}

const FieldDef* Collection::find(std::string_view field) const {
    for (const FieldDef& def : fields)
        if (def.name == field) return &def;
    return nullptr;
}

const FieldDef* Collection::find(std::uint16_t field_number) const {
    for (const FieldDef& def : fields)
        if (def.number == field_number) return &def;
    return nullptr;
}

const Collection* Schema::find(std::string_view collection) const {
    for (const Collection& def : collections_)
        if (def.name == collection) return &def;
    return nullptr;
}

const Collection* Schema::find(std::uint16_t number) const {
    for (const Collection& def : collections_)
        if (def.number == number) return &def;
    return nullptr;
}

Schema::Place Schema::place(std::string_view path) const {
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos) return {};
    const Collection* collection = find(path.substr(0, dot));
    if (collection == nullptr || collection->retired) return {};
    const FieldDef* field = collection->find(path.substr(dot + 1));
    if (field == nullptr || field->retired) return {};
    return {collection, field};
}

std::vector<std::string> Schema::paths() const {
    std::vector<std::string> all;
    for (const Collection& collection : collections_) {
        if (collection.retired) continue;
        for (const FieldDef& field : collection.fields)
            if (!field.retired) all.push_back(collection.name + "." + field.name);
    }
    return all;
}

std::vector<std::uint16_t> Schema::live_collections() const {
    std::vector<std::uint16_t> numbers;
    for (const Collection& collection : collections_)
        if (!collection.retired) numbers.push_back(collection.number);
    return numbers;
}

bool Schema::same_indexes(const Schema& next) const {
    for (const Collection& collection : collections_) {
        const Collection* later = next.find(collection.number);
        for (const FieldDef& field : collection.fields) {
            const FieldDef* same = later == nullptr ? nullptr : later->find(field.number);
            if (same == nullptr) return false;
            const auto shape = [](const FieldDef& f) {
                std::vector<std::tuple<IndexKind, std::uint16_t, int, int>> shapes;
                for (const IndexDef& index : f.indexes)
                    shapes.emplace_back(index.kind, index.slot, index.bits, index.size);
                std::sort(shapes.begin(), shapes.end());
                return shapes;
            };
            if (shape(field) != shape(*same)) return false;
        }
    }
    return true;
}

std::string Schema::document() const {
    json::array collections;
    for (const Collection& collection : collections_) {
        json::array fields;
        for (const FieldDef& field : collection.fields) {
            json::object f{
                {"name", field.name}, {"number", field.number}, {"type", field.type->key()}, {"grade", field.grade}};
            if (field.required) f["required"] = true;
            if (field.retired) f["retired"] = true;
            json::array indexes;
            for (const IndexDef& index : field.indexes) {
                json::object i{{"kind", to_string(index.kind)}, {"slot", index.slot}, {"bits", index.bits}};
                if (index.size != 0) i["size"] = index.size;
                indexes.push_back(std::move(i));
            }
            if (!indexes.empty()) f["indexes"] = std::move(indexes);
            fields.push_back(std::move(f));
        }
        json::object c{{"name", collection.name},   {"number", collection.number}, {"kind", collection.kind},
                       {"title", collection.title}, {"many", collection.many},     {"fields", std::move(fields)}};
        if (collection.retired) c["retired"] = true;
        collections.push_back(std::move(c));
    }
    return json::serialize(
        json::object{{"format", kFormat}, {"next_slot", next_slot_}, {"collections", std::move(collections)}});
}

// One parse of one document; keeps the place it is at for messages.
class SchemaParser {
 public:
    // `stored`: numbers in the text count; otherwise they are the server's to give and what the text says is ignored.
    SchemaParser(Schema& schema, const Schema* previous, bool stored)
        : schema_(schema), previous_(previous), stored_(stored) {
        if (previous_ != nullptr) {
            schema_.next_collection_ = previous_->next_collection_;
            schema_.next_slot_ = previous_->next_slot_;
        }
    }

    Result<void> run(const json::value& root) {
        CLOISTER_RETURN_IF_ERROR(known_members(root, "schema", {"format", "next_slot", "collections"}));
        const json::value* format = root.as_object().if_contains("format");
        if (format == nullptr || !format->is_string() || format->as_string() != kFormat)
            return bad("format", "must be \"cloister-schema/1\"");
        const json::value* collections = root.as_object().if_contains("collections");
        if (collections == nullptr || !collections->is_array()) return bad("collections", "must be an array");
        const json::array& list = collections->as_array();
        if (list.empty() || list.size() > kMaxCollections) return bad("collections", "1 to 64 collections");
        for (std::size_t i = 0; i < list.size(); ++i)
            CLOISTER_RETURN_IF_ERROR(collection(list[i], "collections[" + std::to_string(i) + "]"));
        if (stored_) {
            CLOISTER_ASSIGN_OR_RETURN(const int slot, number(root.as_object(), "next_slot", "schema", 1, 1, 65'535));
            schema_.next_slot_ = static_cast<std::uint16_t>(slot);
        }
        return nothing_lost();
    }

 private:
    static Result<void> known_members(const json::value& value, const std::string& where,
                                      std::initializer_list<std::string_view> known) {
        if (!value.is_object()) return bad(where, "must be an object");
        for (const auto& [key, ignored] : value.as_object()) {
            if (std::find(known.begin(), known.end(), std::string_view(key)) != known.end()) continue;
            const std::string_view close = nearest(key, std::span(known.begin(), known.size()));
            return bad(where, "unknown member \"" + std::string(key) + "\"" +
                                  (close.empty() ? "" : ", did you mean \"" + std::string(close) + "\"?"));
        }
        return {};
    }

    static Result<std::string> text(const json::object& object, std::string_view key, const std::string& where,
                                    std::string fallback) {
        const json::value* value = object.if_contains(key);
        if (value == nullptr) return fallback;
        if (!value->is_string()) return bad(where + "." + std::string(key), "must be a string");
        return std::string(value->as_string());
    }
    static Result<bool> flag(const json::object& object, std::string_view key, const std::string& where) {
        const json::value* value = object.if_contains(key);
        if (value == nullptr) return false;
        if (!value->is_bool()) return bad(where + "." + std::string(key), "must be true or false");
        return value->as_bool();
    }
    static Result<int> number(const json::object& object, std::string_view key, const std::string& where, int fallback,
                              int low, int high) {
        const json::value* value = object.if_contains(key);
        if (value == nullptr) return fallback;
        const std::string range = "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high);
        if (!value->is_int64() || value->as_int64() < low || value->as_int64() > high)
            return bad(where + "." + std::string(key), range);
        return static_cast<int>(value->as_int64());
    }

    static Result<std::uint16_t> stored_number(const json::object& object, std::string_view key,
                                               const std::string& where) {
        CLOISTER_ASSIGN_OR_RETURN(const int n, number(object, key, where, 0, 1, 65'000));
        if (n == 0) return bad(where + "." + std::string(key), "missing");
        return static_cast<std::uint16_t>(n);
    }

    Result<void> collection(const json::value& value, const std::string& where) {
        CLOISTER_RETURN_IF_ERROR(
            known_members(value, where, {"name", "number", "kind", "title", "many", "retired", "fields"}));
        const json::object& object = value.as_object();
        Collection c;
        CLOISTER_ASSIGN_OR_RETURN(c.name, text(object, "name", where, ""));
        if (!is_name(c.name))
            return bad(where + ".name", "lower-case letters, digits and _, starting with a letter, at most 40");
        if (schema_.find(c.name) != nullptr) return bad(where + ".name", "used twice");
        CLOISTER_ASSIGN_OR_RETURN(c.kind, text(object, "kind", where, c.name));
        if (std::find(std::begin(kKinds), std::end(kKinds), c.kind) == std::end(kKinds))
            return bad(where + ".kind", "one of basic, contact, transaction, preference, feedback");
        CLOISTER_ASSIGN_OR_RETURN(c.title, text(object, "title", where, c.name));
        CLOISTER_ASSIGN_OR_RETURN(c.many, flag(object, "many", where));
        CLOISTER_ASSIGN_OR_RETURN(c.retired, flag(object, "retired", where));

        const Collection* before = previous_ == nullptr ? nullptr : previous_->find(c.name);
        if (stored_) {
            CLOISTER_ASSIGN_OR_RETURN(c.number, stored_number(object, "number", where));
            schema_.next_collection_ =
                std::max<std::uint16_t>(schema_.next_collection_, static_cast<std::uint16_t>(c.number + 1));
        } else {
            c.number = before != nullptr ? before->number : schema_.next_collection_++;
        }
        if (before != nullptr && before->many != c.many)
            return bad(where + ".many", "cannot change: records are stored by it");

        const json::value* fields = object.if_contains("fields");
        if (fields == nullptr || !fields->is_array()) return bad(where + ".fields", "must be an array");
        const json::array& list = fields->as_array();
        if (list.empty() || list.size() > kMaxFields) return bad(where + ".fields", "1 to 200 fields");
        std::uint16_t next_field = 1;
        if (before != nullptr)
            for (const FieldDef& f : before->fields)
                next_field = std::max<std::uint16_t>(next_field, static_cast<std::uint16_t>(f.number + 1));
        for (std::size_t i = 0; i < list.size(); ++i)
            CLOISTER_RETURN_IF_ERROR(
                field(list[i], where + ".fields[" + std::to_string(i) + "]", c, before, next_field));
        schema_.collections_.push_back(std::move(c));
        return {};
    }

    Result<void> field(const json::value& value, const std::string& where, Collection& c, const Collection* before,
                       std::uint16_t& next_field) {
        CLOISTER_RETURN_IF_ERROR(
            known_members(value, where, {"name", "number", "type", "grade", "required", "retired", "indexes"}));
        const json::object& object = value.as_object();
        FieldDef f;
        CLOISTER_ASSIGN_OR_RETURN(f.name, text(object, "name", where, ""));
        if (!is_name(f.name))
            return bad(where + ".name", "lower-case letters, digits and _, starting with a letter, at most 40");
        if (f.name == "record" || f.name == "version") return bad(where + ".name", "reserved");
        if (c.find(f.name) != nullptr) return bad(where + ".name", "used twice");
        CLOISTER_ASSIGN_OR_RETURN(const std::string type, text(object, "type", where, ""));
        f.type = datatypes::find_type(type);
        if (f.type == nullptr) return unknown_type(where, type);
        if (!f.type->storable()) return bad(where + ".type", "must not be stored at all");
        CLOISTER_ASSIGN_OR_RETURN(f.grade, number(object, "grade", where, f.type->default_grade(), 1, 4));
        CLOISTER_ASSIGN_OR_RETURN(f.required, flag(object, "required", where));
        CLOISTER_ASSIGN_OR_RETURN(f.retired, flag(object, "retired", where));

        const FieldDef* old = before == nullptr ? nullptr : before->find(f.name);
        if (old != nullptr && old->type != f.type)
            return bad(where + ".type", "cannot change: add a field and retire this one");
        if (stored_) {
            CLOISTER_ASSIGN_OR_RETURN(f.number, stored_number(object, "number", where));
        } else {
            f.number = old != nullptr ? old->number : next_field++;
        }
        if (const json::value* indexes = object.if_contains("indexes")) {
            if (!indexes->is_array() || indexes->as_array().size() > 5)
                return bad(where + ".indexes", "an array of at most 5");
            for (std::size_t i = 0; i < indexes->as_array().size(); ++i)
                CLOISTER_RETURN_IF_ERROR(
                    index(indexes->as_array()[i], where + ".indexes[" + std::to_string(i) + "]", f, old));
        }
        c.fields.push_back(std::move(f));
        return {};
    }

    Result<void> index(const json::value& value, const std::string& where, FieldDef& f, const FieldDef* old) {
        CLOISTER_RETURN_IF_ERROR(known_members(value, where, {"kind", "slot", "bits", "size"}));
        const json::object& object = value.as_object();
        CLOISTER_ASSIGN_OR_RETURN(const std::string kind, text(object, "kind", where, ""));
        const auto parsed = parse_index_kind(kind);
        if (!parsed) return bad(where + ".kind", "one of exact, prefix, suffix, ngram, bucket");
        if (f.index(*parsed) != nullptr) return bad(where + ".kind", "this field has that index already");
        IndexDef def;
        def.kind = *parsed;
        CLOISTER_ASSIGN_OR_RETURN(def.bits, number(object, "bits", where, default_bits(def.kind), 8, 48));
        const int high = def.kind == IndexKind::bucket ? 1'000'000 : def.kind == IndexKind::ngram ? 3 : 8;
        const int low = def.kind == IndexKind::exact ? 0 : def.kind == IndexKind::bucket ? 1 : 2;
        CLOISTER_ASSIGN_OR_RETURN(def.size, number(object, "size", where, default_size(def.kind), low, high));
        const IndexDef* same = old == nullptr ? nullptr : old->index(def.kind);
        const bool unchanged = same != nullptr && same->bits == def.bits && same->size == def.size;
        if (stored_) {
            CLOISTER_ASSIGN_OR_RETURN(def.slot, stored_number(object, "slot", where));
        } else {
            def.slot = unchanged ? same->slot : schema_.next_slot_++;
        }
        f.indexes.push_back(def);
        return {};
    }

    static Error unknown_type(const std::string& where, const std::string& type) {
        std::vector<std::string> keys;
        for (const datatypes::DataType* known : datatypes::all_types()) keys.emplace_back(known->key());
        const std::string close = nearest(type, keys);
        return bad(where + ".type", "no such type" + (close.empty() ? "" : ", did you mean \"" + close + "\"?"));
    }

    Result<void> nothing_lost() const {
        if (previous_ == nullptr) return {};
        for (const Collection& old : previous_->collections_) {
            const Collection* now = schema_.find(old.name);
            if (now == nullptr) return bad("collections", "\"" + old.name + "\" is missing: mark it retired instead");
            for (const FieldDef& field : old.fields)
                if (now->find(field.name) == nullptr)
                    return bad("collections",
                               "\"" + old.name + "." + field.name + "\" is missing: mark it retired instead");
        }
        return {};
    }

    Schema& schema_;
    const Schema* previous_;
    bool stored_;
};

namespace {

Result<json::value> parse_json(std::string_view text) {
    if (text.size() > kMaxDocumentBytes) return Error(ErrorCode::too_large, "a schema has at most 512 KiB");
    boost::system::error_code ec;
    json::value root = json::parse(text, ec);
    if (ec) return bad("schema", "not well-formed JSON");
    return root;
}

}  // namespace

Result<std::shared_ptr<const Schema>> Schema::parse(std::string_view text, std::uint64_t version,
                                                    const Schema* previous) {
    CLOISTER_ASSIGN_OR_RETURN(const json::value root, parse_json(text));
    auto schema = std::make_shared<Schema>();
    schema->version_ = version;
    CLOISTER_RETURN_IF_ERROR(SchemaParser(*schema, previous, false).run(root));
    return std::shared_ptr<const Schema>(std::move(schema));
}

Result<std::shared_ptr<const Schema>> Schema::load(std::string_view text, std::uint64_t version) {
    const auto root = parse_json(text);
    if (!root)
        return Error(ErrorCode::corrupt, "stored schema " + std::to_string(version) + ": " + root.error().detail());
    auto schema = std::make_shared<Schema>();
    schema->version_ = version;
    if (const auto parsed = SchemaParser(*schema, nullptr, true).run(*root); !parsed)
        return Error(ErrorCode::corrupt, "stored schema " + std::to_string(version) + ": " + parsed.error().detail());
    return std::shared_ptr<const Schema>(std::move(schema));
}

}  // namespace cloister::records
