// Access tokens of services and staff: the first form of identity. A token is shown once, when it is made; only its
// SHA-256 is stored. Roles come with the token. Revocation works for the next request.
//
// Format of a token: "clst_" + base64url(32 random bytes).
//
// Threads  Any thread may call any method; look-ups take a shared lock on an in-memory table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "policy/policy.h"
#include "store/database.h"

namespace cloister::identity {

enum class CallerKind : std::uint8_t { staff = 1, service = 2 };  // values reach disk

// An authenticated caller.
struct Principal {
    policy::Subject subject;  // id is "staff:<name>" or "service:<name>"
    TokenId token;
    Time expires;
};

struct TokenView {  // everything but the secret
    TokenId id;
    CallerKind kind;
    std::string name;  // [a-z0-9][a-z0-9.-]{0,62}
    std::vector<std::string> roles;
    Time created;
    Time expires;
    std::optional<Time> revoked;
    std::string created_by;
};

struct NewToken {
    CallerKind kind = CallerKind::service;
    std::string name;
    std::vector<std::string> roles;
    Duration lifetime{};  // more than zero, at most 366 days
};

struct CreatedToken {
    TokenView view;
    std::string secret;  // shown once
    // For the audit entry: "token <id>" and a digest of the stored row, which `cloister verify` holds the row against.
    std::pair<std::string, std::string> detail;
};

// A stored token as verification sees it.
struct StoredToken {
    TokenId id;
    std::string digest;  // as in CreatedToken::detail
    bool revoked = false;
};
Result<std::vector<StoredToken>> stored_tokens(store::Snapshot& snapshot);

class Tokens {
 public:
    static Result<std::unique_ptr<Tokens>> open(store::Database& data, const Clock& clock);
    virtual ~Tokens() = default;

    // unauthenticated for an unknown, expired or revoked token; always the same words.
    virtual Result<Principal> authenticate(std::string_view secret) const = 0;
    // Inside the caller's transaction, so that the audit entry commits with it. The token works once that is committed.
    virtual Result<CreatedToken> create(store::Transaction& transaction, const NewToken& token,
                                        std::string_view by) = 0;
    virtual Result<void> revoke(store::Transaction& transaction, TokenId id) = 0;
    virtual std::vector<TokenView> list() const = 0;
};

}  // namespace cloister::identity
