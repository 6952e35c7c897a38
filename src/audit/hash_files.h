// The hashes of a log's tree on disk: one file per tile level, hash after hash. Any tile, full or partial, is a slice.
//
// File `level-<L>` holds hash i of level L (audit/merkle.h) at byte 32 * i. What lies behind the newest checkpoint's
// tree was not necessarily on stable storage when the machine stopped; whoever opens the files cuts it off.
//
// Threads  read() from any thread. Everything else by one thread at a time.
// Errors   storage_full, unavailable: what was added stays in memory and is written by the next flush().
//          corrupt: a file ends before a hash that should be there.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <vector>

#include "audit/merkle.h"
#include "base/mutex.h"
#include "store/journal/files.h"

namespace cloister::audit {

std::filesystem::path hash_file(const std::filesystem::path& directory, unsigned level);

class HashFiles {
 public:
    explicit HashFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

    // Opens the files and keeps exactly the hashes of a tree of `size` entries. False: they do not hold that many.
    Result<bool> open(std::uint64_t size);
    // Opens what is there, for reading only.
    Result<void> open_for_reading();

    void add(unsigned level, const Digest& hash);
    // Writes what was added.
    Result<void> flush();
    // Puts what was written on stable storage.
    Result<void> sync();

    Result<std::vector<Digest>> read(unsigned level, std::uint64_t first, std::uint64_t count) const;
    // The same as bytes, ready to serve.
    Result<Bytes> read_bytes(unsigned level, std::uint64_t first, std::uint64_t count) const;

 private:
    struct Level {
        store::Fd writer;
        std::uint64_t written = 0;  // hashes
        Bytes added;
        bool unsynced = false;
    };
    Result<void> create(unsigned level);
    Result<void> set_reader(unsigned level);

    const std::filesystem::path directory_;
    std::array<Level, kTileLevels> levels_;
    mutable Mutex mutex_;
    std::array<std::shared_ptr<const store::Fd>, kTileLevels> readers_ CLOISTER_GUARDED_BY(mutex_);
};

}  // namespace cloister::audit
