#include "store/journal.h"

#include <gtest/gtest.h>
TEST(Journal, x) {
    const auto dir = std::filesystem::temp_directory_path() / "cl-store-j";
    std::filesystem::remove_all(dir);
    for (int round = 0; round < 3; ++round) {
        auto j = cloister::store::Journal::open({.directory = dir, .segment_bytes = 65536});
        ASSERT_TRUE(j.has_value()) << j.error().detail();
        ASSERT_EQ((*j)->size(), std::size_t(round) * 1000);
        for (int i = 0; i < 1000; ++i)
            ASSERT_EQ((*j)->append_and_wait(5, cloister::Bytes(300)).value(), std::size_t(round * 1000 + i));
        std::uint64_t n = 0;
        auto r = (*j)->read(700, [&](const auto& e) {
            EXPECT_EQ(e.position, 700 + n);
            ++n;
            return true;
        });
        ASSERT_TRUE(r.has_value()) << r.error().detail();
        EXPECT_EQ(n, (*j)->size() - 700);
    }
    std::filesystem::remove_all(dir);
}
