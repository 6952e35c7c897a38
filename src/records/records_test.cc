#include "records/records.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "records/records_testing.h"

namespace cloister::records {
namespace {

using namespace testing;  // NOLINT: the folder's own helpers

const Fields kLin{{"basic.name", "林小雨"},
                  {"basic.birth_date", "1990-05-17"},
                  {"basic.id_number", "11010519491231002X"},
                  {"contact.mobile", "13812345678"},
                  {"contact.city", "上海"}};

const FieldView* field_of(const CustomerView& view, std::string_view path) {
    for (const CollectionView& collection : view.collections)
        for (const RecordView& record : collection.records)
            for (const FieldView& field : record.fields)
                if (collection.collection->name + "." + field.field->name == path) return &field;
    return nullptr;
}

std::string text_of(const CustomerView& view, std::string_view path) {
    const FieldView* field = field_of(view, path);
    return field == nullptr ? "" : std::string(field->text.reveal());
}

Call agent(const TestVault& vault) {
    Call call = vault.call("customer-service", "support-agent");
    call.reason = "Ticket 4711";
    return call;
}

// ------------------------------------------------------------------------------------------------------------ reading

TEST(Reading, shows_each_field_as_the_decision_says) {  // R8, R9
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    Call call = agent(vault);
    Promise promise;
    const CustomerView view = TestVault::must(vault.records->read(call, lin, {}, promise.audited()));
    ASSERT_TRUE(promise.answer.get());
    EXPECT_EQ(promise.calls, 1);
    EXPECT_EQ(text_of(view, "basic.name"), "林小雨");
    EXPECT_EQ(text_of(view, "contact.city"), "上海");
    ASSERT_NE(field_of(view, "contact.mobile"), nullptr);
    EXPECT_EQ(field_of(view, "contact.mobile")->effect, policy::Effect::masked);
    EXPECT_EQ(text_of(view, "contact.mobile").find("1234"), std::string::npos);
    ASSERT_NE(field_of(view, "basic.birth_date"), nullptr);
    EXPECT_EQ(field_of(view, "basic.birth_date")->effect, policy::Effect::generalised);
    EXPECT_EQ(text_of(view, "basic.birth_date").find("05-17"), std::string::npos);
    // Told of what was changed, not of every field that is nobody's business here.
    const std::pair<std::string, policy::Effect> masked{"contact.mobile", policy::Effect::masked};
    EXPECT_NE(std::find(view.effects.begin(), view.effects.end(), masked), view.effects.end());
    for (const auto& [path, effect] : view.effects) EXPECT_NE(effect, policy::Effect::denied) << path;

    const auto entries = entries_of(vault, lin);
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].action, "customer.read");
    EXPECT_EQ(entries[0].decision, "permit");
    EXPECT_EQ(entries[0].purpose, "customer-service");
    EXPECT_EQ(entries[0].reason, "Ticket 4711");
    const std::pair<std::string, std::string> named{"contact.mobile", "masked"};
    EXPECT_NE(std::find(entries[0].fields.begin(), entries[0].fields.end(), named), entries[0].fields.end());
}

TEST(Reading, refuses_and_audits_a_field_that_the_purpose_does_not_need) {  // R9
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    Call call = vault.call("order-fulfilment", "order-clerk");
    Promise promise;
    const auto view = vault.records->read(call, lin, {{"basic.id_number"}}, promise.audited());
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error().code(), ErrorCode::forbidden);
    EXPECT_EQ(call.denial, policy::Denial::field_not_needed);
    ASSERT_TRUE(promise.answer.get());
    EXPECT_EQ(promise.calls, 1);
    const auto entries = entries_of(vault, lin);
    EXPECT_EQ(entries[0].decision, "deny");
    EXPECT_EQ(entries[0].problem, "field-not-needed");
    EXPECT_TRUE(entries[0].fields.empty());
}

TEST(Reading, names_the_effect_of_a_denied_field_beside_a_permitted_one) {
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    Call call = vault.call("order-fulfilment", "order-clerk");
    const auto view = TestVault::must(
        vault.records->read(call, lin, {{"basic.id_number", "contact.mobile"}}, [](Result<std::uint64_t>) {}));
    EXPECT_EQ(text_of(view, "contact.mobile").find('*'), std::string::npos);
    EXPECT_EQ(field_of(view, "basic.id_number"), nullptr);
    const std::pair<std::string, policy::Effect> denied{"basic.id_number", policy::Effect::denied};
    EXPECT_NE(std::find(view.effects.begin(), view.effects.end(), denied), view.effects.end());
}

TEST(Reading, calls_audited_exactly_once_on_every_path) {  // R25
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    const RecordId order = *TestVault::must(add(vault, lin, "transaction", {{"order_no", "A-1"}})).front().record;
    const CustomerId nobody = CustomerId::make_v7(1, crypto::random_array<10>());
    const auto once = [&](const char* what, auto&& act) {
        for (const char* purpose : {"record-keeping", "no-such-purpose", ""}) {
            Call call = vault.call(purpose);
            Promise promise;
            static_cast<void>(act(call, promise.audited()));
            ASSERT_TRUE(promise.answer.get()) << what;
            EXPECT_EQ(promise.calls, 1) << what;
        }
    };
    Records& records = *vault.records;
    for (const CustomerId& id : {lin, nobody}) {
        once("read", [&](Call& c, Audited a) { return records.read(c, id, {}, std::move(a)); });
        once("read unknown", [&](Call& c, Audited a) { return records.read(c, id, {{"no.field"}}, std::move(a)); });
        once("list",
             [&](Call& c, Audited a) { return records.list(c, id, "transaction", std::nullopt, 5, {}, std::move(a)); });
        once("list unknown",
             [&](Call& c, Audited a) { return records.list(c, id, "nothing", std::nullopt, 5, {}, std::move(a)); });
        once("list outside", [&](Call& c, Audited a) {
            return records.list(c, id, "transaction", std::nullopt, 5, {{"basic.name"}}, std::move(a));
        });
        for (const RecordId& record : {order, RecordId()}) {
            once("record",
                 [&](Call& c, Audited a) { return records.read_record(c, id, "transaction", record, std::move(a)); });
            once("history",
                 [&](Call& c, Audited a) { return records.history(c, id, "transaction", record, std::move(a)); });
        }
        once("batch",
             [&](Call& c, Audited a) { return records.batch_read(c, std::vector<CustomerId>{id}, {}, std::move(a)); });
        once("search", [&](Call& c, Audited a) {
            return records.search(c, {.where = {{"contact.mobile", "equals", Personal("13812345678"), Personal()}}},
                                  std::move(a));
        });
        once("search badly", [&](Call& c, Audited a) {
            return records.search(c, {.where = {{"basic.sex", "equals", Personal("1"), Personal()}}}, std::move(a));
        });
        once("search for nothing", [&](Call& c, Audited a) { return records.search(c, {}, std::move(a)); });
    }
    once("empty batch", [&](Call& c, Audited a) { return records.batch_read(c, {}, {}, std::move(a)); });
}

TEST(Reading, queues_the_audit_entry_before_it_asks_for_keys) {  // R25
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    WatchedVault watched(vault);
    const auto order_of = [&](auto&& act) {
        watched.events.clear();
        Call call = vault.call();
        Promise promise;
        EXPECT_TRUE(act(call, promise.audited()));
        EXPECT_TRUE(promise.answer.get());
        return watched.events;
    };
    const auto starts_well = [](const std::vector<std::string>& events) {
        return events.size() >= 2 && events[0].starts_with("append ") && events[1] == "keys";
    };
    Records& records = *watched.records;
    EXPECT_TRUE(starts_well(order_of([&](Call& c, Audited a) { return records.read(c, lin, {}, std::move(a)); })));
    EXPECT_TRUE(starts_well(order_of(
        [&](Call& c, Audited a) { return records.list(c, lin, "contact", std::nullopt, 5, {}, std::move(a)); })));
    EXPECT_TRUE(starts_well(order_of(
        [&](Call& c, Audited a) { return records.read_record(c, lin, "contact", RecordId(), std::move(a)); })));
    EXPECT_TRUE(starts_well(
        order_of([&](Call& c, Audited a) { return records.history(c, lin, "contact", RecordId(), std::move(a)); })));
    EXPECT_TRUE(starts_well(order_of(
        [&](Call& c, Audited a) { return records.batch_read(c, std::vector<CustomerId>{lin}, {}, std::move(a)); })));
    EXPECT_TRUE(starts_well(order_of([&](Call& c, Audited a) {
        return records.search(c, {.where = {{"contact.mobile", "equals", Personal("13812345678"), Personal()}}},
                              std::move(a));
    })));
}

TEST(Reading, tells_that_the_entry_could_not_be_written) {  // R25, R26
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    WatchedVault watched(vault);
    watched.log.failing = true;
    Call call = vault.call();
    Promise promise;
    static_cast<void>(watched.records->read(call, lin, {}, promise.audited()));
    const auto index = promise.answer.get();
    ASSERT_FALSE(index);
    EXPECT_EQ(index.error().code(), ErrorCode::storage_full);
    EXPECT_EQ(promise.calls, 1);

    const auto written = wait_for([&](Written done) {
        watched.records->create(shared(vault.call()), customer_of(vault, kLin), std::move(done));
    });
    ASSERT_FALSE(written);
    EXPECT_EQ(vault.customers(), 1);
}

TEST(Reading, keeps_the_order_of_a_batch_and_leaves_out_who_is_not_there) {
    TestVault vault;
    std::vector<CustomerId> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(create_one(vault, {{"basic.customer_no", "C" + std::to_string(i)}}));
    const CustomerId nobody = CustomerId::make_v7(1, crypto::random_array<10>());
    Call call = vault.call();
    Promise promise;
    const auto views = TestVault::must(vault.records->batch_read(call, std::vector<CustomerId>{ids[2], nobody, ids[0]},
                                                                 {{"basic.customer_no"}}, promise.audited()));
    ASSERT_TRUE(promise.answer.get());
    ASSERT_EQ(views.size(), 2u);
    EXPECT_EQ(text_of(views[0], "basic.customer_no"), "C2");
    EXPECT_EQ(text_of(views[1], "basic.customer_no"), "C0");
}

TEST(Reading, pages_through_the_records_of_a_collection_newest_first) {
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    for (int i = 0; i < 5; ++i) {
        vault.clock.advance(std::chrono::seconds(1));
        TestVault::must(add(vault, lin, "transaction", {{"order_no", "A-" + std::to_string(i)}}));
    }
    std::vector<std::string> seen;
    std::optional<RecordId> before;
    for (bool more = true; more;) {
        Call call = vault.call();
        const auto view =
            TestVault::must(vault.records->list(call, lin, "transaction", before, 2, {}, [](Result<std::uint64_t>) {}));
        for (const RecordView& record : view.collections[0].records) {
            seen.emplace_back(record.fields[0].text.reveal());
            before = record.record;
        }
        more = view.collections[0].more;
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"A-4", "A-3", "A-2", "A-1", "A-0"}));
}

TEST(Reading, refuses_past_the_rate_limit_and_serves_again_in_the_next_window) {  // R10
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    std::string policy(policy::default_document());
    const std::string limit = "{count: 3600, per: hour}";
    policy.replace(policy.find(limit), limit.size(), "{count: 2, per: hour}");
    TestVault::must_do(vault.data->write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(vault.rules->put_policy(transaction, policy, 1, "test"));
        return {};
    }));
    const auto read = [&] {
        Call call = agent(vault);
        return vault.records->read(call, lin, {}, [](Result<std::uint64_t>) {});
    };
    EXPECT_TRUE(read());
    EXPECT_TRUE(read());
    EXPECT_EQ(read().error().code(), ErrorCode::rate_limited);
    vault.clock.advance(std::chrono::minutes(59));
    EXPECT_EQ(read().error().code(), ErrorCode::rate_limited);
    vault.clock.advance(std::chrono::minutes(1));
    EXPECT_TRUE(read());
}

TEST(Limiter, counts_per_caller_and_purpose_and_never_more_than_the_limit) {
    Limiter limiter;
    const Time now{std::chrono::hours(1)};
    const policy::RateLimit two{.count = 2, .per_seconds = 60};
    EXPECT_TRUE(limiter.take("a", "p", two, 2, now));
    EXPECT_FALSE(limiter.take("a", "p", two, 1, now));
    EXPECT_TRUE(limiter.take("b", "p", two, 1, now));
    EXPECT_TRUE(limiter.take("a", "q", two, 1, now));
    EXPECT_FALSE(limiter.take("a", "q", two, 2, now));  // would pass it, so nothing is counted
    EXPECT_TRUE(limiter.take("a", "q", two, 1, now));
    EXPECT_TRUE(limiter.take("a", "p", two, 1, now + std::chrono::seconds(60)));
    EXPECT_TRUE(limiter.take("a", "p", two, 1, now));  // a clock set back starts a window of its own
    EXPECT_TRUE(limiter.take("c", "p", {}, 1'000'000, now));
    const policy::RateLimit most{.count = UINT32_MAX, .per_seconds = 60};
    EXPECT_TRUE(limiter.take("d", "p", most, UINT32_MAX, now));
    EXPECT_FALSE(limiter.take("d", "p", most, 1, now));
}

// ------------------------------------------------------------------------------------------------------------ writing

TEST(Writing, creates_a_customer_with_its_entry_in_the_same_commit) {  // R1, R25
    TestVault vault;
    const auto receipts = TestVault::must(create(vault, kLin));
    ASSERT_EQ(receipts.size(), 1u);
    EXPECT_EQ(receipts[0].version, 1u);
    EXPECT_FALSE(receipts[0].replayed);
    const CustomerId lin = receipts[0].customer;
    EXPECT_EQ(vault.value(lin, "basic.name"), "林小雨");
    const auto entries = entries_of(vault, lin);
    ASSERT_FALSE(entries.empty());
    EXPECT_EQ(entries.back().action, "customer.create");
    EXPECT_EQ(entries.back().changes.size(), 2u);
    for (const auto& [path, effect] : entries.back().fields) EXPECT_EQ(effect, "written") << path;
}

TEST(Writing, keeps_no_value_in_the_clear) {  // R3
    TestVault vault;
    create_one(vault, kLin);
    for (const char* value : {"林小雨", "13812345678", "11010519491231002X"})
        EXPECT_EQ(vault.count("SELECT COUNT(*) FROM records WHERE instr(sealed, CAST('" + std::string(value) +
                              "' AS BLOB)) > 0"),
                  0);
}

TEST(Writing, names_every_wrong_field_and_writes_nothing) {  // R2
    TestVault vault;
    const CallPtr call = shared(vault.call());
    const auto refused =
        create(vault, {{"basic.name", "林小雨"}, {"contact.mobile", "12"}, {"basic.birth_date", "1990-13-40"}}, call);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::invalid_argument);
    std::vector<std::string> paths;
    for (const FieldProblem& p : call->problems) {
        paths.push_back(p.path);
        EXPECT_EQ(p.reason.find("1990-13-40"), std::string::npos);
    }
    std::sort(paths.begin(), paths.end());
    EXPECT_EQ(paths, (std::vector<std::string>{"basic.birth_date", "contact.mobile"}));
    EXPECT_EQ(vault.customers(), 0);
    TestVault::must_do(vault.audit->catch_up());
    const auto log = TestVault::must(vault.audit->search({}));
    ASSERT_FALSE(log.empty());
    EXPECT_EQ(log[0].entry.decision, "deny");
}

TEST(Writing, merges_a_patch_and_removes_what_is_null) {  // R1
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    const auto receipts = TestVault::must(
        update(vault, lin,
               {{"contact.city", std::nullopt}, {"contact.mobile", "13900000001"}, {"payment.bank_name", "ICBC"}}, 1));
    EXPECT_EQ(receipts[0].version, 2u);
    EXPECT_EQ(vault.value(lin, "contact.city"), "");
    EXPECT_EQ(vault.value(lin, "payment.bank_name"), "ICBC");
    EXPECT_EQ(vault.value(lin, "basic.name"), "林小雨");
    EXPECT_TRUE(vault.find("contact.mobile", "13812345678").empty());
    EXPECT_EQ(vault.find("contact.mobile", "13900000001"), std::vector<CustomerId>{lin});
}

TEST(Writing, refuses_and_audits_another_version_than_the_stored_one) {  // R5
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    TestVault::must(update(vault, lin, {{"contact.city", "北京"}}, 1));
    const auto late = update(vault, lin, {{"contact.city", "广州"}}, 1);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::precondition_failed);
    EXPECT_EQ(entries_of(vault, lin)[0].problem, "precondition_failed");
    EXPECT_EQ(vault.value(lin, "contact.city"), "北京");
    TestVault::must(update(vault, lin, {{"contact.city", "广州"}}));  // any version

    const auto gone = remove(vault, lin, "contact", RecordId(), 1);
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code(), ErrorCode::precondition_failed);
    EXPECT_EQ(entries_of(vault, lin)[0].action, "record.delete");
    EXPECT_EQ(entries_of(vault, lin)[0].decision, "deny");
}

TEST(Writing, lets_one_of_two_changes_of_the_same_version_win) {  // R5
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    for (std::uint64_t version = 1; version < 20; ++version) {
        std::vector<std::future<bool>> attempts;
        for (int i = 0; i < 3; ++i)
            attempts.push_back(std::async(std::launch::async, [&, i] {
                const auto written = update(vault, lin, {{"contact.city", "City " + std::to_string(i)}}, version);
                if (!written) EXPECT_EQ(written.error().code(), ErrorCode::precondition_failed);
                return written.has_value();
            }));
        int won = 0;
        for (auto& attempt : attempts) won += attempt.get() ? 1 : 0;
        ASSERT_EQ(won, 1);
    }
}

// The default schema with one more collection, whose records need a number.
void add_memberships(TestVault& vault) {
    std::string schema(default_schema());
    schema.insert(schema.rfind("\n ]"),
                  R"(, {"name": "membership", "kind": "preference", "title": "Memberships", "many": true, "fields": [
                      {"name": "number", "type": "order.id", "required": true}, {"name": "level", "type": "code", "grade": 1}]})");
    std::string policy(policy::default_document());
    const std::string after = "      \"feedback.*\": clear\n\n  erasure-request";
    policy.insert(policy.find(after), "      \"membership.*\": clear\n");
    TestVault::must_do(vault.data->write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(vault.rules->put_schema(transaction, schema, 1, "test"));
        return {};
    }));
    TestVault::must_do(vault.data->write([&](store::Transaction& transaction) -> Result<void> {
        CLOISTER_RETURN_IF_ERROR(vault.rules->put_policy(transaction, policy, 1, "test"));
        return {};
    }));
}

TEST(Writing, asks_for_required_fields_wherever_a_record_begins_or_changes) {  // R2
    TestVault vault;
    add_memberships(vault);
    EXPECT_EQ(create(vault, {{"membership.level", "gold"}}).error().code(), ErrorCode::invalid_argument);
    const CustomerId lin = create_one(vault, kLin);
    EXPECT_EQ(add(vault, lin, "membership", {{"level", "gold"}}).error().code(), ErrorCode::invalid_argument);
    const auto added = TestVault::must(add(vault, lin, "membership", {{"number", "M-1"}, {"level", "gold"}}));
    const auto schema = vault.rules->schema();
    const auto change = [&](const Fields& fields) {
        InputRecord patch = record_of(*schema, "membership", fields);
        patch.record = added.front().record;
        return wait_for([&](Written done) {
            vault.records->update_record(shared(vault.call()), lin, std::move(patch), schema, 1, std::move(done));
        });
    };
    EXPECT_EQ(change({{"number", std::nullopt}}).error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(TestVault::must(change({{"level", std::nullopt}})).front().record_version, 2u);

    std::vector<InputCustomer> batch(1);
    batch[0].schema = schema;
    batch[0].customer = lin;
    batch[0].records.push_back(record_of(*schema, "membership", {{"level", "gold"}}));
    const auto refused = wait_for(
        [&](Written done) { vault.records->batch_write(shared(vault.call()), std::move(batch), std::move(done)); });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::invalid_argument);
}

TEST(Writing, makes_keys_for_a_collection_that_came_after_the_customer) {
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    add_memberships(vault);
    TestVault::must(add(vault, lin, "membership", {{"number", "M-1"}}));
    EXPECT_EQ(vault.value(lin, "membership.number"), "M-1");
}

TEST(Writing, keeps_every_version_in_the_history) {  // R6
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    TestVault::must(update(vault, lin, {{"contact.city", "北京"}}));
    TestVault::must(update(vault, lin, {{"contact.city", std::nullopt}}));
    Call call = vault.call();
    const auto view =
        TestVault::must(vault.records->history(call, lin, "contact", RecordId(), [](Result<std::uint64_t>) {}));
    ASSERT_EQ(view.collections.size(), 1u);
    std::vector<std::pair<std::uint64_t, std::string>> cities;
    for (const RecordView& record : view.collections[0].records) {
        cities.emplace_back(record.version, "");
        for (const FieldView& field : record.fields)
            if (field.field->name == "city") cities.back().second = field.text.reveal();
    }
    EXPECT_EQ(cities, (std::vector<std::pair<std::uint64_t, std::string>>{{3, ""}, {2, "北京"}, {1, "上海"}}));
}

TEST(Writing, goes_on_counting_when_a_deleted_record_comes_again) {  // R6: a version number means one content for ever
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    TestVault::must(update(vault, lin, {{"contact.city", "北京"}}));
    TestVault::must(remove(vault, lin, "contact", RecordId(), 2));
    EXPECT_EQ(vault.value(lin, "contact.mobile"), "");
    EXPECT_TRUE(vault.find("contact.mobile", "13812345678").empty());
    EXPECT_EQ(remove(vault, lin, "contact", RecordId()).error().code(), ErrorCode::not_found);
    TestVault::must(update(vault, lin, {{"contact.city", "深圳"}}));
    Call call = vault.call();
    const auto view =
        TestVault::must(vault.records->history(call, lin, "contact", RecordId(), [](Result<std::uint64_t>) {}));
    std::vector<std::uint64_t> versions;
    for (const RecordView& record : view.collections[0].records) versions.push_back(record.version);
    EXPECT_EQ(versions, (std::vector<std::uint64_t>{3, 2, 1}));
    TestVault::must(update(vault, lin, {{"contact.city", "成都"}}));
    EXPECT_EQ(vault.value(lin, "contact.city"), "成都");
}

// --------------------------------------------------------------------------------------------------------- repetition

CallPtr repeatable(const TestVault& vault, std::string_view key, std::string_view request) {
    Call call = vault.call();
    call.idempotency = {crypto::sha256(as_bytes(key)), crypto::sha256(as_bytes(request))};
    return shared(std::move(call));
}

TEST(Idempotency, gives_the_first_receipt_again) {  // R27
    TestVault vault;
    const auto first = TestVault::must(create(vault, kLin, repeatable(vault, "k", "r")));
    const auto again = TestVault::must(create(vault, kLin, repeatable(vault, "k", "r")));
    EXPECT_EQ(again[0].customer, first[0].customer);
    EXPECT_EQ(again[0].version, first[0].version);
    EXPECT_TRUE(again[0].replayed);
    EXPECT_EQ(vault.customers(), 1);
    EXPECT_EQ(create(vault, kLin, repeatable(vault, "k", "other")).error().code(), ErrorCode::conflict);
    EXPECT_EQ(vault.customers(), 1);
}

TEST(Idempotency, gives_the_receipt_of_a_change_although_the_version_has_moved_on) {  // R27
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    const Fields change{{"contact.city", "北京"}};
    const auto first = TestVault::must(update(vault, lin, change, 1, repeatable(vault, "k", "r")));
    const auto again = TestVault::must(update(vault, lin, change, 1, repeatable(vault, "k", "r")));
    EXPECT_TRUE(again[0].replayed);
    EXPECT_EQ(again[0].version, first[0].version);
    EXPECT_EQ(update(vault, lin, change, 2, repeatable(vault, "k", "x")).error().code(), ErrorCode::conflict);

    const auto gone = TestVault::must(remove(vault, lin, "contact", RecordId(), 2, repeatable(vault, "d", "r")));
    const auto gone_again = TestVault::must(remove(vault, lin, "contact", RecordId(), 2, repeatable(vault, "d", "r")));
    EXPECT_TRUE(gone_again[0].replayed);
    EXPECT_EQ(gone_again[0].version, gone[0].version);
}

TEST(Idempotency, lets_duplicates_at_the_same_time_write_once_and_leave_no_keys) {  // R27
    TestVault vault;
    std::vector<std::future<CustomerId>> calls;
    for (int i = 0; i < 8; ++i)
        calls.push_back(std::async(std::launch::async, [&] {
            return TestVault::must(create(vault, kLin, repeatable(vault, "k", "r"))).front().customer;
        }));
    const CustomerId first = calls[0].get();
    for (std::size_t i = 1; i < calls.size(); ++i) EXPECT_EQ(calls[i].get(), first);
    EXPECT_EQ(vault.customers(), 1);
    vault.records.reset();  // closing drops the keys that the losers had made
    std::uint64_t with_keys = 0;
    TestVault::must_do(vault.keys->for_each_customer(CustomerId(), [&](CustomerId) { return ++with_keys > 0; }));
    EXPECT_EQ(with_keys, 1u);
}

// ------------------------------------------------------------------------------------------------------------ batches

Result<std::vector<Receipt>> write_batch(TestVault& vault, std::vector<InputCustomer> batch) {
    return wait_for(
        [&](Written done) { vault.records->batch_write(shared(vault.call()), std::move(batch), std::move(done)); });
}

TEST(BatchWrite, writes_all_customers_or_none) {  // R28
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    std::vector<InputCustomer> batch;
    for (int i = 0; i < 450; ++i) batch.push_back(customer_of(vault, {{"basic.customer_no", "C" + std::to_string(i)}}));
    batch.push_back(customer_of(vault, {{"transaction.order_no", "A-1"}}));
    batch.back().customer = lin;
    const auto receipts = TestVault::must(write_batch(vault, std::move(batch)));
    ASSERT_EQ(receipts.size(), 451u);
    EXPECT_EQ(receipts.back().customer, lin);
    EXPECT_EQ(receipts.back().version, 2u);
    EXPECT_EQ(vault.customers(), 451);
    EXPECT_EQ(vault.value(receipts[449].customer, "basic.customer_no"), "C449");
    EXPECT_EQ(entries_of(vault, receipts[0].customer).back().action, "customer.batch-write");
}

TEST(BatchWrite, leaves_nothing_when_one_customer_is_wrong) {  // R28
    TestVault vault;
    std::vector<InputCustomer> wrong;
    wrong.push_back(customer_of(vault, kLin));
    wrong.push_back(customer_of(vault, {{"contact.mobile", "12"}}));
    EXPECT_EQ(write_batch(vault, std::move(wrong)).error().code(), ErrorCode::invalid_argument);

    std::vector<InputCustomer> missing;
    missing.push_back(customer_of(vault, kLin));
    missing.push_back(customer_of(vault, {{"transaction.order_no", "A-1"}}));
    missing.back().customer = CustomerId::make_v7(1, crypto::random_array<10>());
    EXPECT_EQ(write_batch(vault, std::move(missing)).error().code(), ErrorCode::not_found);
    EXPECT_EQ(vault.customers(), 0);
    EXPECT_EQ(vault.count("SELECT COUNT(*) FROM blind_index"), 0);
    bool keys = false;
    TestVault::must_do(vault.keys->for_each_customer(CustomerId(), [&](CustomerId) { return keys = true; }));
    EXPECT_FALSE(keys);
}

TEST(BatchWrite, changes_no_single_record_of_an_existing_customer) {
    TestVault vault;
    const CustomerId lin = create_one(vault, kLin);
    std::vector<InputCustomer> batch;
    batch.push_back(customer_of(vault, {{"contact.city", "北京"}}));
    batch.back().customer = lin;
    EXPECT_EQ(write_batch(vault, std::move(batch)).error().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(vault.value(lin, "contact.city"), "上海");
}

}  // namespace
}  // namespace cloister::records
