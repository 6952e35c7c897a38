// Preparing a write: checking input, giving ids and versions, computing index tokens, sealing, and the entries that
// tell of it.
#include <algorithm>
#include <set>

#include "records/core.h"

namespace cloister::records {
namespace {

std::string problem_path(const InputRecord& record, const FieldDef& field) {
    return (record.path.empty() ? record.collection->name : record.path) + "." + field.name;
}

bool check_record(InputRecord& record, bool complete, std::vector<FieldProblem>& problems) {
    const std::size_t before = problems.size();
    std::set<const FieldDef*> seen;
    for (InputField& field : record.fields) {
        if (!seen.insert(field.field).second) problems.push_back({problem_path(record, *field.field), "given twice"});
        if (!field.text) {
            if (field.field->required) problems.push_back({problem_path(record, *field.field), "required"});
            continue;
        }
        auto canonical = field.field->type->canonical(*field.text);
        if (canonical)
            field.text = std::move(*canonical);
        else
            problems.push_back({problem_path(record, *field.field), canonical.error().detail()});
    }
    if (complete)
        for (const FieldDef& def : record.collection->fields)
            if (def.required && !def.retired && !seen.contains(&def))
                problems.push_back({problem_path(record, def), "required"});
    return problems.size() == before;
}

}  // namespace

bool Records::check(InputCustomer& customer, bool complete, std::vector<FieldProblem>& problems) {
    bool good = true;
    std::set<std::uint16_t> single;
    for (InputRecord& record : customer.records) {
        good = check_record(record, complete, problems) && good;
        if (!record.collection->many && !single.insert(record.collection->number).second) {
            problems.push_back(
                {record.path.empty() ? record.collection->name : record.path, "a customer has one of these"});
            good = false;
        }
    }
    return good;
}

void Records::Core::tokens_for(const Collection& collection, PreparedRecord& record) const {
    for (const PlainField& field : record.fields)
        if (const FieldDef* def = collection.find(field.number))
            index.tokens_of(*def, field.text.reveal(), record.tokens);
}

PreparedCustomer Records::Core::prepare_new(InputCustomer& input) const {
    PreparedCustomer customer;
    customer.customer = new_id<CustomerId>();
    for (InputRecord& in : input.records) {
        PreparedRecord record;
        record.collection = in.collection;
        if (in.collection->many) record.record = new_id<RecordId>();
        for (InputField& field : in.fields)
            if (field.text) record.fields.push_back({field.field->number, Personal(std::move(*field.text))});
        if (record.fields.empty()) continue;
        std::sort(record.fields.begin(), record.fields.end(),
                  [](const PlainField& a, const PlainField& b) { return a.number < b.number; });
        tokens_for(*in.collection, record);
        customer.records.push_back(std::move(record));
    }
    return customer;
}

void Records::Core::seal(CustomerId customer, const keys::CustomerKeys& opened, std::vector<PreparedRecord>& records,
                         Time now) const {
    std::array<std::byte, 10> nonce_base;
    for (PreparedRecord& record : records) {
        const crypto::DataKey* key = opened.find(record.collection->number);
        CLOISTER_ASSERT(key != nullptr);
        crypto::Aead aead(*key);
        crypto::fill_random(nonce_base);
        record.row.collection = record.collection->number;
        record.row.record = record.record;
        record.row.version = record.version;
        record.row.created = record.created == Time{} ? now : record.created;
        record.row.updated = now;
        record.row.sealed = seal_record(aead, address(customer, record.row), opened.epoch(), record.fields, nonce_base);
        record.row.tokens = pack_tokens(std::move(record.tokens));
        record.fields.clear();  // wipes the plain text
    }
}

Digest Records::Core::digest(CustomerId customer, const RecordRow& row) const {
    return digest_of(address(customer, row), row.sealed);
}

audit::RecordChange Records::Core::change(CustomerId customer, const RecordRow& row) const {
    return {customer, row.collection, row.record, row.version, digest(customer, row), false};
}

FieldSet Records::Core::fields_of(const std::vector<InputRecord>& records) const {
    FieldSet set;
    set.named = true;
    for (const InputRecord& record : records)
        for (const InputField& field : record.fields) {
            const bool twice = std::any_of(set.places.begin(), set.places.end(),
                                           [&](const Schema::Place& p) { return p.field == field.field; });
            if (twice) continue;
            set.places.push_back({record.collection, field.field});
            set.fields.push_back({record.collection->name, field.field->name, field.field->grade});
        }
    return set;
}

void Records::Core::name_fields(audit::Entry& entry, const FieldSet& fields, std::string_view effect) {
    for (const Schema::Place& place : fields.places)
        entry.fields.emplace_back(place.collection->name + "." + place.field->name, effect);
}

Result<void> Records::Core::record_entries(store::Transaction& transaction, audit::Entry entry,
                                           const std::vector<PreparedCustomer>& customers) {
    constexpr std::size_t kEntryChanges = 200;  // of about 200 bytes each
    const auto flush = [&]() -> Result<void> {
        if (entry.customers.empty()) return {};
        CLOISTER_RETURN_IF_ERROR(audit.record(transaction, entry));
        entry.customers.clear();
        entry.changes.clear();
        return {};
    };
    for (const PreparedCustomer& customer : customers) {
        if (entry.customers.size() >= kEntryCustomers) CLOISTER_RETURN_IF_ERROR(flush());
        bool named = false;
        for (const PreparedRecord& record : customer.records) {
            if (entry.changes.size() >= kEntryChanges) {
                CLOISTER_RETURN_IF_ERROR(flush());
                named = false;
            }
            if (!named) entry.customers.push_back(customer.customer);
            named = true;
            entry.changes.push_back(change(customer.customer, record.row));
        }
        if (!named) entry.customers.push_back(customer.customer);
    }
    return flush();
}

Result<void> Records::Core::insert_customers(store::Transaction& transaction,
                                             const std::vector<PreparedCustomer>& customers, Time now) {
    for (const PreparedCustomer& customer : customers) {
        if (customer.is_new) {
            CLOISTER_RETURN_IF_ERROR(insert_customer(transaction, customer.customer, 1, now));
        } else {
            CLOISTER_RETURN_IF_ERROR(bump_customer(transaction, customer.customer, 0, now));
        }
        for (const PreparedRecord& record : customer.records) {
            CLOISTER_RETURN_IF_ERROR(insert_row(transaction, customer.customer, record.row));
        }
    }
    return {};
}

std::vector<keys::Keyring::NewCustomer> Records::Core::new_keys(const std::vector<PreparedCustomer>& customers,
                                                                const std::vector<std::uint16_t>& collections) const {
    std::vector<keys::Keyring::NewCustomer> wanted;
    for (const PreparedCustomer& customer : customers)
        if (customer.is_new) wanted.push_back({customer.customer, collections});
    return wanted;
}

}  // namespace cloister::records
