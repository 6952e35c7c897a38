#include "identity/tokens.h"

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/secret.h"

namespace cloister::identity {
namespace {

constexpr std::string_view kPrefix = "clst_";
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretLength = kPrefix.size() + 43;  // base64url of 32 bytes has 43 characters
constexpr Duration kLongestLifetime = std::chrono::hours(24 * 366);
constexpr std::size_t kMaxRoles = 16;
constexpr std::size_t kMaxNameLength = 63;

constexpr std::array<store::Migration, 1> kMigrations{{{1, "access tokens", R"sql(
    CREATE TABLE access_tokens (
        id {blob} NOT NULL PRIMARY KEY,
        digest {blob} NOT NULL UNIQUE,
        kind {int} NOT NULL,
        name {text} NOT NULL,
        roles {text} NOT NULL,
        created {int} NOT NULL,
        expires {int} NOT NULL,
        revoked {int},
        created_by {text} NOT NULL
    ){clustered})sql"}}};

// [a-z0-9][a-z0-9.-]{0,62}
bool is_name(std::string_view text) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !text.empty() && text.size() <= kMaxNameLength && plain(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '.' || c == '-'; });
}

Result<void> check(const NewToken& token) {
    if (token.kind != CallerKind::staff && token.kind != CallerKind::service)
        return Error(ErrorCode::invalid_argument, "a token is for staff or for a service");
    if (!is_name(token.name))
        return Error(ErrorCode::invalid_argument,
                     "a caller's name has 1 to 63 small letters, digits, dots and hyphens, and starts with one of the "
                     "first two");
    if (token.roles.empty() || token.roles.size() > kMaxRoles)
        return Error(ErrorCode::invalid_argument, "a token has 1 to 16 roles");
    if (!std::all_of(token.roles.begin(), token.roles.end(), is_name))
        return Error(ErrorCode::invalid_argument, "a role's name has small letters, digits and hyphens");
    if (token.lifetime <= Duration::zero() || token.lifetime > kLongestLifetime)
        return Error(ErrorCode::invalid_argument, "a token lives for more than zero and at most 366 days");
    return {};
}

struct RowValues {
    ByteView id;
    ByteView digest;
    std::int64_t kind = 0;
    std::string_view name;
    std::string_view roles;
    std::int64_t created = 0;
    std::int64_t expires = 0;
    std::string_view created_by;
};

// SHA-256 of everything that gives a token its power, each part behind its length.
std::string row_digest(const RowValues& row) {
    Bytes bytes;
    const auto put = [&bytes](ByteView part) {
        append_be<std::uint32_t>(bytes, static_cast<std::uint32_t>(part.size()));
        append(bytes, part);
    };
    put(row.id);
    put(row.digest);
    append_be<std::int64_t>(bytes, row.kind);
    put(as_bytes(row.name));
    put(as_bytes(row.roles));
    append_be<std::int64_t>(bytes, row.created);
    append_be<std::int64_t>(bytes, row.expires);
    put(as_bytes(row.created_by));
    return hex_encode(crypto::sha256(bytes));
}

std::string joined(const std::vector<std::string>& roles) {
    std::string text;
    for (const std::string& role : roles) text += (text.empty() ? "" : " ") + role;
    return text;
}

std::string subject_id(CallerKind kind, std::string_view name) {
    return std::string(kind == CallerKind::staff ? "staff:" : "service:") + std::string(name);
}

// Its words are the same for every cause: a caller learns nothing about tokens that he does not hold.
Error refusal() { return Error(ErrorCode::unauthenticated, "no valid access token"); }

// What is kept of a token in memory. Its facts never change; only its revocation does.
struct Known {
    TokenView view;
    Digest digest;
    Principal principal;
};

// A digest is already evenly spread. The table finds a candidate by eight of its bytes; whether it is the one is
// compared in constant time.
struct HashDigest {
    std::size_t operator()(const Digest& digest) const { return load_be<std::size_t>(digest.data()); }
};
struct SameDigest {
    bool operator()(const Digest& a, const Digest& b) const { return crypto::constant_time_equal(a, b); }
};

Result<Known> known_from(const store::Row& row) {
    Known known;
    TokenView& view = known.view;
    CLOISTER_ASSIGN_OR_RETURN(view.id, TokenId::from_bytes(row.blob(0)));
    const ByteView digest = row.blob(1);
    const auto kind = row.integer(2);
    if (digest.size() != known.digest.size() || (kind != 1 && kind != 2))
        return Error(ErrorCode::corrupt, "the access token " + view.id.to_string() + " is damaged");
    std::copy(digest.begin(), digest.end(), known.digest.begin());
    view.kind = static_cast<CallerKind>(kind);
    view.name = row.text(3);
    for (const std::string_view role : split(row.text(4), ' ')) view.roles.emplace_back(role);
    view.created = from_unix_micros(row.integer(5));
    view.expires = from_unix_micros(row.integer(6));
    if (!row.is_null(7)) view.revoked = from_unix_micros(row.integer(7));
    view.created_by = row.text(8);
    return known;
}

class StoredTokens final : public Tokens {
 public:
    explicit StoredTokens(const Clock& clock) : clock_(clock) {}

    Result<void> load(store::Snapshot& snapshot) {
        Result<void> outcome;
        CLOISTER_RETURN_IF_ERROR(snapshot.query(
            "SELECT id, digest, kind, name, roles, created, expires, revoked, created_by FROM access_tokens", {},
            [&](const store::Row& row) {
                auto known = known_from(row);
                if (!known) {
                    outcome = known.error();
                    return false;
                }
                table_->add(std::move(known).value());
                return true;
            }));
        return outcome;
    }

    Result<Principal> authenticate(std::string_view secret) const override {
        if (secret.size() != kSecretLength || !secret.starts_with(kPrefix)) return refusal();
        const Digest digest = crypto::sha256(as_bytes(secret));
        const Time now = clock_.now();
        const ReaderLock lock(table_->mutex);
        const auto found = table_->by_digest.find(digest);
        if (found == table_->by_digest.end()) return refusal();
        const Known& known = found->second;
        if (known.view.revoked.has_value() || now >= known.view.expires) return refusal();
        return known.principal;
    }

    Result<CreatedToken> create(store::Transaction& transaction, const NewToken& token, std::string_view by) override {
        CLOISTER_RETURN_IF_ERROR(check(token));
        const Time now = clock_.now();
        CreatedToken created;
        created.secret = std::string(kPrefix) + base64url_encode(crypto::random_array<kSecretBytes>());
        created.view = {.id = TokenId::make_v7(to_unix_millis(now), crypto::random_array<10>()),
                        .kind = token.kind,
                        .name = token.name,
                        .roles = token.roles,
                        .created = now,
                        .expires = now + token.lifetime,
                        .revoked = std::nullopt,
                        .created_by = std::string(by)};
        Known known{created.view, crypto::sha256(as_bytes(created.secret)), {}};
        const std::string roles = joined(token.roles);
        created.detail = {"token " + created.view.id.to_string(),
                          row_digest({.id = created.view.id.bytes(),
                                      .digest = known.digest,
                                      .kind = static_cast<std::int64_t>(token.kind),
                                      .name = token.name,
                                      .roles = roles,
                                      .created = to_unix_micros(now),
                                      .expires = to_unix_micros(created.view.expires),
                                      .created_by = by})};
        CLOISTER_RETURN_IF_ERROR(transaction.execute(
            "INSERT INTO access_tokens (id, digest, kind, name, roles, created, expires, created_by) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            {created.view.id.bytes(), ByteView(known.digest), static_cast<std::int64_t>(token.kind),
             std::string_view(token.name), std::string_view(roles), to_unix_micros(now),
             to_unix_micros(created.view.expires), by}));
        transaction.after_commit(
            [table = table_, known = std::move(known)]() mutable { table->add(std::move(known)); });
        return created;
    }

    Result<void> revoke(store::Transaction& transaction, TokenId id) override {
        const Time now = clock_.now();
        // A second revocation changes nothing: the first time is the one that counts.
        CLOISTER_ASSIGN_OR_RETURN(const std::int64_t changed,
                                  transaction.execute("UPDATE access_tokens SET revoked = COALESCE(revoked, $1) "
                                                      "WHERE id = $2",
                                                      {to_unix_micros(now), id.bytes()}));
        if (changed == 0) return Error(ErrorCode::not_found, "no access token " + id.to_string());
        transaction.after_commit([table = table_, id, now] { table->revoke(id, now); });
        return {};
    }

    std::vector<TokenView> list() const override {
        std::vector<TokenView> views;
        {
            const ReaderLock lock(table_->mutex);
            views.reserve(table_->by_digest.size());
            for (const auto& [digest, known] : table_->by_digest) views.push_back(known.view);
        }
        std::sort(views.begin(), views.end(),
                  [](const auto& a, const auto& b) { return a.id < b.id; });  // oldest first
        return views;
    }

 private:
    // Shared with the actions that wait for a commit, which may come after this object is gone.
    struct Table {
        void add(Known known) CLOISTER_EXCLUDES(mutex) {
            known.principal = {.subject = {subject_id(known.view.kind, known.view.name), known.view.roles},
                               .token = known.view.id,
                               .expires = known.view.expires};
            const WriterLock lock(mutex);
            digest_of.emplace(known.view.id, known.digest);
            by_digest.emplace(known.digest, std::move(known));
        }
        void revoke(TokenId id, Time when) CLOISTER_EXCLUDES(mutex) {
            const WriterLock lock(mutex);
            const auto digest = digest_of.find(id);
            if (digest == digest_of.end()) return;  // not in the table: it opens nothing as it is
            auto& revoked = by_digest.at(digest->second).view.revoked;
            if (!revoked) revoked = when;
        }

        SharedMutex mutex;
        std::unordered_map<Digest, Known, HashDigest, SameDigest> by_digest CLOISTER_GUARDED_BY(mutex);
        std::unordered_map<TokenId, Digest> digest_of CLOISTER_GUARDED_BY(mutex);
    };

    const Clock& clock_;
    const std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace

Result<std::unique_ptr<Tokens>> Tokens::open(store::Database& data, const Clock& clock) {
    CLOISTER_RETURN_IF_ERROR(data.migrate("identity", kMigrations));
    auto tokens = std::make_unique<StoredTokens>(clock);
    CLOISTER_RETURN_IF_ERROR(data.read([&](store::Snapshot& snapshot) { return tokens->load(snapshot); }));
    return std::unique_ptr<Tokens>(std::move(tokens));
}

Result<std::vector<StoredToken>> stored_tokens(store::Snapshot& snapshot) {
    std::vector<StoredToken> tokens;
    CLOISTER_RETURN_IF_ERROR(snapshot.query(
        "SELECT id, digest, kind, name, roles, created, expires, created_by, revoked FROM access_tokens ORDER BY id",
        {}, [&](const store::Row& row) {
            const auto id = TokenId::from_bytes(row.blob(0));
            tokens.push_back({id ? *id : TokenId(),
                              row_digest({.id = row.blob(0),
                                          .digest = row.blob(1),
                                          .kind = row.integer(2),
                                          .name = row.text(3),
                                          .roles = row.text(4),
                                          .created = row.integer(5),
                                          .expires = row.integer(6),
                                          .created_by = row.text(7)}),
                              !row.is_null(8)});
            return true;
        }));
    return tokens;
}

}  // namespace cloister::identity
