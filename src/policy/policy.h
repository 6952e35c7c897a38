// Policy: facts in, decision out. Pure: no I/O, no clock, no state. Deny by default.
//
// A policy is a versioned YAML document (docs/policy.md) with purposes (legal basis, the fields they need and at which
// precision, retention) and roles (actions, purposes, collections, effects, obligations). A field is opened only if the
// stated purpose needs it and a role of the caller grants its collection; the effect is the more restrictive of what
// the purpose needs and what the role allows.
//
// Terms    permit/deny, obligation (XACML); purpose, legal basis (GDPR Art. 6, PIPL Art. 13)
// Threads  A Policy is immutable; any thread may evaluate it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloister::policy {

// What happens to a field, from most open to most closed. Reaches the wire by name.
enum class Effect : std::uint8_t { clear = 0, generalised = 1, masked = 2, token = 3, absent = 4, denied = 5 };
std::string_view to_string(Effect effect);
std::optional<Effect> parse_effect(std::string_view name);

// Everything a route can ask for. The name ("customer.read") is what policies, audit entries and the API say.
enum class Action : std::uint8_t {
    customer_create,
    customer_read,
    customer_update,
    customer_erase,
    customer_search,
    customer_batch_read,
    customer_batch_write,
    record_delete,
    history_read,
    import_run,
    import_read,
    schema_read,
    schema_write,
    policy_read,
    policy_write,
    policy_explain,
    token_create,
    token_revoke,
    token_read,
    audit_read,
    audit_log_read,     // checkpoint, tiles, key: proofs without contents
    audit_bundle_read,  // entry bundles: contents
    vault_read,
    key_rotate,
    key_read,
};
std::string_view to_string(Action action);
std::optional<Action> parse_action(std::string_view name);
std::span<const Action> all_actions();
// Does the action touch customers' fields, so that it needs a purpose?
bool needs_purpose(Action action);

// Why not. Each is a problem type of its own on the wire: "https://cloister.dev/problems/<name>".
enum class Denial : std::uint8_t {
    none,
    action_not_granted,      // no role of the caller has the action
    purpose_missing,         // the action needs a purpose and none was stated
    purpose_unknown,         // not in the policy
    purpose_not_granted,     // no role of the caller may act for it
    collection_not_granted,  // a requested collection is granted by no role of the caller
    field_not_needed,        // no requested field is needed by the purpose
    reason_missing,          // an obligation asks for a reason
    reason_unfit,            // too short, too long, or it seems to hold personal data
    rate_exceeded,           // the obligation "rate limit" (found by the caller of evaluate)
};
std::string_view to_string(Denial denial);

// The caller, as identity established it.
struct Subject {
    std::string id;  // "staff:agent-lin"
    std::vector<std::string> roles;
};

// A field as the schema knows it.
struct Field {
    std::string_view collection;
    std::string_view name;
    int grade = 2;  // 1 public .. 4 highly sensitive
};

struct Facts {
    const Subject& subject;
    Action action;
    std::string_view purpose;  // empty: not stated
    std::string_view reason;   // empty: not stated
    std::span<const Field> fields;
    // The caller asked for these fields by name (true), or for whatever he may see (false). Asked by name, a field
    // that the purpose does not need or a collection that is not granted refuses the request when nothing is left.
    bool fields_named = false;
};

struct RateLimit {
    std::uint32_t count = 0;  // 0: none
    std::uint32_t per_seconds = 0;
};

struct Decision {
    bool permit = false;
    Denial denial = Denial::none;
    std::string explanation;      // one sentence, for people
    std::vector<Effect> effects;  // one for each of Facts::fields
    std::vector<Denial> why;      // for fields denied: the reason; same order
    RateLimit rate_limit;         // strictest of the roles and purpose that apply, per subject and purpose
    std::uint64_t policy_version = 0;
};

// One step of an explanation, in the order in which it was decided.
struct ExplanationStep {
    std::string check;  // "action", "purpose", "collection", "field contact.mobile", ...
    bool passed = false;
    std::string because;  // names the role, purpose and line that decided
};

struct PurposeView {
    std::string name;
    std::string title;
    std::string legal_basis;
    std::string retention;
    std::vector<std::pair<std::string, Effect>> needs;  // "contact.mobile" or "transaction.*", precision
};

class Policy {
 public:
    // Parses and validates a document. invalid_argument with line and what is wrong, or an unknown key with the nearest
    // known one. At most 256 KiB.
    static Result<std::shared_ptr<const Policy>> parse(std::string_view yaml, std::uint64_t version);
    virtual ~Policy() = default;

    virtual Decision evaluate(const Facts& facts) const = 0;
    virtual std::vector<ExplanationStep> explain(const Facts& facts) const = 0;

    virtual std::uint64_t version() const = 0;
    virtual const std::string& document() const = 0;  // the YAML text as given
    virtual std::vector<PurposeView> purposes() const = 0;
    virtual std::vector<std::string> roles() const = 0;
    // Is the field needed by any purpose at all? A field that is not cannot be collected (R45).
    virtual bool needed_by_any_purpose(std::string_view collection, std::string_view field) const = 0;
};

// The document with its section `purposes:` replaced by `section`, which is YAML whose only top-level key is
// `purposes`. Everything else, comments included, stays as it is. The outcome still has to be parsed. invalid_argument
// when either text has no such section or `section` has others.
Result<std::string> replace_purposes(std::string_view document, std::string_view section);

// The policy a new vault starts with (purposes and roles of the demo; docs/policy.md explains each line).
std::string_view default_document();

}  // namespace cloister::policy
