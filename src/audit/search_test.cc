// Search answers what a plain look at every entry would, however far the index has come.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "audit/deriver.h"
#include "audit/log.h"
#include "audit/searcher.h"
#include "audit/test_log.h"

namespace cloister::audit {
namespace {

bool matches(const Entry& entry, const Query& query) {
    return (query.actor.empty() || entry.actor == query.actor) &&
           (query.purpose.empty() || entry.purpose == query.purpose) &&
           (query.action.empty() || entry.action == query.action) && (!query.from || entry.time >= *query.from) &&
           (!query.until || entry.time < *query.until) &&
           (!query.customer || std::ranges::find(entry.customers, *query.customer) != entry.customers.end());
}

std::vector<std::uint64_t> naive(const AuditLog& log, const Query& query) {
    std::vector<std::uint64_t> found;
    for (std::uint64_t i = std::min(log.size(), query.before); i-- > 0 && found.size() < query.limit;)
        if (matches(log.entry_at(i).value(), query)) found.push_back(i);
    return found;
}
std::vector<std::uint64_t> indices(const std::vector<Found>& found) {
    std::vector<std::uint64_t> list;
    for (const Found& one : found) list.push_back(one.index);
    return list;
}

std::string one_of(const std::string& prefix, std::uint64_t count) {
    const auto n = *rc::gen::inRange<std::uint64_t>(0, count + 1);
    return n == 0 ? "" : prefix + std::to_string(n - 1);
}

Query any_query(std::uint64_t size) {
    Query query;
    query.actor = one_of("staff:", 4);
    query.purpose = one_of("purpose-", 5);
    query.action = *rc::gen::element<std::string>("", "", "customer.read", "customer.write", "nothing");
    if (*rc::gen::arbitrary<bool>()) query.customer = customer_number(*rc::gen::inRange<std::uint64_t>(0, 7));
    const auto seconds = [&] {
        return from_unix_micros(*rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(size)) * 1'000'000);
    };
    if (*rc::gen::arbitrary<bool>()) query.from = seconds();
    if (*rc::gen::arbitrary<bool>()) query.until = seconds();
    if (*rc::gen::arbitrary<bool>()) query.before = *rc::gen::inRange<std::uint64_t>(0, size + 10);
    query.limit = *rc::gen::inRange<std::size_t>(1, 80);
    return query;
}

class SearchedLog {
 public:
    static constexpr std::uint64_t kSize = 3000;

    // Indexed up to two thirds; the rest is only in the journal.
    SearchedLog() {
        add(0, 2000);
        EXPECT_TRUE(t.log().catch_up());
        add(2000, kSize);
        t.append(kSize - 1);
    }
    static SearchedLog& shared() {
        static SearchedLog log;
        return log;
    }
    TestLog t;

 private:
    void add(std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t n = begin; n < end; ++n) {
            // Clocks go back now and then.
            Entry entry = numbered_entry(n);
            entry.actor = "staff:" + std::to_string(n / 7 % 4);  // neighbours match, too
            if (n % 7 == 0) entry.time -= std::chrono::seconds(n % 50);
            t.log().append(entry, [](const Result<std::uint64_t>&) {});
        }
    }
};

RC_GTEST_PROP(AuditSearchProperty, agrees_with_a_look_at_every_entry, ()) {  // R27, R48
    const AuditLog& log = SearchedLog::shared().t.log();
    const Query query = any_query(log.size());
    RC_ASSERT(indices(log.search(query).value()) == naive(log, query));
}

TEST(AuditSearch, pages_from_the_newest_entry_to_the_oldest_without_gap_or_repetition) {
    const AuditLog& log = SearchedLog::shared().t.log();
    Query query{.actor = "staff:1", .limit = 97};
    std::vector<std::uint64_t> paged;
    while (true) {
        const auto page = log.search_page(query).value();
        for (const Found& found : page.found) paged.push_back(found.index);
        if (!page.next) break;
        query.before = *page.next;
    }
    EXPECT_EQ(paged, naive(log, {.actor = "staff:1", .limit = 100'000}));
}

TEST(AuditSearch, gives_at_most_a_thousand_entries) {
    EXPECT_EQ(SearchedLog::shared().t.log().search({.limit = 5000}).value().size(), 1000U);
}

TEST(AuditSearch, finds_customers_named_only_by_a_change_and_texts_that_json_escapes) {
    TestLog t;
    Entry entry = numbered_entry(1);
    entry.changes.push_back({.customer = customer_number(77), .deleted = true});
    entry.actor = "service:\"odd\"";
    t.log().append_and_wait(entry).value();
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(t.log().search({.customer = customer_number(77)}).value().size(), 1U);
        EXPECT_EQ(t.log().search({.actor = "service:\"odd\""}).value().size(), 1U);
        EXPECT_TRUE(t.log().search({.customer = customer_number(78)}).value().empty());
        ASSERT_TRUE(t.log().catch_up());
    }
}

TEST(AuditSearch, survives_an_index_that_is_missing_damaged_or_of_a_longer_journal) {
    TestLog t;
    for (std::uint64_t n = 0; n < 50; ++n) t.append(n);
    ASSERT_TRUE(t.log().catch_up());
    const auto want = naive(t.log(), {.actor = "staff:1"});
    const auto still_finds = [&] {
        ASSERT_TRUE(t.open());
        EXPECT_EQ(indices(t.log().search({.actor = "staff:1"}).value()), want);
        ASSERT_TRUE(t.log().catch_up());
        EXPECT_EQ(indices(t.log().search({.actor = "staff:1"}).value()), want);
    };
    t.close();
    std::filesystem::remove(index_file(t.directory()));
    still_finds();
    t.close();
    spit(index_file(t.directory()), "this is no database, this is no database, this is no database");
    still_finds();
    t.close();
    {
        auto index = SearchIndex::open(index_file(t.directory()), 1000).value();
        ASSERT_EQ(index->indexed(), 50U);
        ASSERT_TRUE(index->add(std::vector<Entry>(5, numbered_entry(1))));
    }
    still_finds();
}

}  // namespace
}  // namespace cloister::audit
