// The file operations that the journal depends on for durability, behind an interface so that tests can make any one of
// them fail.
//
// Errors  storage_full: no room (ENOSPC, EDQUOT). not_found: no such file. unavailable: anything else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace cloister::store {

// Owns a file descriptor.
class Fd {
 public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd();
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

 private:
    int fd_ = -1;
};

class Files {
 public:
    virtual ~Files() = default;

    virtual Result<Fd> open_for_writing(const std::filesystem::path& file);
    // Makes an empty file, or empties the one that is there.
    virtual Result<Fd> create(const std::filesystem::path& file);
    // Reserves room, so that writing below `bytes` needs none. The bytes read as zero.
    virtual Result<void> allocate(const Fd& fd, std::size_t bytes);
    virtual Result<void> write_at(const Fd& fd, std::uint64_t offset, ByteView bytes);
    // Returns when the file's content is on stable storage.
    virtual Result<void> sync(const Fd& fd);
    virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to);
    // Makes the names in a directory durable.
    virtual Result<void> sync_directory(const std::filesystem::path& directory);
};

// The real thing.
Files& system_files();

Result<Fd> open_for_reading(const std::filesystem::path& file);
Result<std::uint64_t> size_of(const Fd& fd);
// Reads up to `into.size()` bytes; fewer only at the end of the file.
Result<std::size_t> read_at(const Fd& fd, std::uint64_t offset, std::span<std::byte> into);

}  // namespace cloister::store
