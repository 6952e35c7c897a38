#include "audit/entry.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace cloister::audit {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kFormatVersion = 1;
constexpr char kHexDigits[] = "0123456789abcdef";

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Writes members straight into one buffer: an entry is written for every read of customer data, so this is on the hot
// path.
class Writer {
 public:
    explicit Writer(std::size_t expected) { out_.reserve(expected); }

    void raw(std::string_view text) { out_.append(text); }
    template <class Int>
    void number(Int value) {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        out_.append(digits.data(), end);
    }
    void string(std::string_view text) {
        out_.push_back('"');
        if (std::all_of(text.begin(), text.end(), is_plain)) {
            out_.append(text);
        } else {
            escaped(text);
        }
        out_.push_back('"');
    }
    void uuid(ByteView id) {
        out_.push_back('"');
        for (std::size_t i = 0; i < id.size(); ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10) out_.push_back('-');
            const auto byte = std::to_integer<unsigned>(id[i]);
            out_.push_back(kHexDigits[byte >> 4]);
            out_.push_back(kHexDigits[byte & 15]);
        }
        out_.push_back('"');
    }
    void member(std::string_view comma_and_name, std::string_view value) {
        if (value.empty()) return;
        raw(comma_and_name);
        string(value);
    }
    void pairs(std::string_view comma_and_name, const Pairs& pairs) {
        if (pairs.empty()) return;
        raw(comma_and_name);
        char before = '{';
        for (const auto& [name, value] : pairs) {
            out_.push_back(before);
            string(name);
            out_.push_back(':');
            string(value);
            before = ',';
        }
        out_.push_back('}');
    }

    bool valid() const { return valid_; }
    const std::string& text() const { return out_; }

 private:
    static bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }
    void escaped(std::string_view text) {
        valid_ = valid_ && is_valid_utf8(text);
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                out_.push_back('\\');
                out_.push_back(c);
            } else if (byte < 0x20) {
                out_.append("\\u00");
                out_.push_back(kHexDigits[byte >> 4]);
                out_.push_back(kHexDigits[byte & 15]);
            } else {
                out_.push_back(c);
            }
        }
    }

    std::string out_;
    bool valid_ = true;
};

void write_change(Writer& out, const RecordChange& change) {
    out.raw("{\"customer\":");
    out.uuid(change.customer.bytes());
    out.raw(",\"collection\":");
    out.number(change.collection);
    out.raw(",\"record\":");
    out.uuid(change.record.bytes());
    out.raw(",\"version\":");
    out.number(change.version);
    if (change.deleted) {
        out.raw(",\"deleted\":true}");
    } else {
        out.raw(",\"digest\":\"");
        out.raw(base64_encode(change.digest));
        out.raw("\"}");
    }
}

void write_entry(Writer& out, const Entry& entry) {
    out.raw("{\"v\":");
    out.number(kFormatVersion);
    out.raw(",\"t\":");
    out.number(to_unix_micros(entry.time));
    out.member(",\"actor\":", entry.actor);
    out.member(",\"token\":", entry.token);
    out.member(",\"origin\":", entry.origin);
    out.member(",\"request\":", entry.request);
    out.member(",\"action\":", entry.action);
    if (!entry.customers.empty()) {
        out.raw(",\"customers\":");
        std::string_view before = "[";
        for (const CustomerId& customer : entry.customers) {
            out.raw(before);
            out.uuid(customer.bytes());
            before = ",";
        }
        out.raw("]");
    }
    out.pairs(",\"fields\":", entry.fields);
    out.member(",\"purpose\":", entry.purpose);
    out.member(",\"reason\":", entry.reason);
    out.member(",\"decision\":", entry.decision);
    out.member(",\"problem\":", entry.problem);
    if (entry.policy_version != 0) {
        out.raw(",\"policy\":");
        out.number(entry.policy_version);
    }
    if (!entry.changes.empty()) {
        out.raw(",\"changes\":");
        std::string_view before = "[";
        for (const RecordChange& change : entry.changes) {
            out.raw(before);
            write_change(out, change);
            before = ",";
        }
        out.raw("]");
    }
    out.pairs(",\"details\":", entry.details);
    out.raw("}");
}

std::size_t expected_size(const Entry& entry) {
    return 512 + entry.customers.size() * 40 + entry.changes.size() * 200 +
           (entry.fields.size() + entry.details.size()) * 40;
}

// A name twice in one JSON object would be read as one.
bool has_repeated_name(const Pairs& pairs) {
    for (std::size_t i = 1; i < pairs.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (pairs[i].first == pairs[j].first) return true;
    return false;
}

Error malformed(std::string_view what) { return Error(ErrorCode::corrupt, "audit entry: " + std::string(what)); }

Result<std::string> read_string(const json::value& value) {
    const json::string* text = value.if_string();
    if (text == nullptr) return malformed("a member is not a string");
    return std::string(text->data(), text->size());
}

template <class Int>
Result<Int> read_number(const json::value& value) {
    boost::system::error_code error;
    const Int number = value.is_double() ? Int{} : value.to_number<Int>(error);
    if (error || value.is_double()) return malformed("a member is not a whole number of its range");
    return number;
}

template <class Id>
Result<Id> read_id(const json::value& value) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, read_string(value));
    return Id::parse(text);
}

Result<Pairs> read_pairs(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) return malformed("a member is not an object");
    Pairs pairs;
    pairs.reserve(object->size());
    for (const auto& member : *object) {
        CLOISTER_ASSIGN_OR_RETURN(std::string text, read_string(member.value()));
        pairs.emplace_back(std::string(member.key()), std::move(text));
    }
    return pairs;
}

Result<std::vector<CustomerId>> read_customers(const json::value& value) {
    const json::array* array = value.if_array();
    if (array == nullptr) return malformed("customers is not an array");
    std::vector<CustomerId> customers;
    customers.reserve(array->size());
    for (const json::value& element : *array) {
        CLOISTER_ASSIGN_OR_RETURN(const CustomerId customer, read_id<CustomerId>(element));
        customers.push_back(customer);
    }
    return customers;
}

Result<void> read_change_member(std::string_view name, const json::value& value, RecordChange& change) {
    if (name == "customer") {
        CLOISTER_ASSIGN_OR_RETURN(change.customer, read_id<CustomerId>(value));
    } else if (name == "collection") {
        CLOISTER_ASSIGN_OR_RETURN(change.collection, read_number<std::uint16_t>(value));
    } else if (name == "record") {
        CLOISTER_ASSIGN_OR_RETURN(change.record, read_id<RecordId>(value));
    } else if (name == "version") {
        CLOISTER_ASSIGN_OR_RETURN(change.version, read_number<std::uint64_t>(value));
    } else if (name == "deleted") {
        change.deleted = value.is_bool() && value.get_bool();
    } else if (name == "digest") {
        CLOISTER_ASSIGN_OR_RETURN(const std::string text, read_string(value));
        const auto bytes = base64_decode(text);
        if (!bytes || bytes->size() != change.digest.size()) return malformed("a digest is not the base64 of 32 bytes");
        std::copy(bytes->begin(), bytes->end(), change.digest.begin());
    } else {
        return malformed("unknown member of a change");
    }
    return {};
}

Result<std::vector<RecordChange>> read_changes(const json::value& value) {
    const json::array* array = value.if_array();
    if (array == nullptr) return malformed("changes is not an array");
    std::vector<RecordChange> changes;
    changes.reserve(array->size());
    for (const json::value& element : *array) {
        const json::object* object = element.if_object();
        if (object == nullptr) return malformed("a change is not an object");
        RecordChange change;
        for (const auto& member : *object)
            CLOISTER_RETURN_IF_ERROR(read_change_member(member.key(), member.value(), change));
        changes.push_back(change);
    }
    return changes;
}

struct StringMember {
    std::string_view name;
    std::string Entry::* member;
};
constexpr StringMember kStringMembers[] = {
    {"actor", &Entry::actor},     {"token", &Entry::token},       {"origin", &Entry::origin},
    {"request", &Entry::request}, {"action", &Entry::action},     {"purpose", &Entry::purpose},
    {"reason", &Entry::reason},   {"decision", &Entry::decision}, {"problem", &Entry::problem},
};

Result<void> read_member(std::string_view name, const json::value& value, Entry& entry) {
    for (const StringMember& known : kStringMembers) {
        if (known.name != name) continue;
        CLOISTER_ASSIGN_OR_RETURN(entry.*known.member, read_string(value));
        return {};
    }
    if (name == "v") {
        CLOISTER_ASSIGN_OR_RETURN(const auto version, read_number<std::uint64_t>(value));
        if (version != kFormatVersion) return Error(ErrorCode::unsupported, "audit entry: of a newer format");
    } else if (name == "t") {
        CLOISTER_ASSIGN_OR_RETURN(const auto micros, read_number<std::int64_t>(value));
        entry.time = from_unix_micros(micros);
    } else if (name == "customers") {
        CLOISTER_ASSIGN_OR_RETURN(entry.customers, read_customers(value));
    } else if (name == "fields") {
        CLOISTER_ASSIGN_OR_RETURN(entry.fields, read_pairs(value));
    } else if (name == "policy") {
        CLOISTER_ASSIGN_OR_RETURN(entry.policy_version, read_number<std::uint64_t>(value));
    } else if (name == "changes") {
        CLOISTER_ASSIGN_OR_RETURN(entry.changes, read_changes(value));
    } else if (name == "details") {
        CLOISTER_ASSIGN_OR_RETURN(entry.details, read_pairs(value));
    } else {
        return malformed("unknown member");
    }
    return {};
}

}  // namespace

Result<Bytes> encode(const Entry& entry) {
    if (has_repeated_name(entry.fields) || has_repeated_name(entry.details))
        return Error(ErrorCode::invalid_argument, "audit entry: a field or detail is named twice");
    Writer out(expected_size(entry));
    write_entry(out, entry);
    if (!out.valid()) return Error(ErrorCode::invalid_argument, "audit entry: a text is not UTF-8");
    if (out.text().size() > kMaxEntryBytes) return Error(ErrorCode::too_large, "audit entry: longer than 65,535 bytes");
    return to_bytes(out.text());
}

Result<Entry> decode(ByteView bytes) {
    if (bytes.size() > kMaxEntryBytes) return malformed("longer than 65,535 bytes");
    std::array<unsigned char, 8192> scratch;
    json::monotonic_resource memory(scratch.data(), scratch.size());
    boost::system::error_code error;
    const json::value parsed = json::parse(as_text(bytes), error, &memory);
    if (error || !parsed.is_object()) return malformed("not a JSON object");
    Entry entry;
    for (const auto& member : parsed.get_object())
        CLOISTER_RETURN_IF_ERROR(read_member(member.key(), member.value(), entry));
    // Exactly one spelling of an entry is accepted: what encode() writes. This refuses blanks, other orders of members,
    // repeated and empty ones, and other escapes at one stroke.
    Writer again(bytes.size() + 64);
    write_entry(again, entry);
    if (again.text() != as_text(bytes)) return malformed("not in the canonical form");
    return entry;
}

}  // namespace cloister::audit
