#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "records/condition.h"
#include "records/records_testing.h"

namespace cloister::records {
namespace {

using namespace testing;  // NOLINT: the folder's own helpers

Condition where(std::string field, std::string op, std::string value, std::string upper = {}) {
    return {std::move(field), std::move(op), Personal(std::move(value)), Personal(std::move(upper))};
}

// All pages, following the cursor.
std::vector<CustomerId> search_all(TestVault& vault, const std::vector<Condition>& conditions, std::size_t limit) {
    std::vector<CustomerId> found;
    SearchRequest request{.where = conditions, .selection = {{"basic.customer_no"}}, .limit = limit};
    do {
        Call call = vault.call();
        const SearchPage page = TestVault::must(vault.records->search(call, request, [](Result<std::uint64_t>) {}));
        EXPECT_LE(page.customers.size(), limit);
        for (const CustomerView& view : page.customers) found.push_back(view.customer);
        if (page.next && request.after) {
            EXPECT_LT(*request.after, *page.next) << "the cursor must move on";
        }
        request.after = page.next;
    } while (request.after);
    return found;
}

// A vault of many customers with few different values, made once: what a search must find is known from the plain rows.
class Crowd {
 public:
    struct Person {
        CustomerId customer;
        std::map<std::string, std::string> plain;  // canonical texts by path
        std::vector<std::string> orders;
        bool erased = false;
    };

    static Crowd& get() {
        static Crowd crowd;
        return crowd;
    }

    TestVault vault;
    std::vector<Person> people;

 private:
    Crowd() {
        const auto schema = vault.rules->schema();
        const std::vector<std::string> surnames{"王", "李", "林", "欧阳"};
        const std::vector<std::string> given{"小雨", "雨", "小雨林", "建国", "Ann Lin"};
        std::uint32_t random = 7;
        const auto next = [&](std::uint32_t n) { return (random = random * 1664525u + 1013904223u) / 65536u % n; };
        std::vector<InputCustomer> batch;
        for (int i = 0; i < 400; ++i) {
            Person person;
            person.plain["basic.name"] = surnames[next(4)] + given[next(5)];
            person.plain["contact.mobile"] = "1381234" + std::to_string(1000 + next(30));
            const std::uint32_t month = 1 + next(12);
            person.plain["basic.birth_date"] = std::to_string(1980 + next(15)) + (month < 10 ? "-0" : "-") +
                                               std::to_string(month) + "-1" + std::to_string(next(10));
            if (next(3) == 0) person.plain.erase("contact.mobile");
            for (std::uint32_t k = next(3); k > 0; --k) person.orders.push_back("ORDER-" + std::to_string(next(20)));
            Fields fields;
            for (const auto& [path, text] : person.plain) fields.emplace_back(path, text);
            InputCustomer input = customer_of(vault, fields);
            for (const std::string& order : person.orders)
                input.records.push_back(record_of(*schema, "transaction", {{"order_no", order}}));
            batch.push_back(std::move(input));
            for (auto& [path, text] : person.plain) text = *schema->place(path).field->type->canonical(text);
            people.push_back(std::move(person));
        }
        const auto receipts = TestVault::must(wait_for([&](Written done) {
            vault.records->batch_write(shared(vault.call()), std::move(batch), std::move(done));
        }));
        for (std::size_t i = 0; i < people.size(); ++i) people[i].customer = receipts[i].customer;
        for (std::size_t i = 0; i < people.size(); i += 17) {
            Call call = vault.call("erasure-request");
            TestVault::must(vault.records->erase(call, people[i].customer));
            people[i].erased = true;
        }
        std::sort(people.begin(), people.end(), [](const auto& a, const auto& b) { return a.customer < b.customer; });
    }
};

template <class Holds>
std::vector<CustomerId> scan(const Crowd& crowd, Holds holds) {
    std::vector<CustomerId> found;
    for (const Crowd::Person& person : crowd.people)
        if (!person.erased && holds(person)) found.push_back(person.customer);
    return found;
}

std::string plain(const Crowd::Person& person, const std::string& path) {
    const auto it = person.plain.find(path);
    return it == person.plain.end() ? "" : it->second;
}

const auto kLimits = rc::gen::inRange<std::size_t>(1, 6);

RC_GTEST_PROP(Search, finds_by_equals_what_a_scan_finds, ()) {  // R4
    Crowd& crowd = Crowd::get();
    const std::string value =
        *rc::gen::element<std::string>("王小雨", "林雨", "欧阳建国", "李小雨林", "王Ann Lin", "赵六");
    const auto type = crowd.vault.rules->schema()->place("basic.name").field->type;
    const std::string wanted = type->normalise(*type->canonical(value));
    RC_ASSERT(search_all(crowd.vault, {where("basic.name", "equals", value)}, *kLimits) ==
              scan(crowd, [&](const auto& p) { return type->normalise(plain(p, "basic.name")) == wanted; }));
}

RC_GTEST_PROP(Search, finds_by_the_last_digits_what_a_scan_finds, ()) {  // R4
    Crowd& crowd = Crowd::get();
    const std::string tail = std::to_string(*rc::gen::inRange(1000, 1035));
    RC_ASSERT(search_all(crowd.vault, {where("contact.mobile", "ends_with", tail)}, *kLimits) ==
              scan(crowd, [&](const auto& p) { return plain(p, "contact.mobile").ends_with(tail); }));
}

RC_GTEST_PROP(Search, finds_by_a_part_what_a_scan_finds, ()) {  // R4
    Crowd& crowd = Crowd::get();
    const std::string part =
        *rc::gen::element<std::string>("小雨", "雨林", "王小雨", "ann", "Ann Lin", "建国", "欧阳小", "国建");
    const auto type = crowd.vault.rules->schema()->place("basic.name").field->type;
    const std::string folded = datatypes::fold_for_index(*datatypes::fold_text(part));
    RC_ASSERT(search_all(crowd.vault, {where("basic.name", "contains", part)}, *kLimits) ==
              scan(crowd, [&](const auto& p) {
                  return type->normalise(plain(p, "basic.name")).find(folded) != std::string::npos;
              }));
}

RC_GTEST_PROP(Search, finds_between_two_dates_what_a_scan_finds, ()) {  // R4
    Crowd& crowd = Crowd::get();
    const auto date =
        rc::gen::map(rc::gen::tuple(rc::gen::inRange(1979, 1996), rc::gen::inRange(10, 13), rc::gen::inRange(10, 20)),
                     [](const std::tuple<int, int, int>& t) {
                         return std::to_string(std::get<0>(t)) + "-" + std::to_string(std::get<1>(t)) + "-" +
                                std::to_string(std::get<2>(t));
                     });
    std::string from = *date;
    std::string to = *date;
    if (to < from) std::swap(from, to);
    RC_ASSERT(search_all(crowd.vault, {where("basic.birth_date", "between", from, to)}, *kLimits) ==
              scan(crowd, [&](const auto& p) {
                  const std::string born = plain(p, "basic.birth_date");
                  return from <= born && born <= to;
              }));
}

RC_GTEST_PROP(Search, holds_all_conditions_at_once, ()) {  // R4
    Crowd& crowd = Crowd::get();
    const std::string part = *rc::gen::element<std::string>("小雨", "雨林", "建国");
    const std::string order = "ORDER-" + std::to_string(*rc::gen::inRange(0, 22));
    RC_ASSERT(search_all(crowd.vault,
                         {where("basic.name", "contains", part), where("transaction.order_no", "equals", order)},
                         *kLimits) == scan(crowd, [&](const auto& p) {
                  return plain(p, "basic.name").find(part) != std::string::npos &&
                         std::find(p.orders.begin(), p.orders.end(), order) != p.orders.end();
              }));
}

TEST(Search, names_all_it_looked_at_in_the_log_but_never_the_value) {  // R25
    TestVault vault;
    const CustomerId lin = create_one(vault, {{"contact.mobile", "13812345678"}});
    EXPECT_EQ(search_all(vault, {where("contact.mobile", "ends_with", "5678")}, 5), std::vector<CustomerId>{lin});
    const auto entry = entries_of(vault, lin).front();
    EXPECT_EQ(entry.action, "customer.search");
    EXPECT_EQ(entry.customers, std::vector<CustomerId>{lin});
    const std::pair<std::string, std::string> by{"by", "contact.mobile ends_with"};
    EXPECT_NE(std::find(entry.details.begin(), entry.details.end(), by), entry.details.end());
    EXPECT_EQ(as_text(*audit::encode(entry)).find("5678\""), std::string_view::npos);
}

TEST(Search, refuses_to_search_by_a_field_that_the_purpose_does_not_need) {  // R9
    TestVault vault;
    create_one(vault, {{"basic.id_number", "11010519491231002X"}, {"contact.mobile", "13812345678"}});
    Call call = vault.call("order-fulfilment", "order-clerk");
    const auto page = vault.records->search(
        call,
        {.where = {where("contact.mobile", "equals", "13812345678"), where("contact.mobile", "ends_with", "5678"),
                   where("basic.id_number", "equals", "11010519491231002X")}},
        [](Result<std::uint64_t>) {});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code(), ErrorCode::forbidden);
    EXPECT_NE(call.explanation.find("basic.id_number"), std::string::npos);
}

TEST(Search, follows_changes_and_deletions) {
    TestVault vault;
    const CustomerId lin = create_one(vault, {{"basic.name", "林小雨"}, {"contact.mobile", "13812345678"}});
    TestVault::must(update(vault, lin, {{"contact.mobile", "13812340000"}}));
    EXPECT_TRUE(search_all(vault, {where("contact.mobile", "ends_with", "5678")}, 5).empty());
    EXPECT_EQ(search_all(vault, {where("contact.mobile", "ends_with", "0000")}, 5), std::vector<CustomerId>{lin});
    TestVault::must(remove(vault, lin, "contact", RecordId()));
    EXPECT_TRUE(search_all(vault, {where("contact.mobile", "ends_with", "0000")}, 5).empty());
}

}  // namespace
}  // namespace cloister::records
