// The schema of a vault: its collections, their fields, and how each is graded and indexed. Data, not code: it changes
// through the API while the server runs, in numbered versions that are kept.
//
// Numbers of collections, fields and index slots are given once and never used again, because sealed records and blind
// indexes carry them. A field or collection is retired, not removed: what was sealed stays readable in history.
//
// Threads  A Schema is immutable; any thread may read it.
// Format   docs/formats.md, "Schema document"
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "datatypes/datatype.h"

namespace cloister::records {

// How a field can be searched. Values reach disk by name. What each leaks: docs/threat-model.md, "Blind indexes".
enum class IndexKind : std::uint8_t { exact, prefix, suffix, ngram, bucket };
std::string_view to_string(IndexKind kind);
std::optional<IndexKind> parse_index_kind(std::string_view name);

struct IndexDef {
    IndexKind kind = IndexKind::exact;
    std::uint16_t slot = 0;  // stable number of this index within the vault
    int bits = 24;           // leftmost bits of the MAC that are kept, 8..48
    // prefix, suffix: code points (3..8); ngram: code points of a gram (2..3); bucket: months for dates and times, else
    // the width of a range in whole units.
    int size = 0;
};

struct FieldDef {
    std::string name;
    std::uint16_t number = 0;
    const datatypes::DataType* type = nullptr;
    int grade = 2;
    bool required = false;
    bool retired = false;
    std::vector<IndexDef> indexes;

    const IndexDef* index(IndexKind kind) const;
};

struct Collection {
    std::string name;
    std::uint16_t number = 0;
    std::string kind;  // basic, contact, transaction, preference or feedback
    std::string title;
    bool many = false;  // several records per customer
    bool retired = false;
    std::vector<FieldDef> fields;

    const FieldDef* find(std::string_view field) const;
    const FieldDef* find(std::uint16_t number) const;
};

class Schema {
 public:
    // Parses and validates a document. With `previous`, things keep the numbers they had, new ones get the next; what
    // would break stored records (a changed type, a removed field, `many` turned round) is refused. invalid_argument
    // names the member, e.g. "collections[1].fields[3].type: no such type, did you mean ...".
    static Result<std::shared_ptr<const Schema>> parse(std::string_view json, std::uint64_t version,
                                                       const Schema* previous);

    // A document that document() wrote: the numbers in it are taken as they are. corrupt when it is not one.
    static Result<std::shared_ptr<const Schema>> load(std::string_view json, std::uint64_t version);

    std::uint64_t version() const { return version_; }
    // The document with all numbers filled in.
    std::string document() const;
    const std::vector<Collection>& collections() const { return collections_; }
    const Collection* find(std::string_view collection) const;
    const Collection* find(std::uint16_t number) const;
    // "contact.mobile"; nulls when unknown or retired.
    struct Place {
        const Collection* collection = nullptr;
        const FieldDef* field = nullptr;
    };
    Place place(std::string_view path) const;
    std::vector<std::string> paths() const;
    // Numbers of all collections that are not retired: those a new customer gets keys for.
    std::vector<std::uint16_t> live_collections() const;
    // Does `next` index a field of this schema in a way this one does not? (Needs a rebuild of stored records.)
    bool same_indexes(const Schema& next) const;

 private:
    std::vector<Collection> collections_;
    std::uint64_t version_ = 0;
    std::uint16_t next_collection_ = 1;
    std::uint16_t next_slot_ = 1;

    friend class SchemaParser;
};

// The five kinds as a new vault has them; `payment` shows that a kind may have several collections.
std::string_view default_schema();

}  // namespace cloister::records
