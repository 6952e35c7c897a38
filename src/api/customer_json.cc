#include "api/customer_json.h"

#include "base/text.h"

namespace cloister::api {
namespace {

using records::Collection;
using records::FieldDef;

std::string known_names(const std::string& name, const std::vector<std::string>& known) {
    const std::string close = nearest(name, known);
    return close.empty() ? "" : ", did you mean \"" + close + "\"?";
}

// The text of a JSON value as the field's type will read it; a problem when the JSON type cannot be meant.
std::optional<std::string> text_of(const json::value& value, const FieldDef& field, const std::string& at,
                                   Problems& problems) {
    using datatypes::Shape;
    const Shape shape = field.type->shape();
    const auto wrong = [&](std::string reason) {
        problems.push_back({at, std::move(reason)});
        return std::nullopt;
    };
    switch (shape) {
        case Shape::boolean:
            if (value.is_bool()) return value.as_bool() ? "true" : "false";
            if (value.is_string()) return std::string(value.as_string());
            return wrong("must be true or false");
        case Shape::integer:
            if (value.is_int64()) return std::to_string(value.as_int64());
            if (value.is_string()) return std::string(value.as_string());
            return wrong("must be a whole number");
        case Shape::decimal:
            if (value.is_int64()) return std::to_string(value.as_int64());
            if (value.is_string()) return std::string(value.as_string());
            return wrong("must be a string such as \"12.50\": binary fractions lose cents");
        case Shape::tags: {
            if (value.is_string()) return std::string(value.as_string());
            if (!value.is_array()) return wrong("must be an array of strings");
            std::string joined;
            for (const json::value& tag : value.as_array()) {
                if (!tag.is_string()) return wrong("must be an array of strings");
                joined += (joined.empty() ? "" : ",") + std::string(tag.as_string());
            }
            return joined;
        }
        case Shape::text:
        case Shape::date:
        case Shape::time:
            if (value.is_string()) return std::string(value.as_string());
            return wrong("must be a string");
    }
    return std::nullopt;
}

void append_value(std::string& to, const records::FieldView& field) {
    using datatypes::Shape;
    const std::string_view text = field.text.reveal();
    const bool plain = field.effect == policy::Effect::clear;
    const Shape shape = field.field->type->shape();
    if (plain && (shape == Shape::integer || shape == Shape::boolean)) {
        to.append(text);  // canonical text of both is its JSON form
    } else if (plain && shape == Shape::tags) {
        to.push_back('[');
        bool first = true;
        if (!text.empty())
            for (const std::string_view tag : split(text, ',')) {
                if (!first) to.push_back(',');
                first = false;
                append_json(to, tag);
            }
        to.push_back(']');
    } else {
        append_json(to, text);
    }
}

void append_fields(std::string& to, const records::RecordView& record) {
    bool first = to.back() == '{';
    for (const records::FieldView& field : record.fields) {
        if (!first) to.push_back(',');
        first = false;
        append_json(to, field.field->name);
        to.push_back(':');
        append_value(to, field);
    }
}

void append_many(std::string& to, const records::RecordView& record) {
    to.append("{\"record\":");
    append_json(to, record.record.to_string());
    to.append(",\"version\":" + std::to_string(record.version));
    append_fields(to, record);
    to.push_back('}');
}

void append_tail(std::string& to, const records::CustomerView& view, std::uint64_t policy_version) {
    if (!view.effects.empty()) {
        to.append(",\"effects\":{");
        bool first = true;
        for (const auto& [path, effect] : view.effects) {
            if (!first) to.push_back(',');
            first = false;
            append_json(to, path);
            to.push_back(':');
            append_json(to, to_string(effect));
        }
        to.push_back('}');
    }
    to.append(",\"policy_version\":" + std::to_string(policy_version) + "}");
}

}  // namespace

records::InputRecord read_record(const json::value& body, const std::string& at, bool merge,
                                 const Collection& collection, Problems& problems) {
    records::InputRecord record;
    record.collection = &collection;
    record.path = at;
    if (!body.is_object()) {
        problems.push_back({at, "must be an object"});
        return record;
    }
    for (const auto& [key, value] : body.as_object()) {
        const std::string path = internal::join(at, std::string_view(key).substr(0, 60));
        const FieldDef* field = collection.find(std::string_view(key));
        if (field == nullptr || field->retired) {
            std::vector<std::string> names;
            for (const FieldDef& f : collection.fields) names.push_back(f.name);
            problems.push_back({path, "no such field" + known_names(std::string(key), names)});
        } else if (value.is_null()) {
            if (merge)
                record.fields.push_back({field, std::nullopt});
            else
                problems.push_back({path, "null: leave the member out"});
        } else if (auto text = text_of(value, *field, path, problems)) {
            record.fields.push_back({field, std::move(text)});
        }
    }
    return record;
}

records::InputCustomer read_customer(const json::value& body, const std::string& at, bool merge,
                                     std::shared_ptr<const records::Schema> schema, Problems& problems) {
    records::InputCustomer customer;
    customer.schema = schema;
    if (!body.is_object()) {
        problems.push_back({at, "must be an object"});
        return customer;
    }
    for (const auto& [key, value] : body.as_object()) {
        const std::string path = internal::join(at, std::string_view(key).substr(0, 60));
        if (key == "id" && !at.empty()) continue;  // batch items name their customer; read by the route
        const Collection* collection = schema->find(std::string_view(key));
        if (collection == nullptr || collection->retired) {
            std::vector<std::string> names;
            for (const Collection& c : schema->collections()) names.push_back(c.name);
            problems.push_back({path, "no such collection" + known_names(std::string(key), names)});
        } else if (!collection->many) {
            customer.records.push_back(read_record(value, path, merge, *collection, problems));
        } else if (!value.is_array()) {
            problems.push_back({path, "must be an array: a customer has many of these"});
        } else if (merge) {
            problems.push_back({path, "change records of this collection by their own route"});
        } else {
            for (std::size_t i = 0; i < value.as_array().size(); ++i)
                customer.records.push_back(read_record(value.as_array()[i], path + "[" + std::to_string(i) + "]", merge,
                                                       *collection, problems));
        }
    }
    return customer;
}

void append_customer(std::string& to, const records::CustomerView& view, std::uint64_t policy_version) {
    to.append("{\"id\":");
    append_json(to, view.customer.to_string());
    to.append(",\"version\":" + std::to_string(view.version));
    std::string more;
    for (const records::CollectionView& part : view.collections) {
        if (part.records.empty()) continue;
        to.push_back(',');
        append_json(to, part.collection->name);
        to.push_back(':');
        if (!part.collection->many) {
            to.push_back('{');
            append_fields(to, part.records.front());
            to.push_back('}');
            continue;
        }
        to.push_back('[');
        for (std::size_t i = 0; i < part.records.size(); ++i) {
            if (i > 0) to.push_back(',');
            append_many(to, part.records[i]);
        }
        to.push_back(']');
        if (part.more) {
            if (!more.empty()) more.push_back(',');
            append_json(more, part.collection->name);
        }
    }
    if (!more.empty()) to.append(",\"more\":[" + more + "]");
    append_tail(to, view, policy_version);
}

std::string write_customer(const records::CustomerView& view, std::uint64_t policy_version) {
    std::string body;
    body.reserve(1024);
    append_customer(body, view, policy_version);
    return body;
}

std::string write_record(const records::CustomerView& view, std::uint64_t policy_version) {
    const records::RecordView& record = view.collections.front().records.front();
    std::string body = "{\"id\":";
    append_json(body, view.customer.to_string());
    body.append(",\"record\":");
    append_json(body, record.record.to_string());
    body.append(",\"version\":" + std::to_string(record.version));
    append_fields(body, record);
    append_tail(body, view, policy_version);
    return body;
}

std::string write_records(const records::CustomerView& view, std::uint64_t policy_version) {
    const records::CollectionView& part = view.collections.front();
    std::string body = "{\"id\":";
    append_json(body, view.customer.to_string());
    body.append(",\"records\":[");
    for (std::size_t i = 0; i < part.records.size(); ++i) {
        if (i > 0) body.push_back(',');
        append_many(body, part.records[i]);
    }
    body.push_back(']');
    if (part.more) {
        body.append(",\"next\":");
        append_json(body, part.records.back().record.to_string());
    }
    append_tail(body, view, policy_version);
    return body;
}

}  // namespace cloister::api
