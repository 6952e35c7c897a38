#include "store/journal/writer.h"

#include <algorithm>

namespace cloister::store {
namespace {

// One write and sync; what waits beyond it goes into the next, so that the buffer stays small.
constexpr std::size_t kMaxGroupBytes = 4u << 20;
// On a full disk, reserving a segment fails at a cost: not with every group.
constexpr std::chrono::seconds kSpareRetry(1);

}  // namespace

SegmentWriter::SegmentWriter(const JournalOptions& options, Segments& segments, Files& files)
    : options_(options), segments_(segments), files_(files) {}

std::size_t SegmentWriter::largest_payload_bytes() const {
    return std::min(kMaxPayloadBytes, options_.segment_bytes - kSegmentHeaderBytes - kFrameOverheadBytes);
}

Result<void> SegmentWriter::open() {
    CLOISTER_ASSIGN_OR_RETURN(std::vector<std::uint64_t> firsts, list_segments(options_.directory));
    std::error_code ignored;
    has_spare_ = std::filesystem::file_size(spare_path(), ignored) == options_.segment_bytes && !ignored;
    if (!firsts.empty()) return adopt_last(std::move(firsts));
    CLOISTER_RETURN_IF_ERROR(start_segment());
    prepare_spare();
    return {};
}

Result<void> SegmentWriter::adopt_last(std::vector<std::uint64_t> firsts) {
    const std::uint64_t first = firsts.back();
    CLOISTER_ASSIGN_OR_RETURN(const LastSegment last, inspect_last_segment(options_.directory, first));
    CLOISTER_ASSIGN_OR_RETURN(current_, files_.open_for_writing(options_.directory / segment_name(first)));
    CLOISTER_ASSIGN_OR_RETURN(current_bytes_, size_of(current_));
    offset_ = last.scan.end_offset;
    if (last.tail == Tail::torn) CLOISTER_RETURN_IF_ERROR(zero_tail(current_bytes_));
    // Complete frames may have been written but not synced before a crash of this process; readers will rely on them.
    CLOISTER_RETURN_IF_ERROR(files_.sync(current_));
    CLOISTER_RETURN_IF_ERROR(files_.sync_directory(options_.directory));
    segments_.adopt(std::move(firsts), last);
    prepare_spare();
    return {};
}

Result<std::size_t> SegmentWriter::append(std::span<const Pending> entries) {
    CLOISTER_RETURN_IF_ERROR(repair());
    CLOISTER_ASSIGN_OR_RETURN(const std::size_t count, encode(entries));
    unsure_end_ = offset_ + group_.size();
    CLOISTER_RETURN_IF_ERROR(files_.write_at(current_, offset_, group_));
    CLOISTER_RETURN_IF_ERROR(files_.sync(current_));
    unsure_end_ = 0;
    offset_ += group_.size();
    segments_.grow(offsets_, highest_tag_);
    return count;
}

// Fills group_ with the frames that fit, in a new segment when not even the first fits into this one.
Result<std::size_t> SegmentWriter::encode(std::span<const Pending> entries) {
    CLOISTER_ASSERT(!entries.empty());
    if (offset_ + kFrameOverheadBytes + entries.front().payload.size() > current_bytes_)
        CLOISTER_RETURN_IF_ERROR(start_segment());
    group_.clear();
    offsets_.clear();
    highest_tag_ = 0;
    for (const Pending& entry : entries) {
        const std::size_t end = group_.size() + kFrameOverheadBytes + entry.payload.size();
        if (offset_ + end > current_bytes_ || (end > kMaxGroupBytes && !group_.empty())) break;
        offsets_.push_back(static_cast<std::uint32_t>(offset_ + group_.size()));
        append_frame(group_, entry.tag, entry.payload, group_.empty());
        highest_tag_ = std::max(highest_tag_, entry.tag);
    }
    return offsets_.size();
}

// After a failed write or sync nobody knows what the disk holds, and the page cache may claim more than it. The bytes
// are written again, as zeroes: an entry reported as failed must not come back. Where the disk refuses even that, the
// journal goes on in a new segment, whose first position says where this one ends.
Result<void> SegmentWriter::repair() {
    if (renamed_) return start_segment();
    if (unsure_end_ == 0) return {};
    if (zero_tail(unsure_end_)) {
        unsure_end_ = 0;
        return {};
    }
    return start_segment();
}

Result<void> SegmentWriter::zero_tail(std::uint64_t end) {
    const Bytes zeroes(std::min<std::uint64_t>(end - offset_, 1u << 20));
    for (std::uint64_t at = offset_; at < end; at += zeroes.size())
        CLOISTER_RETURN_IF_ERROR(
            files_.write_at(current_, at, ByteView(zeroes).first(std::min<std::size_t>(zeroes.size(), end - at))));
    return files_.sync(current_);
}

Result<void> SegmentWriter::make_spare() {
    CLOISTER_ASSIGN_OR_RETURN(const Fd fd, files_.create(spare_path()));
    Result<void> made = files_.allocate(fd, options_.segment_bytes);
    if (made) made = files_.sync(fd);
    if (made) made = files_.sync_directory(options_.directory);
    std::error_code ignored;
    if (!made) std::filesystem::remove(spare_path(), ignored);  // gives back what a full disk had left
    has_spare_ = made.has_value();
    return made;
}

void SegmentWriter::prepare_spare() {
    if (has_spare_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - spare_tried_ < kSpareRetry) return;
    spare_tried_ = now;
    (void)make_spare().has_value();
}

// Every step can fail and be taken again by the next append; entries go to the new segment only after the last.
Result<void> SegmentWriter::start_segment() {
    const std::uint64_t first = segments_.size();
    if (!renamed_) {
        if (!has_spare_) CLOISTER_RETURN_IF_ERROR(make_spare());
        auto opened = files_.open_for_writing(spare_path());
        // A rename that reported failure may have happened; its file holds no entry and the next one replaces it.
        if (!opened) has_spare_ = false;
        if (!opened) return Error(ErrorCode::unavailable, opened.error().detail()).within("spare segment");
        Fd fd = *std::move(opened);
        const SegmentHeader header{.first_position = first, .highest_tag_before = segments_.highest_tag()};
        CLOISTER_RETURN_IF_ERROR(files_.write_at(fd, 0, encode_header(header)));
        CLOISTER_RETURN_IF_ERROR(files_.sync(fd));
        CLOISTER_RETURN_IF_ERROR(files_.rename(spare_path(), options_.directory / segment_name(first)));
        has_spare_ = false;
        spare_tried_ = {};
        renamed_ = std::move(fd);
    }
    CLOISTER_RETURN_IF_ERROR(files_.sync_directory(options_.directory));
    CLOISTER_ASSIGN_OR_RETURN(current_bytes_, size_of(*renamed_));
    current_ = std::move(*renamed_);
    renamed_.reset();
    offset_ = kSegmentHeaderBytes;
    unsure_end_ = 0;
    if (const auto before = segments_.start_segment()) write_index(first - before->count, *before);
    return {};
}

// A derived file: when it is missing or torn, readers walk the segment instead, so its failures and sync do not matter.
void SegmentWriter::write_index(std::uint64_t first, const SegmentIndex& index) {
    const auto fd = files_.create(options_.directory / index_name(first));
    if (fd) (void)files_.write_at(*fd, 0, encode_index(index)).has_value();
}

}  // namespace cloister::store
