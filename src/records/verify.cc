#include "records/verify.h"

#include <algorithm>
#include <map>
#include <set>

#include "audit/entry.h"
#include "crypto/hash.h"
#include "identity/tokens.h"
#include "records/change_files.h"
#include "records/tables.h"

namespace cloister::records {
namespace {

// Customers a range: their changes and rows fit into some tens of megabytes.
constexpr std::uint64_t kCustomersPerRange = 20'000;

using RecordKey = std::pair<std::uint16_t, RecordId>;

struct StoredCustomer {
    CustomerId id;
    CustomerState state = CustomerState::active;
    std::map<RecordKey, RecordRow> records;
    std::vector<RecordRow> history;
};

class VerifierImpl final : public Verifier {
 public:
    VerifierImpl(const VerifyParts& parts, std::vector<CustomerId> bounds, std::unique_ptr<ChangeFiles> files,
                 crypto::MacKey index_key, std::uint64_t customers)
        : parts_(parts),
          bounds_(std::move(bounds)),
          files_(std::move(files)),
          index_(std::move(index_key)),
          total_(customers),
          schema_(parts.rules.schema()) {}

    void entry(const store::JournalEntry& in) override {
        if (in.tag == 0) return;  // reads change nothing
        const auto entry = audit::decode(in.payload);
        if (!entry)
            return found("log", {}, "entry " + std::to_string(in.position), "an entry of the log cannot be read");
        for (const audit::RecordChange& change : entry->changes)
            files_->add({change.customer, change.collection, change.record, change.version, in.position,
                         change.deleted ? LoggedChange::Kind::deleted : LoggedChange::Kind::written, change.digest});
        if (entry->action == "customer.keys-destroyed" || entry->action == "customer.erase")
            for (const CustomerId& customer : entry->customers)
                files_->add({customer,
                             0,
                             RecordId(),
                             0,
                             in.position,
                             entry->action == "customer.erase" ? LoggedChange::Kind::erase_begun
                                                               : LoggedChange::Kind::keys_destroyed,
                             {}});
        for (const auto& [name, value] : entry->details)
            if (name.starts_with("document "))
                documents_[name.substr(9)] = value;
            else if (name.starts_with("token "))
                tokens_[name.substr(6)] = value;
            else if (name == "token" && entry->action == "token.revoke")
                revoked_.insert(value);
    }

    Result<VerifyReport> run(const std::function<void(std::uint64_t, std::uint64_t)>& on_progress) override {
        for (std::size_t range = 0; range < files_->ranges(); ++range) {
            CLOISTER_RETURN_IF_ERROR(check_range(range));
            on_progress(report_.customers, total_);
        }
        CLOISTER_RETURN_IF_ERROR(check_index_rows());
        CLOISTER_RETURN_IF_ERROR(count_unused_keys());
        CLOISTER_RETURN_IF_ERROR(check_documents());
        CLOISTER_RETURN_IF_ERROR(check_tokens());
        return std::move(report_);
    }

 private:
    void found(std::string kind, const CustomerId& customer, std::string place, std::string explanation) {
        ++report_.findings_total;
        if (report_.findings.size() < kMaxFindings)
            report_.findings.push_back({std::move(kind), customer.is_nil() ? "" : customer.to_string(),
                                        std::move(place), std::move(explanation)});
    }

    std::string name_of(std::uint16_t collection, const RecordId& record) const {
        const Collection* c = schema_->find(collection);
        std::string name = c != nullptr ? c->name : "collection " + std::to_string(collection);
        if (!record.is_nil()) name += "/" + record.to_string();
        return name;
    }

    // ---- one range of customers

    Result<std::vector<StoredCustomer>> load_range(std::size_t range) {
        const CustomerId low = range == 0 ? CustomerId() : bounds_[range - 1];
        const CustomerId high = range < bounds_.size() ? bounds_[range] : last_id();
        std::vector<StoredCustomer> customers;
        CLOISTER_RETURN_IF_ERROR(parts_.data.read([&](store::Snapshot& snapshot) -> Result<void> {
            const auto at = [&](ByteView id) -> StoredCustomer* {
                const auto parsed = CustomerId::from_bytes(id);
                if (!parsed) return nullptr;
                const auto it =
                    std::lower_bound(customers.begin(), customers.end(), *parsed,
                                     [](const StoredCustomer& c, const CustomerId& want) { return c.id < want; });
                if (it != customers.end() && it->id == *parsed) return &*it;
                return nullptr;
            };
            CLOISTER_RETURN_IF_ERROR(snapshot.query(
                "SELECT customer, state FROM customers WHERE customer >= $1 AND customer < $2 ORDER BY customer",
                {low.bytes(), high.bytes()}, [&](const store::Row& row) {
                    if (const auto id = CustomerId::from_bytes(row.blob(0)))
                        customers.push_back({*id, static_cast<CustomerState>(row.integer(1)), {}, {}});
                    return true;
                }));
            CLOISTER_RETURN_IF_ERROR(
                snapshot.query("SELECT customer, collection, record, version, sealed, tokens FROM records WHERE "
                               "customer >= $1 AND customer < $2",
                               {low.bytes(), high.bytes()}, [&](const store::Row& row) {
                                   RecordRow r = record_row(row);
                                   r.tokens = to_bytes(row.blob(5));
                                   if (StoredCustomer* c = at(row.blob(0)))
                                       c->records.emplace(RecordKey{r.collection, r.record}, std::move(r));
                                   else
                                       stray(row.blob(0), name_of(r.collection, r.record));
                                   return true;
                               }));
            return snapshot.query(
                "SELECT customer, collection, record, version, sealed FROM history WHERE customer >= $1 AND customer < "
                "$2",
                {low.bytes(), high.bytes()}, [&](const store::Row& row) {
                    RecordRow r = record_row(row);
                    if (StoredCustomer* c = at(row.blob(0)))
                        c->history.push_back(std::move(r));
                    else
                        stray(row.blob(0), "history " + name_of(r.collection, r.record));
                    return true;
                });
        }));
        return customers;
    }

    static CustomerId last_id() {
        std::array<std::byte, 16> ones;
        ones.fill(std::byte{0xff});
        return CustomerId(ones);
    }

    static RecordRow record_row(const store::Row& row) {
        RecordRow r;
        r.collection = static_cast<std::uint16_t>(row.integer(1));
        r.record = RecordId::from_bytes(row.blob(2)).has_value() ? *RecordId::from_bytes(row.blob(2)) : RecordId();
        r.version = static_cast<std::uint64_t>(row.integer(3));
        r.sealed = to_bytes(row.blob(4));
        return r;
    }

    void stray(ByteView customer, const std::string& place) {
        const auto id = CustomerId::from_bytes(customer);
        found("orphan", id ? *id : CustomerId(), place, "a record without a customer");
    }

    Result<void> check_range(std::size_t range) {
        CLOISTER_ASSIGN_OR_RETURN(const std::vector<LoggedChange> changes, files_->load(range));
        CLOISTER_ASSIGN_OR_RETURN(const std::vector<StoredCustomer> customers, load_range(range));
        std::vector<CustomerId> ids;
        for (const StoredCustomer& c : customers) ids.push_back(c.id);
        std::vector<keys::CustomerKeysPtr> opened;
        if (auto all = parts_.keys.find_many(ids))
            opened = std::move(*all);
        else
            opened = one_by_one(ids);
        auto change = changes.begin();
        for (std::size_t i = 0; i < customers.size(); ++i) {
            for (; change != changes.end() && change->customer < customers[i].id;)
                change = missing_customer(change, changes.end());
            const auto end = std::find_if(change, changes.end(),
                                          [&](const LoggedChange& c) { return c.customer != customers[i].id; });
            check_customer(customers[i], {change, end}, opened[i].get());
            change = end;
        }
        while (change != changes.end()) change = missing_customer(change, changes.end());
        return {};
    }

    // A damaged key row must not hide the state of the others.
    std::vector<keys::CustomerKeysPtr> one_by_one(const std::vector<CustomerId>& ids) {
        std::vector<keys::CustomerKeysPtr> opened;
        for (const CustomerId& id : ids) {
            auto keys = parts_.keys.find(id);
            if (!keys && keys.error().code() != ErrorCode::not_found)
                found("key-damaged", id, "keys",
                      "the customer's keys do not unwrap: restore the newest copy of the key store");
            opened.push_back(keys ? std::move(*keys) : nullptr);
        }
        return opened;
    }

    using Changes = std::vector<LoggedChange>::const_iterator;

    // The log knows a customer that the store does not.
    Changes missing_customer(Changes from, Changes end) {
        const CustomerId id = from->customer;
        found("deleted", id, "customer", "the log knows this customer, the store does not");
        return std::find_if(from, end, [&](const LoggedChange& c) { return c.customer != id; });
    }

    struct Span {
        Changes begin;
        Changes end;
    };

    void check_customer(const StoredCustomer& c, Span changes, const keys::CustomerKeys* keys) {
        ++report_.customers;
        const auto erased = [&](LoggedChange::Kind kind) {
            return std::any_of(changes.begin, changes.end, [&](const LoggedChange& x) { return x.kind == kind; });
        };
        const bool destroyed = erased(LoggedChange::Kind::keys_destroyed);
        const bool begun = destroyed || erased(LoggedChange::Kind::erase_begun);
        if (changes.begin == changes.end)
            found("inserted", c.id, "customer", "the store holds a customer that the log does not know");
        if (begun && c.state != CustomerState::erased)
            found("changed", c.id, "customer", "erased, but marked active again");
        if (!begun && c.state == CustomerState::erased)
            found("changed", c.id, "customer", "marked erased without an erasure in the log");
        if (destroyed) return check_erased(c, keys);
        if (keys == nullptr && !begun) found("no-key", c.id, "keys", "the customer has records but no keys");
        check_records(c, changes);
        if (keys != nullptr)
            for (const auto& [key, row] : c.records) check_opens(c.id, row, *keys);
        count_tokens(c);
    }

    void check_erased(const StoredCustomer& c, const keys::CustomerKeys* keys) {
        if (keys != nullptr) found("inserted", c.id, "keys", "the customer was erased, but keys are there again");
        // Rows may still be on their way out; what matters is that nothing opens. Index rows are counted with them.
        count_tokens(c);
    }

    void check_records(const StoredCustomer& c, Span changes) {
        std::map<RecordKey, std::vector<const LoggedChange*>> logged;
        for (auto it = changes.begin; it != changes.end; ++it)
            if (it->kind == LoggedChange::Kind::written || it->kind == LoggedChange::Kind::deleted)
                logged[{it->collection, it->record}].push_back(&*it);
        for (const auto& [key, row] : c.records) {
            ++report_.records;
            const auto known = logged.find(key);
            const std::string place = name_of(key.first, key.second);
            if (known == logged.end())
                found("inserted", c.id, place, "the log does not know this record");
            else
                compare(c.id, place, row, *known->second.back(), known->second);
        }
        for (const auto& [key, list] : logged)
            if (list.back()->kind == LoggedChange::Kind::written && !c.records.contains(key))
                found("deleted", c.id, name_of(key.first, key.second), "the log knows this record, the store does not");
        check_history(c, logged);
    }

    void compare(const CustomerId& id, const std::string& place, const RecordRow& row, const LoggedChange& last,
                 const std::vector<const LoggedChange*>& all) {
        const Digest digest = digest_of({parts_.vault, id, row.collection, row.record, row.version}, row.sealed);
        if (last.kind == LoggedChange::Kind::deleted)
            return found("inserted", id, place,
                         "deleted at version " + std::to_string(last.version) + ", but there again");
        if (row.version == last.version && digest == last.digest) return;
        const bool earlier = std::any_of(all.begin(), all.end(), [&](const LoggedChange* c) {
            return c->version == row.version && c->digest == digest && c != &last;
        });
        if (earlier)
            found("rolled-back", id, place,
                  "version " + std::to_string(row.version) + " stands where the log has version " +
                      std::to_string(last.version));
        else
            found("changed", id, place,
                  "its bytes differ from what the log recorded for version " + std::to_string(last.version));
    }

    void check_history(const StoredCustomer& c, const std::map<RecordKey, std::vector<const LoggedChange*>>& logged) {
        std::map<std::pair<RecordKey, std::uint64_t>, bool> stored;
        for (const RecordRow& row : c.history) {
            ++report_.versions;
            const RecordKey key{row.collection, row.record};
            stored[{key, row.version}] = true;
            const std::string place =
                "history " + name_of(key.first, key.second) + " version " + std::to_string(row.version);
            const Digest digest = digest_of({parts_.vault, c.id, row.collection, row.record, row.version}, row.sealed);
            const auto known = logged.find(key);
            const bool good = known != logged.end() &&
                              std::any_of(known->second.begin(), known->second.end(), [&](const LoggedChange* l) {
                                  return l->version == row.version && l->digest == digest;
                              });
            if (!good) found("changed", c.id, place, "not what the log recorded for this version");
        }
        for (const auto& [key, list] : logged)
            for (const LoggedChange* change : list)
                if (change->kind == LoggedChange::Kind::written && change != list.back() &&
                    !stored.contains({key, change->version}))
                    found("deleted", c.id,
                          "history " + name_of(key.first, key.second) + " version " + std::to_string(change->version),
                          "an earlier version is missing");
    }

    // Opens everything: under the right key, in its place, with the index tokens that its values give.
    void check_opens(const CustomerId& id, const RecordRow& row, const keys::CustomerKeys& keys) {
        const std::string place = name_of(row.collection, row.record);
        const crypto::DataKey* key = keys.find(row.collection);
        if (key == nullptr) return found("no-key", id, place, "no key for this collection");
        crypto::Aead aead(*key);
        const auto sealed = SealedRecord::parse(row.sealed);
        const RecordAddress address{parts_.vault, id, row.collection, row.record, row.version};
        const auto fields = sealed ? sealed->open_all(aead, address) : Result<std::vector<PlainField>>(sealed.error());
        if (!fields) return found("does-not-open", id, place, "the sealed bytes are damaged or were moved here");
        const Collection* collection = schema_->find(row.collection);
        if (collection == nullptr) return;
        std::vector<IndexToken> tokens;
        for (const PlainField& field : *fields)
            if (const FieldDef* def = collection->find(field.number))
                index_.tokens_of(*def, field.text.reveal(), tokens);
        if (pack_tokens(std::move(tokens)) != row.tokens)
            found("index-changed", id, place, "the index tokens are not those of its values: a search may miss it");
    }

    // ---- the index: the rows that all records' tokens ask for, as a sum that does not depend on order

    static std::uint64_t fingerprint(std::int64_t slot, std::int64_t token, ByteView customer, ByteView record) {
        std::array<std::byte, 16> numbers;
        store_be<std::uint64_t>(numbers.data(), static_cast<std::uint64_t>(slot));
        store_be<std::uint64_t>(numbers.data() + 8, static_cast<std::uint64_t>(token));
        return load_be<std::uint64_t>(crypto::sha256({numbers, customer, record}).data());
    }

    void count_tokens(const StoredCustomer& c) {
        for (const auto& [key, row] : c.records) {
            const auto tokens = unpack_tokens(row.tokens);
            if (!tokens) {
                found("index-changed", c.id, name_of(key.first, key.second), "the index tokens are damaged");
                continue;
            }
            for (const IndexToken& t : *tokens) {
                expected_ += fingerprint(t.slot, sql(t.token), c.id.bytes(),
                                         row.record.is_nil() ? ByteView() : row.record.bytes());
                ++expected_rows_;
            }
        }
    }

    Result<void> check_index_rows() {
        std::uint64_t sum = 0;
        std::uint64_t rows = 0;
        CLOISTER_RETURN_IF_ERROR(parts_.data.read([&](store::Snapshot& snapshot) {
            return snapshot.query("SELECT slot, token, customer, record FROM blind_index", {},
                                  [&](const store::Row& row) {
                                      sum += fingerprint(row.integer(0), row.integer(1), row.blob(2), row.blob(3));
                                      ++rows;
                                      return true;
                                  });
        }));
        if (sum == expected_ && rows == expected_rows_) return {};
        return name_index_rows();
    }

    // Only when the sums differ: look at each row on either side.
    Result<void> name_index_rows() {
        const std::uint64_t before = report_.findings_total;
        CLOISTER_RETURN_IF_ERROR(parts_.data.read([&](store::Snapshot& snapshot) -> Result<void> {
            CLOISTER_RETURN_IF_ERROR(snapshot.query(
                "SELECT b.slot, b.token, b.customer, b.record, r.tokens, r.collection FROM blind_index AS b LEFT JOIN "
                "records AS r ON "
                "r.customer = b.customer AND r.record = b.record ORDER BY b.slot, b.token, b.customer, b.record",
                {}, [&](const store::Row& row) {
                    const IndexToken token{static_cast<std::uint16_t>(row.integer(0)),
                                           static_cast<std::uint64_t>(row.integer(1))};
                    const auto has = [&] {
                        if (row.is_null(4)) return false;
                        const auto tokens = unpack_tokens(row.blob(4));
                        return tokens && std::binary_search(tokens->begin(), tokens->end(), token);
                    };
                    settle(token, row.blob(2), row.blob(3), has());
                    return true;
                }));
            settle_last();
            return snapshot.query(
                "SELECT customer, collection, record, tokens FROM records", {}, [&](const store::Row& row) {
                    const auto tokens = unpack_tokens(row.blob(3));
                    const auto id = CustomerId::from_bytes(row.blob(0));
                    if (!tokens || !id) return true;
                    const Bytes record = to_bytes(row.blob(2));
                    const auto collection = static_cast<std::uint16_t>(row.integer(1));
                    for (const IndexToken& t : *tokens) {
                        const auto there = snapshot.first(
                            "SELECT 1 FROM blind_index WHERE slot = $1 AND token = $2 AND customer = $3 AND record = "
                            "$4",
                            {std::int64_t{t.slot}, sql(t.token), id->bytes(), ByteView(record)},
                            [](const store::Row&) { return true; });
                        if (there && !*there) {
                            const auto parsed = RecordId::from_bytes(record);
                            found("index-deleted", *id, name_of(collection, parsed ? *parsed : RecordId()),
                                  "an index row is missing: a search would miss it");
                        }
                    }
                    return true;
                });
        }));
        if (report_.findings_total == before)
            found("index-changed", {}, "blind_index", "index rows were added or removed");
        return {};
    }

    // A row of the index belongs to one record; the join may show several collections' records for it.
    void settle(const IndexToken& token, ByteView customer, ByteView record, bool good) {
        Bytes key;
        append_be<std::uint16_t>(key, token.slot);
        append_be<std::uint64_t>(key, token.token);
        append(key, customer);
        append(key, record);
        if (key != current_) {
            settle_last();
            current_ = std::move(key);
            current_customer_ =
                CustomerId::from_bytes(customer).has_value() ? *CustomerId::from_bytes(customer) : CustomerId();
            current_good_ = false;
        }
        current_good_ = current_good_ || good;
    }
    void settle_last() {
        if (!current_.empty() && !current_good_)
            found("orphan", current_customer_, "index row", "an index row that no record asks for");
        current_.clear();
    }

    // ---- the rest

    // A customer that the log knows and the store does not was reported already; the keys of any other are harmless.
    Result<void> count_unused_keys() {
        std::vector<CustomerId> batch;
        Result<void> result;
        const auto check = [&]() -> Result<void> {
            return parts_.data.read([&](store::Snapshot& snapshot) -> Result<void> {
                for (const CustomerId& id : batch) {
                    CLOISTER_ASSIGN_OR_RETURN(const auto row, find_customer(snapshot, id));
                    if (!row) ++report_.unused_keys;
                }
                batch.clear();
                return {};
            });
        };
        CLOISTER_RETURN_IF_ERROR(parts_.keys.for_each_customer(CustomerId(), [&](CustomerId id) {
            batch.push_back(id);
            if (batch.size() >= 10'000) result = check();
            return result.has_value();
        }));
        CLOISTER_RETURN_IF_ERROR(result);
        return check();
    }

    // Whoever edits the policy in the database gives himself rights: versions are held against the log too.
    Result<void> check_documents() {
        std::map<std::string, std::string> stored;
        CLOISTER_RETURN_IF_ERROR(parts_.data.read([&](store::Snapshot& snapshot) {
            return snapshot.query("SELECT kind, version, body FROM documents", {}, [&](const store::Row& row) {
                stored[std::string(row.text(0)) + " " + std::to_string(row.integer(1))] =
                    hex_encode(crypto::sha256(as_bytes(row.text(2))));
                return true;
            });
        }));
        for (const auto& [name, digest] : stored) {
            const auto known = documents_.find(name);
            if (known == documents_.end())
                found("inserted", {}, name, "the log does not know this version");
            else if (known->second != digest)
                found("changed", {}, name, "its text differs from what the log recorded");
        }
        for (const auto& [name, digest] : documents_)
            if (!stored.contains(name)) found("deleted", {}, name, "the log knows this version, the store does not");
        return {};
    }

    // Whoever adds an access token to the database opens the front door: each is held against the entry that made it.
    Result<void> check_tokens() {
        std::vector<identity::StoredToken> stored;
        CLOISTER_RETURN_IF_ERROR(parts_.data.read([&](store::Snapshot& snapshot) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(stored, identity::stored_tokens(snapshot));
            return {};
        }));
        std::set<std::string> seen;
        for (const identity::StoredToken& token : stored) {
            const std::string id = token.id.to_string();
            seen.insert(id);
            const auto known = tokens_.find(id);
            if (known == tokens_.end())
                found("inserted", {}, "token " + id, "the log does not know this access token");
            else if (known->second != token.digest)
                found("changed", {}, "token " + id,
                      "its name, roles, times or secret differ from what the log recorded");
            else if (revoked_.contains(id) && !token.revoked)
                found("changed", {}, "token " + id, "revoked, but in force again");
        }
        for (const auto& [id, digest] : tokens_)
            if (!seen.contains(id))
                found("deleted", {}, "token " + id, "the log knows this access token, the store does not");
        return {};
    }

    const VerifyParts parts_;
    const std::vector<CustomerId> bounds_;
    const std::unique_ptr<ChangeFiles> files_;
    const BlindIndex index_;
    const std::uint64_t total_;
    const std::shared_ptr<const Schema> schema_;
    VerifyReport report_;
    std::map<std::string, std::string> documents_;
    std::map<std::string, std::string> tokens_;  // id -> digest
    std::set<std::string> revoked_;
    std::uint64_t expected_ = 0;
    std::uint64_t expected_rows_ = 0;
    Bytes current_;
    CustomerId current_customer_;
    bool current_good_ = false;
};

}  // namespace

Result<std::unique_ptr<Verifier>> Verifier::make(const VerifyParts& parts) {
    std::vector<CustomerId> bounds;
    std::uint64_t customers = 0;
    CLOISTER_RETURN_IF_ERROR(parts.data.read([&](store::Snapshot& snapshot) {
        return snapshot.query("SELECT customer FROM customers ORDER BY customer", {}, [&](const store::Row& row) {
            if (++customers % kCustomersPerRange == 0)
                if (const auto id = CustomerId::from_bytes(row.blob(0))) bounds.push_back(*id);
            return true;
        });
    }));
    CLOISTER_ASSIGN_OR_RETURN(auto files, ChangeFiles::make(parts.scratch, bounds));
    CLOISTER_ASSIGN_OR_RETURN(crypto::MacKey index_key, parts.keys.vault_key("index"));
    return std::unique_ptr<Verifier>(
        std::make_unique<VerifierImpl>(parts, std::move(bounds), std::move(files), std::move(index_key), customers));
}

}  // namespace cloister::records
