#include "store/journal/segment.h"

#include <algorithm>

namespace cloister::store {
namespace {

// A single entry costs a small read, a walk over many soon uses large ones.
constexpr std::size_t kFirstChunkBytes = 64u << 10;
constexpr std::size_t kLargestChunkBytes = 1u << 20;
static_assert(kLargestChunkBytes > kMaxFrameBytes);

bool is_zero(ByteView bytes) {
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

// Is there, anywhere in `bytes`, a whole frame that starts a group?
bool has_group_start(ByteView bytes) {
    for (; bytes.size() >= kFrameOverheadBytes; bytes = bytes.subspan(1)) {
        Frame frame;
        if ((bytes.front() & std::byte{0x80}) != std::byte{0} && parse_frame(bytes, frame) == FrameState::complete &&
            frame.starts_group)
            return true;
    }
    return false;
}

Result<SegmentIndex> read_index_file(const std::filesystem::path& file) {
    CLOISTER_ASSIGN_OR_RETURN(const Fd fd, open_for_reading(file));
    CLOISTER_ASSIGN_OR_RETURN(const std::uint64_t size, size_of(fd));
    Bytes bytes(size);
    CLOISTER_ASSIGN_OR_RETURN(const std::size_t got, read_at(fd, 0, bytes));
    return parse_index(ByteView(bytes).first(got));
}

}  // namespace

Result<std::size_t> SegmentCursor::fill() {
    const std::size_t size = chunk_.empty() ? kFirstChunkBytes : std::min(chunk_.capacity() * 4, kLargestChunkBytes);
    chunk_.resize(std::max(size, chunk_.size()));
    CLOISTER_ASSIGN_OR_RETURN(const std::size_t got, read_at(fd_, offset_, chunk_));
    chunk_.resize(got);
    used_ = 0;
    return got;
}

Result<FrameState> SegmentCursor::next(Frame& frame) {
    offset_ += last_frame_bytes_;
    used_ += last_frame_bytes_;
    last_frame_bytes_ = 0;
    FrameState state = parse_frame(ByteView(chunk_).subspan(used_), frame);
    while (state == FrameState::incomplete) {
        const std::size_t had = chunk_.size() - used_;
        CLOISTER_ASSIGN_OR_RETURN(const std::size_t got, fill());
        state = parse_frame(chunk_, frame);
        if (got <= had) break;
    }
    if (state == FrameState::complete) last_frame_bytes_ = frame.size_bytes;
    return state;
}

Result<SegmentHeader> read_header(const Fd& fd) {
    Bytes bytes(kSegmentHeaderBytes);
    CLOISTER_ASSIGN_OR_RETURN(const std::size_t got, read_at(fd, 0, bytes));
    return parse_header(ByteView(bytes).first(got));
}

Result<SegmentScan> scan_segment(const Fd& fd, std::uint64_t most) {
    SegmentScan scan;
    SegmentCursor cursor(fd, kSegmentHeaderBytes);
    while (scan.index.count < most) {
        Frame frame;
        CLOISTER_ASSIGN_OR_RETURN(const FrameState state, cursor.next(frame));
        if (state != FrameState::complete) break;
        scan.index.add(cursor.offset());
        scan.end_offset = cursor.offset() + frame.size_bytes;
        scan.highest_tag = std::max(scan.highest_tag, frame.tag);
    }
    return scan;
}

Result<Tail> examine_tail(const Fd& fd, std::uint64_t offset) {
    CLOISTER_ASSIGN_OR_RETURN(const std::uint64_t size, size_of(fd));
    Tail tail = Tail::clean;
    Bytes window;
    // Windows overlap by one frame, so that one that lies across their border is seen.
    for (std::uint64_t at = offset; at < size; at += kLargestChunkBytes) {
        window.resize(kLargestChunkBytes + kMaxFrameBytes);
        CLOISTER_ASSIGN_OR_RETURN(const std::size_t got, read_at(fd, at, window));
        window.resize(got);
        if (is_zero(window)) continue;
        tail = Tail::torn;
        // The byte at `offset` itself starts the damaged frame (or a torn group), which proves nothing.
        if (has_group_start(ByteView(window).subspan(at == offset ? 1 : 0))) return Tail::decay;
    }
    return tail;
}

Result<SegmentIndex> load_index(const std::filesystem::path& directory, std::uint64_t first, std::uint64_t count) {
    if (auto stored = read_index_file(directory / index_name(first)); stored && stored->count == count) return stored;
    CLOISTER_ASSIGN_OR_RETURN(const Fd fd, open_for_reading(directory / segment_name(first)));
    // Damage ends the scan early. The reader finds it again and names its place.
    CLOISTER_ASSIGN_OR_RETURN(SegmentScan scan, scan_segment(fd, count));
    return std::move(scan.index);
}

}  // namespace cloister::store
