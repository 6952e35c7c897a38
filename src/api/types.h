// Request and response bodies of fixed shape, described once. Bodies of customers and records follow the vault's schema
// and are handled in customer_json.h.
#pragma once

#include <array>
#include <boost/describe.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/json.h"

namespace cloister::api {

struct ConditionBody {
    std::string field;
    std::string op;
    json::value value;
};
BOOST_DESCRIBE_STRUCT(ConditionBody, (), (field, op, value))

struct SearchBody {
    std::vector<ConditionBody> where;
    std::optional<std::vector<std::string>> fields;
    std::optional<std::uint64_t> limit;
    std::optional<std::string> after;
};
BOOST_DESCRIBE_STRUCT(SearchBody, (), (where, fields, limit, after))

struct BatchReadBody {
    std::vector<std::string> ids;
    std::optional<std::vector<std::string>> fields;
};
BOOST_DESCRIBE_STRUCT(BatchReadBody, (), (ids, fields))

struct BatchWriteBody {
    std::vector<json::value> customers;
};
BOOST_DESCRIBE_STRUCT(BatchWriteBody, (), (customers))

struct WrittenBody {
    std::string id;
    std::uint64_t version = 0;
    std::optional<std::string> record;
    std::optional<std::uint64_t> record_version;
};
BOOST_DESCRIBE_STRUCT(WrittenBody, (), (id, version, record, record_version))

struct BatchWrittenBody {
    std::vector<WrittenBody> customers;
};
BOOST_DESCRIBE_STRUCT(BatchWrittenBody, (), (customers))

struct ErasureBody {
    std::string id;
    std::string erased;
    std::string state;
    json::value certificate;
};
BOOST_DESCRIBE_STRUCT(ErasureBody, (), (id, erased, state, certificate))

struct ExplainBody {
    std::string subject;
    std::vector<std::string> roles;
    std::string action;
    std::optional<std::string> purpose;
    std::optional<std::string> reason;
    std::optional<std::vector<std::string>> fields;
};
BOOST_DESCRIBE_STRUCT(ExplainBody, (), (subject, roles, action, purpose, reason, fields))

struct ExplainStepBody {
    std::string check;
    bool passed = false;
    std::string because;
};
BOOST_DESCRIBE_STRUCT(ExplainStepBody, (), (check, passed, because))

struct ExplainedBody {
    bool permit = false;
    std::optional<std::string> denial;
    std::optional<std::string> explanation;
    json::value effects;
    std::vector<ExplainStepBody> steps;
    std::uint64_t policy_version = 0;
};
BOOST_DESCRIBE_STRUCT(ExplainedBody, (), (permit, denial, explanation, effects, steps, policy_version))

struct PurposeBody {
    std::string name;
    std::string title;
    std::string legal_basis;
    std::string retention;
    json::value needs;
};
BOOST_DESCRIBE_STRUCT(PurposeBody, (), (name, title, legal_basis, retention, needs))

struct PurposesBody {
    std::vector<PurposeBody> purposes;
    std::uint64_t policy_version = 0;
};
BOOST_DESCRIBE_STRUCT(PurposesBody, (), (purposes, policy_version))

struct VersionBody {
    std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(VersionBody, (), (version))

struct NewTokenBody {
    std::string name;
    std::string kind;  // staff, service
    std::vector<std::string> roles;
    std::uint64_t days = 30;
    static constexpr std::array<std::string_view, 1> kOptional = {"days"};
};
BOOST_DESCRIBE_STRUCT(NewTokenBody, (), (name, kind, roles, days))

struct TokenBody {
    std::string id;
    std::string kind;
    std::string name;
    std::vector<std::string> roles;
    std::string created;
    std::string expires;
    std::optional<std::string> revoked;
    std::string created_by;
    std::optional<std::string> token;  // the secret, only in the answer that made it
};
BOOST_DESCRIBE_STRUCT(TokenBody, (), (id, kind, name, roles, created, expires, revoked, created_by, token))

struct TokensBody {
    std::vector<TokenBody> tokens;
};
BOOST_DESCRIBE_STRUCT(TokensBody, (), (tokens))

struct FoundEntryBody {
    std::uint64_t index = 0;
    json::value entry;
};
BOOST_DESCRIBE_STRUCT(FoundEntryBody, (), (index, entry))

struct EntriesBody {
    std::vector<FoundEntryBody> entries;
    std::optional<std::uint64_t> next;
};
BOOST_DESCRIBE_STRUCT(EntriesBody, (), (entries, next))

struct ImportBody {
    std::string id;
    std::string state;
    std::uint64_t received = 0;
    std::uint64_t rows = 0;
    std::uint64_t created = 0;
    std::uint64_t merged = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t rejected = 0;
    std::string encoding;
    std::string label;
    std::string started;
    std::string updated;
    json::value columns;
};
BOOST_DESCRIBE_STRUCT(ImportBody, (),
                      (id, state, received, rows, created, merged, duplicates, rejected, encoding, label, started,
                       updated, columns))

struct KekBody {
    std::uint64_t number = 0;
    std::string state;  // active, deactivated, destroyed
    std::string created;
    std::uint64_t wraps = 0;
};
BOOST_DESCRIBE_STRUCT(KekBody, (), (number, state, created, wraps))

struct RotationBody {
    std::string state;  // idle, running, failed
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::optional<std::string> problem;  // why the last one failed
};
BOOST_DESCRIBE_STRUCT(RotationBody, (), (state, done, total, problem))

struct KeysBody {
    std::vector<KekBody> keks;
    RotationBody rotation;
};
BOOST_DESCRIBE_STRUCT(KeysBody, (), (keks, rotation))

struct RejectBody {
    std::uint64_t row = 0;
    std::uint64_t line = 0;
    std::string field;
    std::string reason;
};
BOOST_DESCRIBE_STRUCT(RejectBody, (), (row, line, field, reason))

struct RejectsBody {
    std::vector<RejectBody> rejects;
    std::optional<std::uint64_t> next;
};
BOOST_DESCRIBE_STRUCT(RejectsBody, (), (rejects, next))

}  // namespace cloister::api
