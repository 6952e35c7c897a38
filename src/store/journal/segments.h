// The segments of one journal as readers see them: which there are, how many entries are durable, and where each
// starts.
//
// Threads  Any. grow() and start_segment() are called by the one writer.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "base/function.h"
#include "base/mutex.h"
#include "store/journal.h"
#include "store/journal/format.h"
#include "store/journal/segment.h"

namespace cloister::store {

// The first positions of the segments in `directory`, ascending.
Result<std::vector<std::uint64_t>> list_segments(const std::filesystem::path& directory);

// The last segment as it is found on disk.
struct LastSegment {
    SegmentHeader header;
    SegmentScan scan;
    Tail tail = Tail::clean;
};
// corrupt when something acknowledged is damaged.
Result<LastSegment> inspect_last_segment(const std::filesystem::path& directory, std::uint64_t first);

class Segments {
 public:
    explicit Segments(std::filesystem::path directory) : directory_(std::move(directory)) {}

    // What is there at the start; `last` describes the last of `firsts`.
    void adopt(std::vector<std::uint64_t> firsts, const LastSegment& last);
    // A new, empty last segment, starting at size(). Returns the index of the one before, when there was one.
    std::shared_ptr<const SegmentIndex> start_segment();
    // Entries that became durable in the last segment: their offsets, and the highest tag among them.
    void grow(std::span<const std::uint32_t> offsets, std::uint64_t highest_tag);

    std::uint64_t size() const;
    std::uint64_t highest_tag() const;
    Result<void> read(std::uint64_t position, FunctionRef<bool(const JournalEntry&)> on_entry) const;

 private:
    // A run of positions inside one segment, and a place at or before its start to walk from.
    struct Stretch {
        std::uint64_t first = 0;  // of the segment
        std::uint64_t known_position = 0;
        std::uint64_t known_offset = 0;
        std::uint64_t end = 0;
    };
    Result<Stretch> locate(std::uint64_t position) const;
    Result<std::shared_ptr<const SegmentIndex>> index_of_full(std::uint64_t first, std::uint64_t count) const;
    // Returns false when `on_entry` had enough.
    Result<bool> walk(const Stretch& stretch, std::uint64_t from,
                      FunctionRef<bool(const JournalEntry&)> on_entry) const;

    const std::filesystem::path directory_;
    mutable Mutex mutex_;
    std::vector<std::uint64_t> firsts_ CLOISTER_GUARDED_BY(mutex_);
    SegmentIndex last_index_ CLOISTER_GUARDED_BY(mutex_);
    std::uint64_t size_ CLOISTER_GUARDED_BY(mutex_) = 0;
    std::uint64_t highest_tag_ CLOISTER_GUARDED_BY(mutex_) = 0;
    // Two kilobytes for a segment of 32 MiB; loaded when it is first read.
    mutable std::map<std::uint64_t, std::shared_ptr<const SegmentIndex>> full_ CLOISTER_GUARDED_BY(mutex_);
};

}  // namespace cloister::store
