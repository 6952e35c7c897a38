// What the tests of every engine share: a small schema, a model of its content, and groups of writes.
#pragma once

#include <gtest/gtest.h>

#include <latch>
#include <map>

#include "store/conformance/temp_dir.h"
#include "store/database.h"

namespace cloister::store {

constexpr Migration kNumbers[] = {
    {1, "numbers", "CREATE TABLE numbers(key {int} NOT NULL PRIMARY KEY, value {int} NOT NULL){clustered}"},
    {2, "names",
     "CREATE TABLE names(name {text} NOT NULL UNIQUE, data {blob}, number {int} REFERENCES numbers(key));"
     "CREATE INDEX names_by_number ON names(number)"}};

// Keys to values: the content of `numbers`.
using Model = std::map<std::int64_t, std::int64_t>;

inline Result<void> put(Transaction& tx, std::int64_t key, std::int64_t value) {
    CLOISTER_RETURN_IF_ERROR(tx.execute("INSERT INTO numbers(key, value) VALUES($1, $2)", {key, value}));
    return {};
}
inline Model content(Snapshot& snapshot) {
    Model model;
    const auto read = snapshot.query("SELECT key, value FROM numbers ORDER BY key", {}, [&](const Row& row) {
        model[row.integer(0)] = row.integer(1);
        return true;
    });
    EXPECT_TRUE(read.has_value());
    return model;
}
inline Model content(Database& database) {
    Model model;
    const auto read = database.read([&](Snapshot& snapshot) -> Result<void> {
        model = content(snapshot);
        return {};
    });
    EXPECT_TRUE(read.has_value()) << read.error().detail();
    return model;
}

// Writes that are queued while the writer is held, so that they form one group.
class Group {
 public:
    explicit Group(Database& database) : database_(database) {
        database_.write_async(
            [this](Transaction&) -> Result<void> {
                started_.count_down();
                released_.wait();
                return {};
            },
            [this](Result<void>) { ended_.count_down(); });
        started_.wait();
    }
    ~Group() {
        if (!released_.try_wait()) released_.count_down();
        ended_.wait();  // the held work uses this object
    }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;
    void add(Work work) {
        const std::size_t index = results_.size();
        results_.emplace_back();
        works_.push_back({std::move(work), index});
    }
    // Lets the writer go on and returns the results in the order of add().
    std::vector<Result<void>> finish() {
        std::latch all(static_cast<std::ptrdiff_t>(works_.size()));
        for (auto& [work, index] : works_)
            database_.write_async(std::move(work), [this, &all, at = index](Result<void> result) {
                results_[at] = std::move(result);
                all.count_down();
            });
        released_.count_down();
        all.wait();
        return std::move(results_);
    }

 private:
    Database& database_;
    std::latch started_{1};
    std::latch released_{1};
    std::latch ended_{1};
    std::vector<Result<void>> results_;
    std::vector<std::pair<Work, std::size_t>> works_;
};

}  // namespace cloister::store
