#include "store/journal/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cloister::store {
namespace {

Error error_of(const char* what, int code) {
    const ErrorCode kind = code == ENOSPC || code == EDQUOT ? ErrorCode::storage_full
                           : code == ENOENT                 ? ErrorCode::not_found
                                                            : ErrorCode::unavailable;
    return Error(kind, std::string(what) + ": " + std::generic_category().message(code));
}

Result<Fd> open_file(const std::filesystem::path& file, int flags) {
    Fd fd(::open(file.c_str(), flags | O_CLOEXEC, 0600));
    if (!fd) return error_of("open", errno);
    return fd;
}

}  // namespace

Fd::~Fd() {
    if (fd_ >= 0) ::close(fd_);
}

Result<Fd> Files::open_for_writing(const std::filesystem::path& file) { return open_file(file, O_RDWR); }

Result<Fd> Files::create(const std::filesystem::path& file) { return open_file(file, O_RDWR | O_CREAT | O_TRUNC); }

Result<void> Files::allocate(const Fd& fd, std::size_t bytes) {
    int code = EINTR;
    while (code == EINTR) code = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes));
    if (code != 0) return error_of("reserve room", code);
    return {};
}

Result<void> Files::write_at(const Fd& fd, std::uint64_t offset, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return error_of("write", errno);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return {};
}

Result<void> Files::sync(const Fd& fd) {
    if (::fdatasync(fd.get()) != 0) return error_of("sync", errno);
    return {};
}

Result<void> Files::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return error_of("rename", errno);
    return {};
}

Result<void> Files::sync_directory(const std::filesystem::path& directory) {
    CLOISTER_ASSIGN_OR_RETURN(const Fd fd, open_file(directory, O_RDONLY | O_DIRECTORY));
    if (::fsync(fd.get()) != 0) return error_of("sync directory", errno);
    return {};
}

Files& system_files() {
    static Files files;
    return files;
}

Result<Fd> open_for_reading(const std::filesystem::path& file) { return open_file(file, O_RDONLY); }

Result<std::uint64_t> size_of(const Fd& fd) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return error_of("stat", errno);
    return static_cast<std::uint64_t>(status.st_size);
}

Result<std::size_t> read_at(const Fd& fd, std::uint64_t offset, std::span<std::byte> into) {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t count =
            ::pread(fd.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return error_of("read", errno);
        if (count == 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

}  // namespace cloister::store
