// Types described once: from a Boost.Describe description come the parser with the path of the wrong member, the
// serialiser, and the schema in the OpenAPI document.
//
// A described struct may hold std::string, bool, 64-bit integers, double, std::optional, std::vector, other described
// structs and boost::json::value (anything). A member without std::optional is required, unless the struct gives it a
// default and lists it in `static constexpr auto kOptional = {"name", ...}`.
//
// Threads  Pure functions.
#pragma once

#include <algorithm>
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/text.h"
#include "records/call.h"

namespace cloister::api {

namespace json = boost::json;
using Problems = std::vector<records::FieldProblem>;

// Parses a body: well-formed JSON, at most 32 levels deep, UTF-8. The problem's path is empty.
std::optional<json::value> parse_body(std::string_view body, Problems& problems);
// Appends `text` as a JSON string.
void append_json(std::string& to, std::string_view text);

namespace internal {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
constexpr bool kDescribed = boost::describe::has_describe_members<T>::value;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

template <class T>
bool may_be_missing(std::string_view name) {
    if constexpr (requires { T::kOptional; }) {
        for (const std::string_view optional : T::kOptional)
            if (optional == name) return true;
    }
    return false;
}

inline std::string join(const std::string& path, std::string_view member) {
    return path.empty() ? std::string(member) : path + "." + std::string(member);
}

}  // namespace internal

// Reads `value` into `out`; what is wrong is appended to `problems` with its path. True when nothing was.
template <class T>
bool read_json(const json::value& value, const std::string& path, T& out, Problems& problems) {
    const auto wrong = [&](std::string reason) {
        problems.push_back({path, std::move(reason)});
        return false;
    };
    if constexpr (std::is_same_v<T, json::value>) {
        out = value;
        return true;
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!value.is_string()) return wrong("must be a string");
        out = std::string(value.as_string());
        return true;
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!value.is_bool()) return wrong("must be true or false");
        out = value.as_bool();
        return true;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
        if (!value.is_int64()) return wrong("must be a whole number");
        out = value.as_int64();
        return true;
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
        if (!value.is_int64() || value.as_int64() < 0) return wrong("must be a whole number, zero or more");
        out = static_cast<std::uint64_t>(value.as_int64());
        return true;
    } else if constexpr (internal::IsOptional<T>::value) {
        if (value.is_null()) {
            out.reset();
            return true;
        }
        return read_json(value, path, out.emplace(), problems);
    } else if constexpr (internal::IsVector<T>::value) {
        if (!value.is_array()) return wrong("must be an array");
        bool good = true;
        for (std::size_t i = 0; i < value.as_array().size(); ++i)
            good = read_json(value.as_array()[i], path + "[" + std::to_string(i) + "]", out.emplace_back(), problems) &&
                   good;
        return good;
    } else {
        static_assert(internal::kDescribed<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
        if (!value.is_object()) return wrong("must be an object");
        const json::object& object = value.as_object();
        bool good = true;
        std::vector<std::string> known;
        boost::mp11::mp_for_each<internal::Members<T>>([&](auto member) {
            using M = std::remove_cvref_t<decltype(out.*member.pointer)>;
            known.emplace_back(member.name);
            const json::value* found = object.if_contains(member.name);
            if (found != nullptr) {
                good = read_json(*found, internal::join(path, member.name), out.*member.pointer, problems) && good;
            } else if (!internal::IsOptional<M>::value && !internal::may_be_missing<T>(member.name)) {
                problems.push_back({internal::join(path, member.name), "missing"});
                good = false;
            }
        });
        for (const auto& [key, ignored] : object) {
            if (std::find(known.begin(), known.end(), std::string_view(key)) != known.end()) continue;
            const std::string close = nearest(key, known);
            problems.push_back({internal::join(path, std::string_view(key).substr(0, 60)),
                                "unknown member" + (close.empty() ? "" : ", did you mean \"" + close + "\"?")});
            good = false;
        }
        return good;
    }
}

template <class T>
json::value to_json(const T& value) {
    if constexpr (std::is_same_v<T, json::value> || std::is_arithmetic_v<T>) {
        return json::value(value);
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
        return json::value(std::string_view(value));
    } else if constexpr (internal::IsOptional<T>::value) {
        return value ? to_json(*value) : json::value(nullptr);
    } else if constexpr (internal::IsVector<T>::value) {
        json::array list;
        for (const auto& item : value) list.push_back(to_json(item));
        return list;
    } else {
        static_assert(internal::kDescribed<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
        json::object object;
        boost::mp11::mp_for_each<internal::Members<T>>([&](auto member) {
            json::value item = to_json(value.*member.pointer);
            if (!item.is_null()) object[member.name] = std::move(item);
        });
        return object;
    }
}

// The OpenAPI 3.1 schema of a type.
template <class T>
json::value schema_of() {
    if constexpr (std::is_same_v<T, json::value>) {
        return json::object{};
    } else if constexpr (std::is_same_v<T, std::string>) {
        return json::object{{"type", "string"}};
    } else if constexpr (std::is_same_v<T, bool>) {
        return json::object{{"type", "boolean"}};
    } else if constexpr (std::is_same_v<T, double>) {
        return json::object{{"type", "number"}};
    } else if constexpr (std::is_integral_v<T>) {
        json::object o{{"type", "integer"}, {"format", "int64"}};
        if constexpr (std::is_unsigned_v<T>) o["minimum"] = 0;
        return o;
    } else if constexpr (internal::IsOptional<T>::value) {
        return schema_of<typename T::value_type>();
    } else if constexpr (internal::IsVector<T>::value) {
        return json::object{{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
    } else {
        static_assert(internal::kDescribed<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
        json::object properties;
        json::array required;
        boost::mp11::mp_for_each<internal::Members<T>>([&](auto member) {
            using M = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
            properties[member.name] = schema_of<M>();
            if (!internal::IsOptional<M>::value && !internal::may_be_missing<T>(member.name))
                required.emplace_back(member.name);
        });
        json::object o{{"type", "object"}, {"properties", std::move(properties)}};
        if (!required.empty()) o["required"] = std::move(required);
        o["additionalProperties"] = false;
        return o;
    }
}

}  // namespace cloister::api
