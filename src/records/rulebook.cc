#include "records/rulebook.h"

#include "crypto/hash.h"
#include "records/tables.h"

namespace cloister::records {
namespace {

constexpr std::string_view kSchema = "schema";
constexpr std::string_view kPolicy = "policy";

struct Document {
    std::uint64_t version;
    std::string body;
};

Result<std::optional<Document>> newest(store::Snapshot& snapshot, std::string_view kind) {
    return snapshot.first("SELECT version, body FROM documents WHERE kind = $1 ORDER BY version DESC LIMIT 1", {kind},
                          [](const store::Row& row) {
                              return Document{static_cast<std::uint64_t>(row.integer(0)), std::string(row.text(1))};
                          });
}

std::pair<std::string, std::string> detail_of(std::string_view kind, std::uint64_t version, std::string_view body) {
    return {"document " + std::string(kind) + " " + std::to_string(version),
            hex_encode(crypto::sha256(as_bytes(body)))};
}

Result<void> insert(store::Transaction& transaction, std::string_view kind, std::uint64_t version,
                    std::string_view body, std::string_view actor, Time now) {
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("INSERT INTO documents (kind, version, body, actor, created) VALUES ($1, $2, $3, $4, $5)",
                            {kind, static_cast<std::int64_t>(version), body, actor, to_unix_micros(now)}));
    return {};
}

}  // namespace

Result<std::unique_ptr<Rulebook>> Rulebook::open(store::Database& data, const Clock& clock) {
    CLOISTER_RETURN_IF_ERROR(migrate_tables(data));
    std::unique_ptr<Rulebook> book(new Rulebook(data, clock));
    std::optional<Document> schema;
    std::optional<Document> policy;
    const auto load = [&] {
        return data.read([&](store::Snapshot& snapshot) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(schema, newest(snapshot, kSchema));
            CLOISTER_ASSIGN_OR_RETURN(policy, newest(snapshot, kPolicy));
            return {};
        });
    };
    CLOISTER_RETURN_IF_ERROR(load());
    if (!schema || !policy) {
        CLOISTER_ASSIGN_OR_RETURN(const auto first, Schema::parse(default_schema(), 1, nullptr));
        const bool needs_schema = !schema;
        const bool needs_policy = !policy;
        CLOISTER_RETURN_IF_ERROR(data.write([&, first](store::Transaction& transaction) -> Result<void> {
            if (needs_schema)
                CLOISTER_RETURN_IF_ERROR(insert(transaction, kSchema, 1, first->document(), "system", clock.now()));
            if (needs_policy)
                CLOISTER_RETURN_IF_ERROR(
                    insert(transaction, kPolicy, 1, policy::default_document(), "system", clock.now()));
            return {};
        }));
        CLOISTER_RETURN_IF_ERROR(load());
    }
    MutexLock lock(book->mutex_);
    CLOISTER_ASSIGN_OR_RETURN(book->schema_, Schema::load(schema->body, schema->version));
    CLOISTER_ASSIGN_OR_RETURN(book->policy_, policy::Policy::parse(policy->body, policy->version));
    return book;
}

std::shared_ptr<const Schema> Rulebook::schema() const {
    MutexLock lock(mutex_);
    return schema_;
}

std::shared_ptr<const policy::Policy> Rulebook::policy() const {
    MutexLock lock(mutex_);
    return policy_;
}

Result<Rulebook::Stored> Rulebook::put_schema(store::Transaction& transaction, std::string_view json,
                                              std::uint64_t expected_version, std::string_view actor) {
    const auto current = schema();
    if (current->version() != expected_version)
        return Error(ErrorCode::precondition_failed, "the schema is at version " + std::to_string(current->version()));
    CLOISTER_ASSIGN_OR_RETURN(auto next, Schema::parse(json, current->version() + 1, current.get()));
    if (!current->same_indexes(*next)) {
        CLOISTER_ASSIGN_OR_RETURN(const auto any, transaction.first("SELECT 1 FROM records LIMIT 1", {},
                                                                    [](const store::Row&) { return true; }));
        if (any)
            return Error(
                ErrorCode::invalid_argument,
                "the indexes of fields that exist cannot change once records are stored: add a new field with the "
                "index you need, and copy the values by an import");
    }
    CLOISTER_RETURN_IF_ERROR(insert(transaction, kSchema, next->version(), next->document(), actor, clock_.now()));
    transaction.after_commit([this, next] {
        MutexLock lock(mutex_);
        schema_ = next;
    });
    return Stored{next->version(), detail_of(kSchema, next->version(), next->document())};
}

Result<Rulebook::Stored> Rulebook::put_policy(store::Transaction& transaction, std::string_view yaml,
                                              std::uint64_t expected_version, std::string_view actor) {
    const auto current = policy();
    if (current->version() != expected_version)
        return Error(ErrorCode::precondition_failed, "the policy is at version " + std::to_string(current->version()));
    CLOISTER_ASSIGN_OR_RETURN(auto next, policy::Policy::parse(yaml, current->version() + 1));
    CLOISTER_RETURN_IF_ERROR(insert(transaction, kPolicy, next->version(), yaml, actor, clock_.now()));
    transaction.after_commit([this, next] {
        MutexLock lock(mutex_);
        policy_ = next;
    });
    return Stored{next->version(), detail_of(kPolicy, next->version(), yaml)};
}

Result<std::vector<std::pair<std::string, std::string>>> Rulebook::details() const {
    std::vector<std::pair<std::string, std::string>> all;
    CLOISTER_RETURN_IF_ERROR(data_.read([&](store::Snapshot& snapshot) {
        return snapshot.query(
            "SELECT kind, version, body FROM documents ORDER BY kind, version", {}, [&](const store::Row& row) {
                all.push_back(detail_of(row.text(0), static_cast<std::uint64_t>(row.integer(1)), row.text(2)));
                return true;
            });
    }));
    return all;
}

Result<std::string> Rulebook::document(store::Snapshot& snapshot, std::string_view kind, std::uint64_t version) const {
    CLOISTER_ASSIGN_OR_RETURN(auto body,
                              snapshot.first("SELECT body FROM documents WHERE kind = $1 AND version = $2",
                                             {kind, static_cast<std::int64_t>(version)},
                                             [](const store::Row& row) { return std::string(row.text(0)); }));
    if (!body) return Error(ErrorCode::not_found, "no such version");
    return std::move(*body);
}

}  // namespace cloister::records
