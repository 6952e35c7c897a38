#include "records/schema.h"

namespace cloister::records {

std::string_view default_schema() {
    static constexpr std::string_view kDocument = R"json({
 "format": "cloister-schema/1",
 "collections": [
  {"name": "basic", "kind": "basic", "title": "Basic information", "fields": [
   {"name": "customer_no", "type": "customer.id", "indexes": [{"kind": "exact"}]},
   {"name": "name", "type": "name.full", "indexes": [{"kind": "exact"}, {"kind": "ngram"}]},
   {"name": "name_latin", "type": "name.latin"},
   {"name": "sex", "type": "sex"},
   {"name": "birth_date", "type": "birth.date", "indexes": [{"kind": "bucket", "size": 12}]},
   {"name": "country", "type": "nationality"},
   {"name": "id_type", "type": "code", "grade": 2},
   {"name": "id_number", "type": "id.any", "indexes": [{"kind": "exact"}]},
   {"name": "occupation", "type": "occupation"},
   {"name": "marital_status", "type": "marital"},
   {"name": "education", "type": "education"},
   {"name": "language", "type": "pref.language"}]},
  {"name": "contact", "kind": "contact", "title": "Contact information", "fields": [
   {"name": "mobile", "type": "phone.any", "indexes": [{"kind": "exact"}, {"kind": "suffix", "size": 4}]},
   {"name": "phone_home", "type": "phone.any"},
   {"name": "email", "type": "email", "indexes": [{"kind": "exact"}]},
   {"name": "im_account", "type": "im.other"},
   {"name": "province", "type": "text.short", "grade": 2},
   {"name": "city", "type": "text.short", "grade": 2},
   {"name": "district", "type": "text.short", "grade": 2},
   {"name": "address", "type": "address.full"},
   {"name": "postal_code", "type": "postcode"}]},
  {"name": "payment", "kind": "transaction", "title": "Payment instrument on file", "fields": [
   {"name": "bank_name", "type": "bank.name"},
   {"name": "bank_card", "type": "card.pan"},
   {"name": "card_type", "type": "code", "grade": 2},
   {"name": "card_expiry", "type": "card.expiry"}]},
  {"name": "transaction", "kind": "transaction", "title": "Transactions", "many": true, "fields": [
   {"name": "order_no", "type": "order.id", "indexes": [{"kind": "exact"}]},
   {"name": "line_no", "type": "number.integer", "grade": 1},
   {"name": "item_code", "type": "code", "grade": 2},
   {"name": "item", "type": "order.item"},
   {"name": "quantity", "type": "quantity", "grade": 2},
   {"name": "unit_price", "type": "order.amount"},
   {"name": "ordered_at", "type": "order.time"},
   {"name": "channel", "type": "code", "grade": 1},
   {"name": "payment_method", "type": "payment.method"},
   {"name": "country", "type": "text.short", "grade": 2},
   {"name": "source_invoice", "type": "order.id"}]},
  {"name": "preference", "kind": "preference", "title": "Preferences", "fields": [
   {"name": "preferred_channel", "type": "contact.preference"},
   {"name": "contact_window", "type": "pref.time"},
   {"name": "interests", "type": "pref.interest"},
   {"name": "payment_preference", "type": "text.short", "grade": 2},
   {"name": "contract", "type": "text.short", "grade": 2},
   {"name": "paperless", "type": "flag", "grade": 1},
   {"name": "marketing_opt_in", "type": "flag", "grade": 2}]},
  {"name": "feedback", "kind": "feedback", "title": "Feedback and reviews", "many": true, "fields": [
   {"name": "submitted_at", "type": "time", "grade": 2},
   {"name": "source", "type": "code", "grade": 1},
   {"name": "language", "type": "pref.language"},
   {"name": "category", "type": "text.short", "grade": 1},
   {"name": "rating", "type": "fb.rating"},
   {"name": "title", "type": "text.short", "grade": 2},
   {"name": "comment", "type": "fb.comment"}]}
 ]
})json";
    return kDocument;
}

}  // namespace cloister::records
