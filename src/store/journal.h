// The journal: an append-only sequence of entries in segment files, with its own writer thread and group commit. It
// knows bytes and positions only; what an entry says is the business of `audit`.
//
// Every entry has a position (0, 1, 2, ...) and a tag chosen by the caller. Segment files are preallocated, and one
// spare segment is always kept ready, so that entries can still be written for a while when the disk is full.
// Layout: docs/formats.md, "Journal".
//
// Invariants  An acknowledged entry keeps its position and bytes for ever. After a crash, complete entries that were
// not
//             acknowledged may be there too; a torn entry at the end is cut off on open.
// Threads     Any thread may call any method. Done callbacks run on the journal's thread, must not block.
// Errors      storage_full, unavailable: the entry was not written; a later one may be. corrupt: a checksum within the
//             acknowledged part does not match; the message names segment and offset.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/bytes.h"
#include "base/function.h"
#include "base/result.h"

namespace cloister::store {

struct JournalOptions {
    std::filesystem::path directory;  // created when missing
    std::size_t segment_bytes = 32u << 20;
    std::size_t queue_limit = 200'000;  // entries; past it append() answers unavailable at once
};

// What a reader of the journal sees.
struct JournalEntry {
    std::uint64_t position;
    std::uint64_t tag;
    ByteView payload;
};

class Journal {
 public:
    // Opens or creates; cuts off a torn tail. corrupt when the last segment is damaged where it was acknowledged
    // (earlier segments are checked when they are read). Only one Journal may be open on a directory (the caller holds
    // its lock).
    static Result<std::unique_ptr<Journal>> open(const JournalOptions& options);
    virtual ~Journal() = default;

    using Done = UniqueFunction<void(Result<std::uint64_t> position)>;
    // Queues an entry of at most 65,535 bytes. `done` is called once it is durable. Entries get their positions in the
    // order of the calls.
    virtual void append(std::uint64_t tag, Bytes payload, Done done) = 0;
    // Waits.
    Result<std::uint64_t> append_and_wait(std::uint64_t tag, Bytes payload);

    // The number of durable entries: positions [0, size()) can be read.
    virtual std::uint64_t size() const = 0;
    // The highest tag among the durable entries, 0 when there is none.
    virtual std::uint64_t highest_tag() const = 0;
    // Entries from `position` on, in order, until the end or until `on_entry` returns false.
    virtual Result<void> read(std::uint64_t position, FunctionRef<bool(const JournalEntry&)> on_entry) const = 0;
    // Waits until everything appended before this call is durable or failed.
    virtual void flush() = 0;
    virtual bool writable() const = 0;
    virtual std::uint64_t commits() const = 0;
};

// Reads a journal's directory without opening it for writing; for verification beside or without a server. It sees the
// complete entries that were there when it was opened.
class JournalReader {
 public:
    static Result<std::unique_ptr<JournalReader>> open(const std::filesystem::path& directory);
    virtual ~JournalReader() = default;
    virtual std::uint64_t size() const = 0;
    virtual Result<void> read(std::uint64_t position, FunctionRef<bool(const JournalEntry&)> on_entry) const = 0;
};

}  // namespace cloister::store
