// Reading one segment file.
#pragma once

#include <filesystem>

#include "store/journal/files.h"
#include "store/journal/format.h"

namespace cloister::store {

// Walks over the frames of a segment, reading the file in growing chunks.
class SegmentCursor {
 public:
    // Starts at `offset`, which must be where a frame starts. `fd` must outlive the cursor.
    SegmentCursor(const Fd& fd, std::uint64_t offset) : fd_(fd), offset_(offset) {}

    // The next frame, valid until the next call. `incomplete` here means that the file ends within a frame.
    Result<FrameState> next(Frame& frame);
    // Where the frame of the last next() starts, whatever came of it.
    std::uint64_t offset() const { return offset_; }

 private:
    Result<std::size_t> fill();

    const Fd& fd_;
    std::uint64_t offset_;
    std::size_t last_frame_bytes_ = 0;
    Bytes chunk_;
    std::size_t used_ = 0;  // bytes of `chunk_` before offset_
};

Result<SegmentHeader> read_header(const Fd& fd);

// What a walk from the front to the first thing that is not a complete frame found.
struct SegmentScan {
    SegmentIndex index;
    std::uint64_t end_offset = kSegmentHeaderBytes;  // behind the last complete frame
    std::uint64_t highest_tag = 0;                   // among the complete frames
};
// Stops after `most` frames.
Result<SegmentScan> scan_segment(const Fd& fd, std::uint64_t most = ~std::uint64_t{0});

// What lies behind the last complete frame of the last segment.
enum class Tail {
    clean,  // zeroes only
    torn,   // remains of a group that was being written; never acknowledged
    decay,  // a later group: what is damaged before it was acknowledged
};
Result<Tail> examine_tail(const Fd& fd, std::uint64_t offset);

// The index of a segment with `count` frames, from its file or, when that is missing or wrong, from the segment itself.
Result<SegmentIndex> load_index(const std::filesystem::path& directory, std::uint64_t first, std::uint64_t count);

}  // namespace cloister::store
