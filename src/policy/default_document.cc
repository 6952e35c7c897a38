#include "policy/policy.h"

namespace cloister::policy {

std::string_view default_document() {
    static constexpr std::string_view kDocument = R"yaml(format: cloister-policy/1

# Why customer information is used. A field that no purpose needs cannot be collected.
purposes:
  customer-service:
    title: Answer customers and solve their problems
    legal_basis: contract
    retention: 3 years after the last contact
    needs:
      basic.customer_no: clear
      basic.name: clear
      basic.name_latin: clear
      basic.sex: clear
      basic.language: clear
      basic.country: clear
      basic.birth_date: generalised
      basic.id_number: masked
      contact.mobile: masked
      contact.phone_home: masked
      contact.email: masked
      contact.im_account: masked
      contact.province: clear
      contact.city: clear
      contact.district: clear
      contact.address: masked
      contact.postal_code: masked
      "transaction.*": clear
      "preference.*": clear
      "feedback.*": clear

  order-fulfilment:
    title: Pack, deliver and follow up orders
    legal_basis: contract
    retention: until the right of return has ended
    needs:
      basic.customer_no: clear
      basic.name: clear
      basic.name_latin: clear
      basic.language: clear
      basic.country: clear
      contact.mobile: clear
      contact.email: masked
      contact.province: clear
      contact.city: clear
      contact.district: clear
      contact.address: clear
      contact.postal_code: clear
      preference.contact_window: clear
      "transaction.*": clear

  billing:
    title: Invoice, collect and refund payments
    legal_basis: contract
    retention: 10 years, for the books
    needs:
      basic.customer_no: clear
      basic.name: clear
      basic.country: clear
      contact.email: masked
      contact.address: clear
      contact.postal_code: clear
      payment.bank_name: clear
      payment.card_type: clear
      "payment.*": masked
      preference.payment_preference: clear
      preference.contract: clear
      preference.paperless: clear
      "transaction.*": clear

  marketing:
    title: Choose offers for customers who agreed to hear of them
    legal_basis: consent
    retention: until consent is withdrawn
    needs:
      basic.language: clear
      basic.country: clear
      basic.birth_date: generalised
      contact.city: clear
      preference.preferred_channel: clear
      preference.interests: clear
      preference.marketing_opt_in: clear

  service-quality:
    title: Learn from feedback
    legal_basis: legitimate_interest
    retention: 2 years
    needs:
      basic.sex: clear
      basic.birth_date: generalised
      contact.city: clear
      "feedback.*": clear

  record-keeping:
    title: Collect, import and correct what customers tell us
    legal_basis: legal_obligation
    retention: as long as the field's other purposes
    needs:
      "basic.*": clear
      "contact.*": clear
      "payment.*": clear
      "preference.*": clear
      "transaction.*": clear
      "feedback.*": clear

  erasure-request:
    title: Erase a customer who asked for it
    legal_basis: legal_obligation
    retention: nothing is kept but the audit entry

# Who does it. A role grants actions, for purposes, on collections; nobody has everything.
roles:
  support-agent:
    title: Customer service agent
    actions: [customer.read, customer.search]
    purposes: [customer-service]
    collections: [basic, contact, transaction, preference, feedback]
    effects:
      grade.4: masked
    obligations:
      reason: required
      rate_limit: {count: 3600, per: hour}

  order-clerk:
    title: Orders and billing
    actions: [customer.read, customer.search, customer.batch-read]
    purposes: [order-fulfilment, billing]
    collections: [basic, contact, transaction, payment, preference]
    effects:
      payment.bank_card: masked

  analyst:
    title: Marketing and service quality
    actions: [customer.batch-read]
    purposes: [marketing, service-quality]
    collections: [basic, contact, preference, feedback]
    effects:
      basic.name: denied
      basic.id_number: denied

  data-steward:
    title: Keeps customer records complete and correct
    actions:
      - customer.create
      - customer.read
      - customer.update
      - customer.search
      - customer.batch-read
      - customer.batch-write
      - customer.erase
      - record.delete
      - history.read
      - import.run
      - import.read
      - schema.read
    purposes: [record-keeping, erasure-request]
    collections: "*"

  auditor:
    title: Reads what was done, never the data itself
    actions: ["audit.*", policy.read, policy.explain, schema.read]

  security-admin:
    title: Decides who may do what
    actions: ["policy.*", "token.*", "key.*", schema.read, vault.read]

  data-protection-officer:
    title: Answers for the fields that are kept, and for requests to erase
    actions: ["schema.*", policy.read, policy.explain, audit.read, customer.erase]
    purposes: [erasure-request]

  # For programs such as a web shop.
  application:
    title: Business application
    actions:
      - customer.create
      - customer.read
      - customer.update
      - customer.search
      - customer.batch-read
      - customer.batch-write
    purposes: [order-fulfilment]
    collections: [basic, contact, transaction, preference]
)yaml";
    return kDocument;
}

}  // namespace cloister::policy
