#include "store/journal/segments.h"

#include <algorithm>

namespace cloister::store {
namespace {

Error damaged(std::uint64_t first, std::uint64_t offset) {
    return Error(ErrorCode::corrupt,
                 "journal segment " + segment_name(first) + " is damaged at offset " + std::to_string(offset));
}

// The place of index entry `position - first` or the closest one before it.
std::pair<std::uint64_t, std::uint64_t> nearest_known(const SegmentIndex& index, std::uint64_t first,
                                                      std::uint64_t position) {
    if (index.offsets.empty()) return {first, kSegmentHeaderBytes};
    const std::size_t slot =
        std::min<std::size_t>((position - first) / SegmentIndex::kStride, index.offsets.size() - 1);
    return {first + slot * SegmentIndex::kStride, index.offsets[slot]};
}

}  // namespace

Result<std::vector<std::uint64_t>> list_segments(const std::filesystem::path& directory) {
    std::error_code error;
    std::vector<std::uint64_t> firsts;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
        if (const auto first = first_position_of(entry->path().filename().string())) firsts.push_back(*first);
    if (error) {
        const bool missing = error == std::errc::no_such_file_or_directory;
        return Error(missing ? ErrorCode::not_found : ErrorCode::unavailable, "journal directory: " + error.message());
    }
    std::ranges::sort(firsts);
    return firsts;
}

Result<LastSegment> inspect_last_segment(const std::filesystem::path& directory, std::uint64_t first) {
    CLOISTER_ASSIGN_OR_RETURN(const Fd fd, open_for_reading(directory / segment_name(first)));
    auto header = read_header(fd);
    if (!header) return header.error().within("journal segment " + segment_name(first));
    if (header->first_position != first) return damaged(first, 0);
    LastSegment last{.header = *header};
    CLOISTER_ASSIGN_OR_RETURN(last.scan, scan_segment(fd));
    CLOISTER_ASSIGN_OR_RETURN(last.tail, examine_tail(fd, last.scan.end_offset));
    if (last.tail != Tail::decay) return last;
    // Beside a live writer both groups may have come after the walk. The earlier one was complete before the later one
    // was written, so a frame that is whole by now was not damaged.
    SegmentCursor cursor(fd, last.scan.end_offset);
    Frame frame;
    CLOISTER_ASSIGN_OR_RETURN(const FrameState state, cursor.next(frame));
    if (state != FrameState::complete) return damaged(first, last.scan.end_offset);
    last.tail = Tail::clean;
    return last;
}

void Segments::adopt(std::vector<std::uint64_t> firsts, const LastSegment& last) {
    const MutexLock lock(mutex_);
    firsts_ = std::move(firsts);
    last_index_ = last.scan.index;
    size_ = firsts_.back() + last.scan.index.count;
    highest_tag_ = std::max(last.header.highest_tag_before, last.scan.highest_tag);
}

std::shared_ptr<const SegmentIndex> Segments::start_segment() {
    const MutexLock lock(mutex_);
    std::shared_ptr<const SegmentIndex> before;
    if (!firsts_.empty()) {
        before = std::make_shared<const SegmentIndex>(std::exchange(last_index_, SegmentIndex()));
        full_[firsts_.back()] = before;
    }
    firsts_.push_back(size_);
    return before;
}

void Segments::grow(std::span<const std::uint32_t> offsets, std::uint64_t highest_tag) {
    const MutexLock lock(mutex_);
    for (const std::uint32_t offset : offsets) last_index_.add(offset);
    size_ += offsets.size();
    highest_tag_ = std::max(highest_tag_, highest_tag);
}

std::uint64_t Segments::size() const {
    const MutexLock lock(mutex_);
    return size_;
}

std::uint64_t Segments::highest_tag() const {
    const MutexLock lock(mutex_);
    return highest_tag_;
}

Result<std::shared_ptr<const SegmentIndex>> Segments::index_of_full(std::uint64_t first, std::uint64_t count) const {
    {
        const MutexLock lock(mutex_);
        if (const auto found = full_.find(first); found != full_.end()) return found->second;
    }
    CLOISTER_ASSIGN_OR_RETURN(SegmentIndex loaded, load_index(directory_, first, count));
    auto index = std::make_shared<const SegmentIndex>(std::move(loaded));
    const MutexLock lock(mutex_);
    return full_.emplace(first, std::move(index)).first->second;
}

Result<Segments::Stretch> Segments::locate(std::uint64_t position) const {
    Stretch stretch;
    {
        const MutexLock lock(mutex_);
        const auto next = std::ranges::upper_bound(firsts_, position);
        if (next == firsts_.begin())
            return Error(ErrorCode::corrupt,
                         "the journal's segment with position " + std::to_string(position) + " is missing");
        stretch.first = *(next - 1);
        stretch.end = next == firsts_.end() ? size_ : *next;
        if (next == firsts_.end()) {
            std::tie(stretch.known_position, stretch.known_offset) =
                nearest_known(last_index_, stretch.first, position);
            return stretch;
        }
    }
    CLOISTER_ASSIGN_OR_RETURN(const auto index, index_of_full(stretch.first, stretch.end - stretch.first));
    std::tie(stretch.known_position, stretch.known_offset) = nearest_known(*index, stretch.first, position);
    return stretch;
}

Result<bool> Segments::walk(const Stretch& stretch, std::uint64_t from,
                            FunctionRef<bool(const JournalEntry&)> on_entry) const {
    CLOISTER_ASSIGN_OR_RETURN(const Fd fd, open_for_reading(directory_ / segment_name(stretch.first)));
    const auto header = read_header(fd);
    if (!header || header->first_position != stretch.first) return damaged(stretch.first, 0);
    SegmentCursor cursor(fd, stretch.known_offset);
    for (std::uint64_t position = stretch.known_position; position < stretch.end; ++position) {
        Frame frame;
        CLOISTER_ASSIGN_OR_RETURN(const FrameState state, cursor.next(frame));
        if (state != FrameState::complete) return damaged(stretch.first, cursor.offset());
        if (position < from) continue;
        if (!on_entry(JournalEntry{.position = position, .tag = frame.tag, .payload = frame.payload})) return false;
    }
    return true;
}

Result<void> Segments::read(std::uint64_t position, FunctionRef<bool(const JournalEntry&)> on_entry) const {
    const std::uint64_t end = size();
    while (position < end) {
        CLOISTER_ASSIGN_OR_RETURN(Stretch stretch, locate(position));
        stretch.end = std::min(stretch.end, end);
        auto more = walk(stretch, position, on_entry);
        if (!more && more.error().code() == ErrorCode::not_found)
            return Error(ErrorCode::corrupt, "journal segment " + segment_name(stretch.first) + " is missing");
        if (!more) return more.error();
        if (!*more) return {};
        position = stretch.end;
    }
    return {};
}

}  // namespace cloister::store
