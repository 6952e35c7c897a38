// Puts groups of frames on disk: the segment that is being filled, the spare one behind it, and what to do when the
// disk fails or is full.
//
// Threads  The journal's thread only; readers see what Segments publishes.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "store/journal/files.h"
#include "store/journal/segments.h"

namespace cloister::store {

class SegmentWriter {
 public:
    // `segments` and `files` must outlive the writer.
    SegmentWriter(const JournalOptions& options, Segments& segments, Files& files);

    // Takes over the directory: cuts off a torn tail, makes the first segment when there is none.
    Result<void> open();

    struct Pending {
        std::uint64_t tag;
        ByteView payload;
    };
    // Writes as many entries from the front as fit into one write and makes them durable. Returns how many (at least
    // one). On an error none of them counts; the next call first makes the disk agree.
    Result<std::size_t> append(std::span<const Pending> entries);

    // Makes the spare segment when it is missing. A failure only matters once it is needed.
    void prepare_spare();
    // An entry with a larger payload does not fit into any segment.
    std::size_t largest_payload_bytes() const;

 private:
    Result<void> adopt_last(std::vector<std::uint64_t> firsts);
    Result<void> make_spare();
    Result<void> start_segment();
    // Undoes what a failed append may have left behind the last durable frame.
    Result<void> repair();
    Result<void> zero_tail(std::uint64_t end);
    Result<std::size_t> encode(std::span<const Pending> entries);
    void write_index(std::uint64_t first, const SegmentIndex& index);
    std::filesystem::path spare_path() const { return options_.directory / "next.spare"; }

    const JournalOptions options_;
    Segments& segments_;
    Files& files_;

    Fd current_;
    std::uint64_t current_bytes_ = 0;  // the size of the current file
    std::uint64_t offset_ = 0;         // behind the last durable frame
    std::uint64_t unsure_end_ = 0;     // behind the furthest byte a failed append may have written; 0 when sure

    std::optional<Fd> renamed_;  // a new segment whose name is not known to be durable yet
    bool has_spare_ = false;
    std::chrono::steady_clock::time_point spare_tried_{};

    Bytes group_;
    std::vector<std::uint32_t> offsets_;
    std::uint64_t highest_tag_ = 0;
};

}  // namespace cloister::store
