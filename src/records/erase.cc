// Erasing a customer: keys first, then rows. A row in `erasures` remembers how far it came, so that start-up finishes
// what a crash interrupted.
#include <algorithm>
#include <boost/json.hpp>
#include <future>

#include "crypto/sign.h"
#include "records/core.h"

namespace cloister::records {
namespace {

namespace json = boost::json;

// Values reach disk.
enum class ErasureState : std::int64_t { begun = 1, keys_destroyed = 2, complete = 3 };

constexpr std::size_t kPurgeBatch = 2'000;  // rows a commit: other writers wait a few milliseconds at most
// Up to so many records the rows are removed before the answer; beyond it the answer comes when nothing opens any more.
constexpr std::uint64_t kPurgeAtOnce = 1'000;

struct ErasureRow {
    Time begun{};
    ErasureState state = ErasureState::begun;
    std::string actor;
    std::string certificate;
};

Result<std::optional<ErasureRow>> find_erasure(store::Snapshot& snapshot, CustomerId customer) {
    return snapshot.first("SELECT begun, state, actor, certificate FROM erasures WHERE customer = $1",
                          {customer.bytes()}, [](const store::Row& row) {
                              return ErasureRow{from_unix_micros(row.integer(0)),
                                                static_cast<ErasureState>(row.integer(1)), std::string(row.text(2)),
                                                std::string(row.text(3))};
                          });
}

Result<void> set_state(store::Transaction& transaction, CustomerId customer, ErasureState state) {
    CLOISTER_RETURN_IF_ERROR(transaction.execute("UPDATE erasures SET state = $2 WHERE customer = $1",
                                                 {customer.bytes(), static_cast<std::int64_t>(state)}));
    return {};
}

// Removes up to kPurgeBatch records of the customer with their index rows and history; gives how many went.
Result<std::uint64_t> purge_some(store::Transaction& transaction, CustomerId customer) {
    struct Doomed {
        std::int64_t collection;
        Bytes record;
        std::vector<IndexToken> tokens;
    };
    std::vector<Doomed> doomed;
    CLOISTER_RETURN_IF_ERROR(
        transaction.query("SELECT collection, record, tokens FROM records WHERE customer = $1 LIMIT $2",
                          {customer.bytes(), sql(kPurgeBatch)}, [&](const store::Row& row) {
                              auto tokens = unpack_tokens(row.blob(2));
                              doomed.push_back({row.integer(0), to_bytes(row.blob(1)),
                                                tokens ? std::move(*tokens) : std::vector<IndexToken>()});
                              return true;
                          }));
    for (const Doomed& d : doomed) {
        for (const IndexToken& token : d.tokens)
            CLOISTER_RETURN_IF_ERROR(transaction.execute(
                "DELETE FROM blind_index WHERE slot = $1 AND token = $2 AND customer = $3 AND record = $4",
                {std::int64_t{token.slot}, sql(token.token), customer.bytes(), ByteView(d.record)}));
        CLOISTER_RETURN_IF_ERROR(
            transaction.execute("DELETE FROM records WHERE customer = $1 AND collection = $2 AND record = $3",
                                {customer.bytes(), d.collection, ByteView(d.record)}));
    }
    if (!doomed.empty()) return doomed.size();
    CLOISTER_ASSIGN_OR_RETURN(const std::int64_t history,
                              transaction.execute("DELETE FROM history WHERE customer = $1", {customer.bytes()}));
    static_cast<void>(history);
    return std::uint64_t{0};
}

std::string_view name_of(ErasureState state) {
    switch (state) {
        case ErasureState::begun: return "begun";
        case ErasureState::keys_destroyed: return "keys-destroyed";
        case ErasureState::complete: return "complete";
    }
    return "";
}

}  // namespace

Result<std::uint64_t> Records::Core::purge(CustomerId customer, const std::string& actor) {
    std::uint64_t removed = 0;
    for (;;) {
        std::uint64_t some = 0;
        CLOISTER_RETURN_IF_ERROR(data.write([&](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(some, purge_some(transaction, customer));
            if (some != 0) return {};
            audit::Entry e;
            e.time = clock.now();
            e.actor = actor;
            e.origin = "local";
            e.action = "customer.purge";
            e.customers = {customer};
            e.decision = "permit";
            e.details = {{"records", std::to_string(removed)}};
            CLOISTER_RETURN_IF_ERROR(audit.record(transaction, e));
            return set_state(transaction, customer, ErasureState::complete);
        }));
        removed += some;
        if (some == 0) return removed;
        if (stopping()) return Error(ErrorCode::cancelled, "stopping; start-up goes on with it");
    }
}

Result<std::string> Records::Core::certificate(CustomerId customer, Time erased, std::uint64_t log_index) {
    CLOISTER_RETURN_IF_ERROR(audit.catch_up());
    CLOISTER_ASSIGN_OR_RETURN(const std::uint64_t size, audit.checkpoint_size());
    CLOISTER_ASSIGN_OR_RETURN(const audit::InclusionProof proof, audit.prove_inclusion(log_index, size));
    CLOISTER_ASSIGN_OR_RETURN(const std::string checkpoint, audit.checkpoint());
    CLOISTER_ASSIGN_OR_RETURN(const Bytes bundle,
                              audit.entry_bundle(log_index / 256, static_cast<unsigned>(log_index % 256) + 1));
    // The entry itself is the last of that bundle: length, bytes.
    ByteReader reader(bundle);
    ByteView leaf;
    while (reader.ok() && !reader.rest().empty()) leaf = reader.take(reader.be<std::uint16_t>());

    const std::string statement = "cloister-erasure/1\nvault " + vault.to_string() + "\ncustomer " +
                                  customer.to_string() + "\nerased " + format_rfc3339(erased) + "\nlog-index " +
                                  std::to_string(log_index) + "\n";
    json::array hashes;
    for (const Digest& hash : proof.hashes) hashes.emplace_back(base64_encode(hash));
    const crypto::Signature signature = signing_key.sign(as_bytes(statement));
    return json::serialize(json::object{{"format", "cloister-erasure/1"},
                                        {"statement", statement},
                                        {"signature", base64_encode(signature)},
                                        {"verifier_key", audit.verifier_key()},
                                        {"log", json::object{{"index", log_index},
                                                             {"tree_size", size},
                                                             {"entry", base64_encode(leaf)},
                                                             {"inclusion_proof", std::move(hashes)},
                                                             {"checkpoint", checkpoint}}}});
}

Result<Erasure> Records::erase(Call& call, CustomerId customer) {
    constexpr auto kAction = policy::Action::customer_erase;
    Core& core = *core_;
    const auto refuse = [&](const Error& error) -> Error {
        audit::Entry e = core.refusal(call, kAction, error);
        e.customers = {customer};
        if (const auto appended = core.audit.append_and_wait(e); !appended) return appended.error();
        return error;
    };
    if (const auto decided = core.decide(call, kAction, {}, 1); !decided) return refuse(decided.error());

    std::optional<ErasureRow> before;
    std::optional<CustomerRow> row;
    std::uint64_t records = 0;
    CLOISTER_RETURN_IF_ERROR(core.data.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(before, find_erasure(snapshot, customer));
        CLOISTER_ASSIGN_OR_RETURN(row, find_customer(snapshot, customer));
        CLOISTER_ASSIGN_OR_RETURN(
            const auto count,
            snapshot.first("SELECT count(*) FROM (SELECT 1 FROM records WHERE customer = $1 LIMIT $2) AS r",
                           {customer.bytes(), sql(kPurgeAtOnce + 1)},
                           [](const store::Row& r) { return static_cast<std::uint64_t>(r.integer(0)); }));
        records = count.value_or(0);
        return {};
    }));
    if (before && !before->certificate.empty()) {
        audit::Entry e = core.entry(call, kAction);
        e.customers = {customer};
        e.details = {{"erased", "before"}};
        CLOISTER_RETURN_IF_ERROR(core.audit.append_and_wait(e));
        return Erasure{customer, before->begun, std::string(name_of(before->state)), before->certificate};
    }
    if (!row) return refuse(Error(ErrorCode::not_found, "no such customer"));

    // 1. What is going to happen becomes durable: from here on nobody is served this customer, and a crash is finished.
    const Time now = before ? before->begun : core.clock.now();
    if (!before)
        CLOISTER_RETURN_IF_ERROR(core.data.write([&](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(const auto meanwhile, find_erasure(transaction, customer));
            if (meanwhile) return Error(ErrorCode::conflict, "this customer is being erased by another call");
            CLOISTER_RETURN_IF_ERROR(
                transaction.execute("UPDATE customers SET state = 2, updated = $2 WHERE customer = $1",
                                    {customer.bytes(), to_unix_micros(now)}));
            CLOISTER_RETURN_IF_ERROR(
                transaction.execute("INSERT INTO erasures (customer, begun, state, actor, records, certificate) VALUES "
                                    "($1, $2, $3, $4, $5, '')",
                                    {customer.bytes(), to_unix_micros(now),
                                     static_cast<std::int64_t>(ErasureState::begun), call.subject.id, sql(records)}));
            audit::Entry e = core.entry(call, kAction);
            e.customers = {customer};
            return core.audit.record(transaction, e);
        }));

    // 2. The keys go. 3. That they are gone is recorded, and proven.
    CLOISTER_RETURN_IF_ERROR(core.keys.shred(customer));
    auto indexed = std::make_shared<std::promise<Result<std::uint64_t>>>();
    auto index = indexed->get_future();
    CLOISTER_RETURN_IF_ERROR(core.data.write([&, indexed](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(set_state(transaction, customer, ErasureState::keys_destroyed));
        audit::Entry e = core.entry(call, kAction);
        e.action = "customer.keys-destroyed";
        e.customers = {customer};
        return core.audit.record(transaction, e,
                                 [indexed](Result<std::uint64_t> at) { indexed->set_value(std::move(at)); });
    }));
    CLOISTER_ASSIGN_OR_RETURN(const std::uint64_t log_index, index.get());
    CLOISTER_ASSIGN_OR_RETURN(const std::string certificate, core.certificate(customer, now, log_index));
    CLOISTER_RETURN_IF_ERROR(core.data.write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(transaction.execute("UPDATE erasures SET certificate = $2 WHERE customer = $1",
                                                     {customer.bytes(), std::string_view(certificate)}));
        return {};
    }));
    Erasure erasure{customer, now, std::string(name_of(ErasureState::keys_destroyed)), certificate};
    if (records > kPurgeAtOnce) {
        core.purge_later(customer, call.subject.id);
        return erasure;
    }
    CLOISTER_RETURN_IF_ERROR(core.purge(customer, call.subject.id));
    erasure.state = name_of(ErasureState::complete);
    return erasure;
}

Result<void> Records::Core::finish_erasures() {
    std::vector<std::pair<CustomerId, ErasureRow>> open;
    CLOISTER_RETURN_IF_ERROR(data.read([&](store::Snapshot& snapshot) {
        return snapshot.query("SELECT customer, begun, state, actor FROM erasures WHERE state <> $1",
                              {static_cast<std::int64_t>(ErasureState::complete)}, [&](const store::Row& row) {
                                  if (const auto id = CustomerId::from_bytes(row.blob(0)))
                                      open.emplace_back(*id, ErasureRow{from_unix_micros(row.integer(1)),
                                                                        static_cast<ErasureState>(row.integer(2)),
                                                                        std::string(row.text(3)),
                                                                        {}});
                                  return true;
                              });
    }));
    for (const auto& [customer, row] : open) {
        CLOISTER_RETURN_IF_ERROR(keys.shred(customer));
        if (row.state == ErasureState::begun)
            CLOISTER_RETURN_IF_ERROR(
                data.write([&, &id = customer, &actor = row.actor](store::Transaction& t) -> Result<void> {
                    CLOISTER_RETURN_IF_ERROR(set_state(t, id, ErasureState::keys_destroyed));
                    audit::Entry e;
                    e.time = clock.now();
                    e.actor = actor;
                    e.origin = "local";
                    e.action = "customer.keys-destroyed";
                    e.customers = {id};
                    e.decision = "permit";
                    e.details = {{"finished", "at start-up"}};
                    return audit.record(t, e);
                }));
        CLOISTER_RETURN_IF_ERROR(purge(customer, row.actor));
    }
    return {};
}

Result<void> Records::Core::drop_orphan_keys() {
    // Keys are made before data. A crash in between leaves keys of customers that never arrived, all among the newest;
    // more than this cannot have been under way.
    constexpr std::size_t kNewest = 20'000;
    std::vector<CustomerId> newest;
    CLOISTER_RETURN_IF_ERROR(keys.for_each_customer_newest_first([&](CustomerId id) {
        newest.push_back(id);
        return newest.size() < kNewest;
    }));
    std::vector<CustomerId> orphans;
    CLOISTER_RETURN_IF_ERROR(data.read([&](store::Snapshot& snapshot) -> Result<void> {
        for (const CustomerId& id : newest) {
            CLOISTER_ASSIGN_OR_RETURN(const auto row, find_customer(snapshot, id));
            if (!row) orphans.push_back(id);
        }
        return {};
    }));
    return drop_if_unknown(orphans);
}

Result<void> Records::Core::drop_if_unknown(const std::vector<CustomerId>& customers) {
    std::vector<CustomerId> unknown;
    for (const CustomerId& id : customers) {
        std::optional<CustomerRow> row;
        CLOISTER_RETURN_IF_ERROR(data.read([&](store::Snapshot& snapshot) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(row, find_customer(snapshot, id));
            return {};
        }));
        if (row) continue;
        // A store that was put back from an older copy lacks customers whose keys must not be destroyed for that.
        CLOISTER_ASSIGN_OR_RETURN(const auto told, audit.search({.customer = id, .limit = 20}));
        if (std::none_of(told.begin(), told.end(), [](const audit::Found& f) { return !f.entry.changes.empty(); }))
            unknown.push_back(id);
    }
    if (unknown.empty()) return {};
    return keys.shred_many(unknown);
}

}  // namespace cloister::records
