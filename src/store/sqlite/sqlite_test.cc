#include <gtest/gtest.h>

#include "store/database.h"

TEST(Sqlite, opens) {
    const auto dir = std::filesystem::temp_directory_path() / "cl-store-x";
    std::filesystem::create_directories(dir);
    auto db = cloister::store::open_sqlite({.file = dir / "a.db", .create = true});
    ASSERT_TRUE(db.has_value()) << db.error().detail();
    auto& d = **db;
    const cloister::store::Migration m[] = {
        {1, "a", "CREATE TABLE t(id {blob} NOT NULL PRIMARY KEY, v {int}){clustered}; CREATE INDEX x ON t(v)"}};
    auto r = d.migrate("m", m);
    ASSERT_TRUE(r.has_value()) << r.error().detail();
    r = d.write([](cloister::store::Transaction& tx) -> cloister::Result<void> {
        CLOISTER_RETURN_IF_ERROR(
            tx.execute("INSERT INTO t(v,id) VALUES($2,$1)", {cloister::as_bytes("abc"), std::int64_t{4}}));
        return {};
    });
    ASSERT_TRUE(r.has_value()) << r.error().detail();
    ASSERT_TRUE(d.checkpoint_and_truncate().has_value());
    auto v = d.read([](cloister::store::Snapshot& s) -> cloister::Result<void> {
        auto f = s.first("SELECT v FROM t WHERE id = $1", {cloister::as_bytes("abc")},
                         [](const cloister::store::Row& row) { return row.integer(0); });
        EXPECT_EQ(f.value().value(), 4);
        return {};
    });
    ASSERT_TRUE(v.has_value());
    db = cloister::Error(cloister::ErrorCode::internal);
    std::filesystem::remove_all(dir);
}
