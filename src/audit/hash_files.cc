#include "audit/hash_files.h"

#include "audit/tiles.h"

namespace cloister::audit {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kHashBytes = sizeof(Digest);

Error file_error(const fs::path& file, const std::error_code& error) {
    return Error(ErrorCode::unavailable, file.filename().string() + ": " + error.message());
}

}  // namespace

fs::path hash_file(const fs::path& directory, unsigned level) { return directory / ("level-" + std::to_string(level)); }

Result<bool> HashFiles::open(std::uint64_t size) {
    std::error_code error;
    fs::create_directories(directory_, error);
    if (error) return file_error(directory_, error);
    for (unsigned level = 0; level < kTileLevels; ++level) {
        const fs::path file = hash_file(directory_, level);
        const std::uint64_t want = hashes_at_level(level, size);
        if (!fs::exists(file, error)) {
            if (want != 0) return false;
            continue;
        }
        const std::uint64_t bytes = fs::file_size(file, error);
        if (error) return file_error(file, error);
        if (bytes < want * kHashBytes) return false;
        if (bytes > want * kHashBytes) fs::resize_file(file, want * kHashBytes, error);
        if (error) return file_error(file, error);
        CLOISTER_ASSIGN_OR_RETURN(levels_[level].writer, store::system_files().open_for_writing(file));
        levels_[level].written = want;
        CLOISTER_RETURN_IF_ERROR(set_reader(level));
    }
    return true;
}

Result<void> HashFiles::open_for_reading() {
    for (unsigned level = 0; level < kTileLevels; ++level) {
        std::error_code error;
        if (fs::exists(hash_file(directory_, level), error)) CLOISTER_RETURN_IF_ERROR(set_reader(level));
    }
    return {};
}

Result<void> HashFiles::set_reader(unsigned level) {
    CLOISTER_ASSIGN_OR_RETURN(store::Fd fd, store::open_for_reading(hash_file(directory_, level)));
    const MutexLock lock(mutex_);
    readers_[level] = std::make_shared<const store::Fd>(std::move(fd));
    return {};
}

Result<void> HashFiles::create(unsigned level) {
    CLOISTER_ASSIGN_OR_RETURN(store::Fd writer, store::system_files().create(hash_file(directory_, level)));
    CLOISTER_RETURN_IF_ERROR(store::system_files().sync_directory(directory_));
    CLOISTER_RETURN_IF_ERROR(set_reader(level));
    levels_[level].writer = std::move(writer);
    return {};
}

void HashFiles::add(unsigned level, const Digest& hash) {
    CLOISTER_ASSERT(level < kTileLevels);
    append(levels_[level].added, hash);
}

Result<void> HashFiles::flush() {
    for (unsigned number = 0; number < kTileLevels; ++number) {
        Level& level = levels_[number];
        if (level.added.empty()) continue;
        if (!level.writer) CLOISTER_RETURN_IF_ERROR(create(number));
        CLOISTER_RETURN_IF_ERROR(store::system_files().write_at(level.writer, level.written * kHashBytes, level.added));
        level.written += level.added.size() / kHashBytes;
        level.added.clear();
        level.unsynced = true;
    }
    return {};
}

Result<void> HashFiles::sync() {
    for (Level& level : levels_) {
        if (!level.unsynced) continue;
        CLOISTER_RETURN_IF_ERROR(store::system_files().sync(level.writer));
        level.unsynced = false;
    }
    return {};
}

Result<Bytes> HashFiles::read_bytes(unsigned level, std::uint64_t first, std::uint64_t count) const {
    std::shared_ptr<const store::Fd> fd;
    if (level < kTileLevels) {
        const MutexLock lock(mutex_);
        fd = readers_[level];
    }
    const auto ends_early = [&] {
        return Error(ErrorCode::corrupt, "hashes/level-" + std::to_string(level) + " ends before hash " +
                                             std::to_string(first + count - 1));
    };
    if (fd == nullptr) return ends_early();
    Bytes bytes(count * kHashBytes);
    CLOISTER_ASSIGN_OR_RETURN(const std::size_t got, store::read_at(*fd, first * kHashBytes, bytes));
    if (got != bytes.size()) return ends_early();
    return bytes;
}

Result<std::vector<Digest>> HashFiles::read(unsigned level, std::uint64_t first, std::uint64_t count) const {
    CLOISTER_ASSIGN_OR_RETURN(const Bytes bytes, read_bytes(level, first, count));
    std::vector<Digest> hashes(count);
    std::memcpy(hashes.data(), bytes.data(), bytes.size());
    return hashes;
}

}  // namespace cloister::audit
