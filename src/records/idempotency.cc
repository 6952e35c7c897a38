// Writes that may be sent twice. The receipt of a write with an Idempotency-Key is stored in the write's own
// transaction; the same key with the same request gives it again, with another request it is a conflict.
#include <boost/json.hpp>

#include "records/core.h"

namespace cloister::records {
namespace {

namespace json = boost::json;

std::string to_text(const std::vector<Receipt>& receipts) {
    json::array list;
    for (const Receipt& r : receipts) {
        json::object o{{"c", r.customer.to_string()}, {"v", r.version}};
        if (r.record) {
            o["r"] = r.record->to_string();
            o["rv"] = r.record_version;
        }
        list.push_back(std::move(o));
    }
    return json::serialize(list);
}

Result<std::vector<Receipt>> from_text(std::string_view text) {
    const auto broken = [] { return Error(ErrorCode::corrupt, "a stored receipt is damaged"); };
    boost::system::error_code ec;
    const json::value value = json::parse(text, ec);
    if (ec || !value.is_array()) return broken();
    std::vector<Receipt> receipts;
    for (const json::value& item : value.as_array()) {
        const json::object* o = item.if_object();
        if (o == nullptr || !o->contains("c") || !o->at("c").is_string() || !o->contains("v") || !o->at("v").is_int64())
            return broken();
        Receipt r;
        r.replayed = true;
        CLOISTER_ASSIGN_OR_RETURN(r.customer, CustomerId::parse(o->at("c").as_string()));
        r.version = static_cast<std::uint64_t>(o->at("v").as_int64());
        if (const json::value* record = o->if_contains("r"); record != nullptr && record->is_string()) {
            CLOISTER_ASSIGN_OR_RETURN(r.record, RecordId::parse(record->as_string()));
            if (const json::value* v = o->if_contains("rv"); v != nullptr && v->is_int64())
                r.record_version = static_cast<std::uint64_t>(v->as_int64());
        }
        receipts.push_back(r);
    }
    return receipts;
}

}  // namespace

Result<std::optional<std::vector<Receipt>>> Records::Core::replay(store::Snapshot& snapshot, const Call& call) const {
    if (!call.idempotency) return std::optional<std::vector<Receipt>>();
    struct Row {
        Bytes request;
        std::string receipt;
    };
    CLOISTER_ASSIGN_OR_RETURN(
        const auto row,
        snapshot.first("SELECT request, receipt FROM idempotency WHERE key = $1", {ByteView(call.idempotency->key)},
                       [](const store::Row& r) { return Row{to_bytes(r.blob(0)), std::string(r.text(1))}; }));
    if (!row) return std::optional<std::vector<Receipt>>();
    if (!crypto::constant_time_equal(row->request, call.idempotency->request))
        return Error(ErrorCode::conflict, "this Idempotency-Key was used for another request");
    CLOISTER_ASSIGN_OR_RETURN(auto receipts, from_text(row->receipt));
    return std::optional(std::move(receipts));
}

Result<void> Records::Core::remember(store::Transaction& transaction, const Call& call,
                                     const std::vector<Receipt>& receipts) const {
    if (!call.idempotency) return {};
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("INSERT INTO idempotency (key, request, receipt, created) VALUES ($1, $2, $3, $4)",
                            {ByteView(call.idempotency->key), ByteView(call.idempotency->request), to_text(receipts),
                             to_unix_micros(clock.now())}));
    return {};
}

}  // namespace cloister::records
