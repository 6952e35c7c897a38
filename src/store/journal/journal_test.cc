#include "store/journal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <latch>
#include <thread>

#include "store/conformance/temp_dir.h"
#include "store/journal/crc32c.h"
#include "store/journal/format.h"
#include "store/journal/open.h"
#include "store/journal/segments.h"

namespace cloister::store {
namespace {

constexpr std::size_t kSmall = 4096;  // bytes of a segment, so that a few entries fill it

struct Item {
    std::uint64_t tag;
    std::string payload;
    bool operator==(const Item&) const = default;
};
using Items = std::vector<Item>;

// What is tested here does not depend on the disk, and thousands of syncs would only wait for it.
class UnsyncedFiles final : public Files {
 public:
    Result<void> sync(const Fd&) override { return {}; }
    Result<void> sync_directory(const std::filesystem::path&) override { return {}; }
};

std::unique_ptr<Journal> open(const TempDir& directory, std::size_t segment_bytes = kSmall) {
    static UnsyncedFiles files;
    auto journal = open_journal({.directory = directory.path(), .segment_bytes = segment_bytes}, files);
    EXPECT_TRUE(journal.has_value()) << journal.error().detail();
    return *std::move(journal);
}

template <class Readable>
Result<void> collect(const Readable& journal, std::uint64_t from, Items& items) {
    std::uint64_t want = from;
    return journal.read(from, [&](const JournalEntry& entry) {
        EXPECT_EQ(entry.position, want++);
        items.push_back({entry.tag, std::string(as_text(entry.payload))});
        return true;
    });
}
template <class Readable>
Items items_of(const Readable& journal, std::uint64_t from = 0) {
    Items items;
    const auto read = collect(journal, from, items);
    EXPECT_TRUE(read.has_value()) << read.error().detail();
    return items;
}

void append_all(Journal& journal, const Items& items) {
    for (const Item& item : items)
        journal.append(item.tag, to_bytes(item.payload), [](auto done) { EXPECT_TRUE(done.has_value()); });
    journal.flush();
}
Items make_items(std::size_t count, std::size_t payload_bytes = 40) {
    Items items;
    for (std::size_t i = 0; i < count; ++i) {
        std::string payload = std::to_string(i);
        payload.resize(payload_bytes, '.');
        items.push_back({i * 3, payload});
    }
    return items;
}

Bytes bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return to_bytes(text);
}
void write_bytes(const std::filesystem::path& file, ByteView bytes) {
    std::ofstream(file, std::ios::binary) << as_text(bytes);
}
std::filesystem::path last_segment(const TempDir& directory) {
    return directory.path() / segment_name(list_segments(directory.path()).value().back());
}
// Where each frame of a segment starts, and the end of the last.
std::vector<std::size_t> frame_borders(ByteView segment) {
    std::vector<std::size_t> borders = {kSegmentHeaderBytes};
    Frame frame;
    while (parse_frame(segment.subspan(borders.back()), frame) == FrameState::complete)
        borders.push_back(borders.back() + frame.size_bytes);
    return borders;
}

TEST(Crc32c, matches_rfc3720_appendix_b4) {
    Bytes zeroes(32);
    Bytes ones(32, std::byte{0xff});
    Bytes rising;
    for (int i = 0; i < 32; ++i) rising.push_back(static_cast<std::byte>(i));
    for (const auto crc : {crc32c, internal::crc32c_by_table}) {
        EXPECT_EQ(crc(zeroes), 0x8a9136aau);
        EXPECT_EQ(crc(ones), 0x62a8ab43u);
        EXPECT_EQ(crc(rising), 0x46dd794eu);
        EXPECT_EQ(crc(as_bytes("123456789")), 0xe3069283u);
    }
}

TEST(Journal, keeps_entries_with_positions_tags_and_payloads) {
    const TempDir directory;
    const auto journal = open(directory);
    EXPECT_EQ(journal->size(), 0u);
    EXPECT_EQ(journal->append_and_wait(7, to_bytes("first")).value(), 0u);
    EXPECT_EQ(journal->append_and_wait(3, to_bytes("")).value(), 1u);
    EXPECT_EQ(journal->size(), 2u);
    EXPECT_EQ(journal->highest_tag(), 7u);
    EXPECT_EQ(items_of(*journal), (Items{{7, "first"}, {3, ""}}));
    EXPECT_EQ(items_of(*journal, 1), (Items{{3, ""}}));
    EXPECT_EQ(items_of(*journal, 2), Items{});
    EXPECT_EQ(items_of(*journal, 99), Items{});
}

RC_GTEST_PROP(JournalProperty, any_entries_come_back_in_order_after_any_reopening,
              (const std::vector<std::vector<std::pair<std::uint64_t, std::string>>>& sessions)) {
    const TempDir directory;
    Items model;
    std::uint64_t highest = 0;
    for (const auto& session : sessions) {
        const auto journal = open(directory);
        for (const auto& [tag, payload] : session) {
            journal->append(tag, to_bytes(payload), [](auto) {});
            model.push_back({tag, payload});
            highest = std::max(highest, tag);
        }
        journal->flush();
        RC_ASSERT(items_of(*journal) == model);
    }
    const auto journal = open(directory);
    RC_ASSERT(journal->size() == model.size());
    RC_ASSERT(journal->highest_tag() == highest);
    RC_ASSERT(items_of(*journal) == model);
}

TEST(Journal, rolls_over_into_new_segments_and_reads_from_anywhere) {
    const TempDir directory;
    const Items items = make_items(2000);
    append_all(*open(directory, 32768), items);
    EXPECT_GT(list_segments(directory.path())->size(), 3u);
    const std::vector<std::uint64_t> firsts = list_segments(directory.path()).value();
    for (const bool with_index : {true, false}) {
        const auto journal = open(directory, 32768);
        for (std::size_t from = 0; from < items.size(); from += 37)
            ASSERT_EQ(items_of(*journal, from), Items(items.begin() + static_cast<std::ptrdiff_t>(from), items.end()));
        if (with_index)
            for (const std::uint64_t first : firsts) std::filesystem::remove(directory.path() / index_name(first));
    }
}

TEST(Journal, stops_reading_when_the_callback_has_enough) {
    const TempDir directory;
    const auto journal = open(directory);
    append_all(*journal, make_items(300));
    int seen = 0;
    EXPECT_TRUE(journal->read(10, [&](const JournalEntry&) { return ++seen < 5; }));
    EXPECT_EQ(seen, 5);
}

TEST(Journal, takes_the_largest_entry_and_refuses_a_larger_one) {
    const TempDir directory;
    const auto journal = open(directory, 1u << 20);
    const Items largest = {{1, std::string(kMaxPayloadBytes, 'x')}};
    append_all(*journal, largest);
    EXPECT_EQ(journal->append_and_wait(1, Bytes(kMaxPayloadBytes + 1)).error().code(), ErrorCode::too_large);
    EXPECT_EQ(items_of(*journal), largest);
}

TEST(Journal, writes_what_is_queued_together_with_one_commit_and_answers_in_order) {
    const TempDir directory;
    const auto journal = open(directory, 1u << 20);
    std::latch started(1);
    std::latch release(1);
    journal->append(0, {}, [&](auto) {
        started.count_down();
        release.wait();
    });
    started.wait();
    std::vector<std::uint64_t> positions;
    for (int i = 0; i < 50; ++i) journal->append(1, Bytes(10), [&](auto done) { positions.push_back(done.value()); });
    release.count_down();
    journal->flush();
    EXPECT_EQ(journal->commits(), 2u);
    ASSERT_EQ(positions.size(), 50u);
    for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(positions[i], i + 1);
}

TEST(Journal, a_full_queue_refuses_at_once) {
    const TempDir directory;
    auto journal = Journal::open({.directory = directory.path(), .segment_bytes = kSmall, .queue_limit = 1}).value();
    std::latch started(1);
    std::latch release(1);
    journal->append(0, {}, [&](auto) {
        started.count_down();
        release.wait();
    });
    started.wait();
    journal->append(1, {}, [](auto done) { EXPECT_TRUE(done.has_value()); });
    std::optional<ErrorCode> refused;
    journal->append(2, {}, [&](auto done) { refused = done.error().code(); });
    EXPECT_EQ(refused, ErrorCode::unavailable);
    release.count_down();
    journal.reset();  // finishes what was accepted
    EXPECT_EQ(open(directory)->size(), 2u);
}

// A crash in the middle of a write.
TEST(JournalTornTail, is_cut_off_at_every_byte_of_the_last_frame) {
    const TempDir directory;
    const Items items = make_items(10);
    append_all(*open(directory), items);
    const Bytes whole = bytes_of(last_segment(directory));
    const std::vector<std::size_t> borders = frame_borders(whole);
    ASSERT_EQ(borders.size(), 11u);
    const Items kept(items.begin(), items.end() - 1);
    Items grown = kept;
    grown.push_back({9, "new"});
    for (const std::byte rest : {std::byte{0}, std::byte{0xff}, std::byte{'.'}})
        for (std::size_t cut = borders[9]; cut < borders[10]; ++cut) {
            Bytes torn = whole;
            std::fill(torn.begin() + static_cast<std::ptrdiff_t>(cut),
                      torn.begin() + static_cast<std::ptrdiff_t>(borders[10]), rest);
            if (torn == whole) continue;
            write_bytes(last_segment(directory), torn);
            {
                const auto journal = open(directory);
                ASSERT_EQ(items_of(*journal), kept) << cut;
                append_all(*journal, {{9, "new"}});
            }
            ASSERT_EQ(items_of(*open(directory)), grown) << cut;
        }
}

TEST(JournalTornTail, is_cut_off_when_a_later_frame_of_the_same_group_survived) {
    // The disk may write the pages of one group in any order.
    const TempDir directory;
    write_bytes(directory.path() / segment_name(0), [] {
        Bytes segment = encode_header({});
        append_frame(segment, 1, as_bytes("acknowledged"), true);
        const std::size_t damaged = segment.size();
        append_frame(segment, 2, as_bytes("group begins"), true);
        append_frame(segment, 3, as_bytes("group goes on"), false);
        segment[damaged + 14] ^= std::byte{1};
        segment.resize(kSmall);
        return segment;
    }());
    EXPECT_EQ(items_of(*open(directory)), (Items{{1, "acknowledged"}}));
}

TEST(JournalDecay, of_any_bit_of_an_acknowledged_entry_is_found) {
    const TempDir directory;
    {
        const auto journal = open(directory);
        for (const Item& item : make_items(6, 8))
            ASSERT_TRUE(journal->append_and_wait(item.tag, to_bytes(item.payload)));
    }
    const Bytes whole = bytes_of(last_segment(directory));
    const std::vector<std::size_t> borders = frame_borders(whole);
    ASSERT_EQ(borders.size(), 7u);
    // All but the last entry: a damaged last one cannot be told from a torn one. All bits of the header.
    for (std::size_t at = 0; at < borders[5]; ++at)
        for (int bit = 0; bit < 8; ++bit) {
            // The mark that a group starts here is checked by its own frame's checksum, and so is everything else.
            Bytes changed = whole;
            changed[at] ^= static_cast<std::byte>(1 << bit);
            write_bytes(last_segment(directory), changed);
            const auto journal = Journal::open({.directory = directory.path(), .segment_bytes = kSmall});
            ASSERT_FALSE(journal.has_value()) << at << " bit " << bit;
            ASSERT_EQ(journal.error().code(), ErrorCode::corrupt);
            ASSERT_FALSE(JournalReader::open(directory.path()).has_value());
        }
}

TEST(JournalDecay, in_a_full_segment_is_reported_by_reading_and_never_as_other_content) {
    const TempDir directory;
    const Items items = make_items(200);
    append_all(*open(directory), items);
    const auto first = directory.path() / segment_name(0);
    const Bytes whole = bytes_of(first);
    const std::vector<std::size_t> borders = frame_borders(whole);
    for (std::size_t at = 0; at < borders.back(); at += 3) {
        Bytes changed = whole;
        changed[at] ^= std::byte{0x10};
        write_bytes(first, changed);
        const auto journal = open(directory);
        Items got;
        const auto read = collect(*journal, 0, got);
        ASSERT_FALSE(read.has_value()) << at;
        ASSERT_EQ(read.error().code(), ErrorCode::corrupt);
        ASSERT_NE(read.error().detail().find(segment_name(0)), std::string::npos);
        ASSERT_TRUE(std::equal(got.begin(), got.end(), items.begin()));
        ASSERT_EQ(items_of(*journal, borders.size()),
                  Items(items.begin() + static_cast<std::ptrdiff_t>(borders.size()), items.end()));
    }
}

TEST(JournalDecay, a_missing_segment_is_reported) {
    const TempDir directory;
    append_all(*open(directory), make_items(400));
    const auto firsts = list_segments(directory.path()).value();
    for (const std::size_t missing : {std::size_t{0}, firsts.size() / 2}) {
        const auto file = directory.path() / segment_name(firsts[missing]);
        std::filesystem::rename(file, directory.path() / "away");
        Items got;
        EXPECT_EQ(collect(*open(directory), 0, got).error().code(), ErrorCode::corrupt);
        std::filesystem::rename(directory.path() / "away", file);
    }
}

TEST(JournalDecay, of_an_index_file_changes_nothing) {
    const TempDir directory;
    const Items items = make_items(2000, 8);
    append_all(*open(directory, 16384), items);
    const auto file = directory.path() / index_name(0);
    const Bytes whole = bytes_of(file);
    ASSERT_GT(whole.size(), 8u);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        Bytes changed = whole;
        changed[at] ^= std::byte{1};
        write_bytes(file, changed);
        ASSERT_EQ(items_of(*open(directory, 16384), 300).front(), items[300]);
        write_bytes(file, ByteView(whole).first(at));
        ASSERT_EQ(items_of(*open(directory, 16384), 300).front(), items[300]);
    }
}

TEST(Journal, always_has_a_spare_segment_after_an_append) {
    const TempDir directory;
    const auto journal = open(directory);
    for (const Item& item : make_items(200)) ASSERT_TRUE(journal->append_and_wait(item.tag, to_bytes(item.payload)));
    journal->flush();
    EXPECT_EQ(std::filesystem::file_size(directory.path() / "next.spare"), kSmall);
}

TEST(Journal, is_read_whole_beside_its_writer) {
    const TempDir directory;
    const Items items = make_items(3000);
    const auto journal = open(directory, 16384);
    std::jthread writer([&] {
        for (std::size_t i = 0; i < items.size(); i += 10)
            append_all(*journal, Items(items.begin() + static_cast<std::ptrdiff_t>(i),
                                       items.begin() + static_cast<std::ptrdiff_t>(i) + 10));
    });
    std::uint64_t before = 0;
    while (before < items.size()) {
        const std::uint64_t durable = journal->size();
        const Items inside = items_of(*journal);
        ASSERT_GE(inside.size(), durable);
        ASSERT_TRUE(std::equal(inside.begin(), inside.end(), items.begin()));
        const auto reader = JournalReader::open(directory.path());
        ASSERT_TRUE(reader.has_value()) << reader.error().detail();
        const Items outside = items_of(**reader);
        ASSERT_GE(outside.size(), before);
        ASSERT_TRUE(std::equal(outside.begin(), outside.end(), items.begin()));
        before = durable;
    }
}

TEST(JournalReader, refuses_a_directory_without_a_journal) {
    const TempDir directory;
    EXPECT_EQ(JournalReader::open(directory.path()).error().code(), ErrorCode::not_found);
    EXPECT_EQ(JournalReader::open(directory.path() / "none").error().code(), ErrorCode::not_found);
}

TEST(JournalReader, leaves_a_torn_tail_as_it_is) {
    const TempDir directory;
    append_all(*open(directory), make_items(5));
    Bytes torn = bytes_of(last_segment(directory));
    torn[frame_borders(torn)[4] + 20] ^= std::byte{1};
    write_bytes(last_segment(directory), torn);
    EXPECT_EQ(JournalReader::open(directory.path()).value()->size(), 4u);
    EXPECT_EQ(bytes_of(last_segment(directory)), torn);
}

// docs/formats.md, "Journal": this layout is on disks and stays.
TEST(JournalFormat, is_the_documented_one) {
    Bytes frame;
    append_frame(frame, 0x0102, as_bytes("hi"), true);
    EXPECT_EQ(
        hex_encode(frame), "8000000a00000000000001026869" + [&] {
            Bytes crc;
            append_be(crc, internal::crc32c_by_table(ByteView(frame).first(14)));
            return hex_encode(crc);
        }());
    const Bytes header = encode_header({.first_position = 5, .highest_tag_before = 9});
    EXPECT_EQ(header.size(), kSegmentHeaderBytes);
    EXPECT_EQ(hex_encode(ByteView(header).first(32)),
              "636c2d6a726e6c0a000000010000000000000000000000050000000000000009");
    EXPECT_EQ(segment_name(12), "00000000000000000012.seg");
}

}  // namespace
}  // namespace cloister::store
