// How segment files look. docs/formats.md, "Journal", has a worked example.
//
// A segment is a header and frames; behind the last frame it is zero up to its preallocated size. All big-endian.
//
//   header  64 bytes: magic "cl-jrnl\n" | u32 version | u32 zero | u64 first position | u64 highest tag before | zeroes
//                     | u32 CRC-32C of the 60 bytes before it
//   frame   u32 length | u64 tag | payload | u32 CRC-32C of everything before it in the frame
//           length counts tag and payload (at least 8). Its top bit is set in the first frame of a group, that is of
//           one write and sync. A group is only written when the one before it is durable, so a damaged frame with a
//           later group behind it was acknowledged and is decay, not a torn write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cloister::store {

constexpr std::size_t kSegmentHeaderBytes = 64;
constexpr std::size_t kMaxPayloadBytes = 65'535;
constexpr std::size_t kFrameOverheadBytes = 4 + 8 + 4;
constexpr std::size_t kMaxFrameBytes = kMaxPayloadBytes + kFrameOverheadBytes;

struct SegmentHeader {
    std::uint64_t first_position = 0;
    std::uint64_t highest_tag_before = 0;
};
Bytes encode_header(const SegmentHeader& header);
// corrupt: not a segment, or damaged. unsupported: a version this program does not know.
Result<SegmentHeader> parse_header(ByteView bytes);

// The file name of the segment that starts at `first_position`, and back.
std::string segment_name(std::uint64_t first_position);
std::string index_name(std::uint64_t first_position);
std::optional<std::uint64_t> first_position_of(std::string_view segment_file_name);

struct Frame {
    std::uint64_t tag = 0;
    ByteView payload;  // borrowed from the parsed bytes
    bool starts_group = false;
    std::size_t size_bytes = 0;  // of the whole frame
};
void append_frame(Bytes& to, std::uint64_t tag, ByteView payload, bool starts_group);

enum class FrameState {
    complete,
    end,         // zero length: the used part ends here
    incomplete,  // the bytes end within the frame
    damaged,
};
// Parses the frame at the front of `bytes`; fills `frame` only when it is complete.
FrameState parse_frame(ByteView bytes, Frame& frame);

// Where every 256th frame of a segment starts; beside a full segment it is kept in a file, from which it can be
// rebuilt.
struct SegmentIndex {
    static constexpr std::uint64_t kStride = 256;
    std::uint64_t count = 0;             // frames
    std::vector<std::uint32_t> offsets;  // of frames 0, 256, 512, ...

    void add(std::uint64_t offset) {
        if (count++ % kStride == 0) offsets.push_back(static_cast<std::uint32_t>(offset));
    }
};
Bytes encode_index(const SegmentIndex& index);
Result<SegmentIndex> parse_index(ByteView bytes);

}  // namespace cloister::store
