// Opening: sealed rows into views, each field as the decision says.
#include "records/core.h"

namespace cloister::records {
namespace {

// Half-way up the type's ladder: a birth date becomes a span of years, an address a city.
int middle_level(const datatypes::DataType& type) { return std::max(1, type.levels() / 2); }

Personal shown(const FieldDef& field, policy::Effect effect, Personal canonical) {
    switch (effect) {
        case policy::Effect::clear: return canonical;
        case policy::Effect::masked: return Personal(field.type->mask(canonical.reveal()));
        case policy::Effect::generalised:
            return Personal(field.type->generalise(canonical.reveal(), middle_level(*field.type)));
        case policy::Effect::token:
        case policy::Effect::absent:
        case policy::Effect::denied: return {};
    }
    return {};
}

constexpr std::size_t kRecordsInCustomer = 50;  // of a collection of many, in the answer for the whole customer

bool is_opened(policy::Effect effect) {
    return effect == policy::Effect::clear || effect == policy::Effect::masked || effect == policy::Effect::generalised;
}

bool any_opened(const FieldSet& fields, const policy::Decision& decision, const Collection& collection) {
    for (std::size_t i = 0; i < fields.places.size(); ++i)
        if (fields.places[i].collection == &collection && is_opened(decision.effects[i])) return true;
    return false;
}

}  // namespace

std::vector<const Collection*> wanted(const Schema& schema, const FieldSet& fields, const policy::Decision& decision) {
    std::vector<const Collection*> collections;
    for (const Collection& collection : schema.collections())
        if (any_opened(fields, decision, collection)) collections.push_back(&collection);
    return collections;
}

namespace {

// The end of the stretch of collections from `begin` on whose rows lie side by side: one record each, numbers without
// gaps.
std::size_t end_of_stretch(const std::vector<const Collection*>& collections, std::size_t begin) {
    std::size_t end = begin;
    while (end < collections.size() && !collections[end]->many &&
           collections[end]->number == collections[begin]->number + (end - begin))
        ++end;
    return end;
}

// The records of such a stretch with one descent of the B-tree, without their index tokens, which no reader looks at.
Result<void> load_stretch(store::Snapshot& snapshot, CustomerId customer, std::span<const Collection* const> stretch,
                          std::vector<Records::Core::Loaded>& to) {
    const std::size_t first = to.size();
    for (const Collection* collection : stretch) to.push_back({collection, {}, false});
    return snapshot.query(
        "SELECT collection, version, created, updated, sealed FROM records WHERE customer = $1 AND collection BETWEEN "
        "$2 AND $3 AND record = $4",
        {customer.bytes(), std::int64_t{stretch.front()->number}, std::int64_t{stretch.back()->number}, ByteView()},
        [&](const store::Row& row) {
            RecordRow r;
            r.collection = static_cast<std::uint16_t>(row.integer(0));
            r.version = static_cast<std::uint64_t>(row.integer(1));
            r.created = from_unix_micros(row.integer(2));
            r.updated = from_unix_micros(row.integer(3));
            r.sealed = to_bytes(row.blob(4));
            to[first + r.collection - stretch.front()->number].rows.push_back(std::move(r));
            return true;
        });
}

}  // namespace

Result<std::vector<Records::Core::Loaded>> load_all(store::Snapshot& snapshot, CustomerId customer,
                                                    const std::vector<const Collection*>& collections) {
    std::vector<Records::Core::Loaded> loaded;
    loaded.reserve(collections.size());
    for (std::size_t i = 0; i < collections.size();) {
        if (const std::size_t end = end_of_stretch(collections, i); end > i) {
            const std::span<const Collection* const> stretch(&collections[i], end - i);
            CLOISTER_RETURN_IF_ERROR(load_stretch(snapshot, customer, stretch, loaded));
            i = end;
            continue;
        }
        const Collection* collection = collections[i++];
        CLOISTER_ASSIGN_OR_RETURN(
            auto rows, list_records(snapshot, customer, collection->number, std::nullopt, kRecordsInCustomer + 1));
        const bool more = rows.size() > kRecordsInCustomer;
        if (more) rows.resize(kRecordsInCustomer);
        loaded.push_back({collection, std::move(rows), more});
    }
    return loaded;
}

Result<RecordView> Records::Core::open_record(crypto::Aead& aead, const RecordAddress& at, const RecordRow& row,
                                              const Collection& collection, const FieldSet& fields,
                                              const std::vector<policy::Effect>& effects) const {
    CLOISTER_ASSIGN_OR_RETURN(const SealedRecord sealed, SealedRecord::parse(row.sealed));
    CLOISTER_RETURN_IF_ERROR(sealed.check(aead, at));
    RecordView view;
    view.record = row.record;
    view.version = row.version;
    view.created = row.created;
    view.updated = row.updated;
    for (std::size_t i = 0; i < fields.places.size(); ++i) {
        if (fields.places[i].collection != &collection || !is_opened(effects[i])) continue;
        const FieldDef& field = *fields.places[i].field;
        CLOISTER_ASSIGN_OR_RETURN(std::optional<Personal> text, sealed.open(aead, at, field.number));
        if (text) view.fields.push_back({&field, effects[i], shown(field, effects[i], std::move(*text))});
    }
    return view;
}

Result<CustomerView> Records::Core::open_customer(CustomerId customer, std::uint64_t version,
                                                  const std::vector<Loaded>& loaded,
                                                  const keys::CustomerKeysPtr& opened, const FieldSet& fields,
                                                  const policy::Decision& decision,
                                                  std::shared_ptr<const Schema> schema) const {
    CustomerView view;
    view.customer = customer;
    view.version = version;
    for (const Loaded& part : loaded) {
        CollectionView collection{part.collection, {}, part.more};
        if (!part.rows.empty()) {
            const crypto::DataKey* key = opened->find(part.collection->number);
            if (key == nullptr) return Error(ErrorCode::corrupt, "sealed data does not open");
            crypto::Aead aead(*key);
            for (const RecordRow& row : part.rows) {
                CLOISTER_ASSIGN_OR_RETURN(RecordView record, open_record(aead, address(customer, row), row,
                                                                         *part.collection, fields, decision.effects));
                collection.records.push_back(std::move(record));
            }
        }
        view.collections.push_back(std::move(collection));
    }
    for (std::size_t i = 0; i < fields.places.size(); ++i) {
        const policy::Effect effect = decision.effects[i];
        if (effect == policy::Effect::clear) continue;
        // Asked for everything, a caller is told of what was changed, not of each field that is not his business.
        if (!fields.named && !is_opened(effect)) continue;
        view.effects.emplace_back(fields.places[i].collection->name + "." + fields.places[i].field->name, effect);
    }
    view.schema = std::move(schema);
    return view;
}

}  // namespace cloister::records
