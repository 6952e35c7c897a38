// Work on a log that no server has open: deriving everything again, and writing it out for independent tools.
#include <algorithm>

#include "audit/deriver.h"
#include "audit/log.h"
#include "audit/search_index.h"
#include "audit/tiles.h"

namespace cloister::audit {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kEntriesPerIndexBatch = 4096;

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

Error file_error(const fs::path& file, const std::error_code& error) {
    return Error(ErrorCode::unavailable, file.filename().string() + ": " + error.message());
}

Result<void> build_index(const fs::path& directory, const store::Journal& journal, const Progress& on_progress) {
    CLOISTER_ASSIGN_OR_RETURN(const auto index, SearchIndex::open(index_file(directory), journal.size()));
    while (index->indexed() < journal.size()) {
        std::vector<Entry> batch;
        std::optional<Error> failed;
        CLOISTER_RETURN_IF_ERROR(journal.read(index->indexed(), [&](const store::JournalEntry& item) {
            auto entry = decode(item.payload);
            if (!entry) {
                failed = entry.error().within("entry " + std::to_string(item.position));
                return false;
            }
            batch.push_back(*std::move(entry));
            return batch.size() < kEntriesPerIndexBatch;
        }));
        if (failed) return *failed;
        CLOISTER_RETURN_IF_ERROR(index->add(batch));
        if (on_progress) on_progress(index->indexed(), journal.size());
    }
    return {};
}

Result<void> write_new_file(const fs::path& file, ByteView bytes) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) return file_error(file, error);
    CLOISTER_ASSIGN_OR_RETURN(const store::Fd fd, store::system_files().create(file));
    return store::system_files().write_at(fd, 0, bytes);
}

// What a log directory offers to be copied out, without its key.
struct ReadOnlyLog {
    std::string note;
    std::uint64_t size = 0;
    HashFiles hashes;
    std::unique_ptr<store::JournalReader> journal;
};

Result<std::unique_ptr<ReadOnlyLog>> open_read_only(const fs::path& directory) {
    CLOISTER_ASSIGN_OR_RETURN(std::string note, read_checkpoint_file(directory));
    const std::string_view text = std::string_view(note).substr(0, note.rfind("\n\n") + 1);
    CLOISTER_ASSIGN_OR_RETURN(const Checkpoint checkpoint, parse_checkpoint(text));
    CLOISTER_ASSIGN_OR_RETURN(auto journal, store::JournalReader::open(journal_directory(directory)));
    std::unique_ptr<ReadOnlyLog> log(
        new ReadOnlyLog{std::move(note), checkpoint.size, HashFiles(hashes_directory(directory)), std::move(journal)});
    CLOISTER_RETURN_IF_ERROR(log->hashes.open_for_reading());
    return log;
}

Result<void> export_level(const ReadOnlyLog& log, unsigned level, const fs::path& to) {
    const std::uint64_t hashes = hashes_at_level(level, log.size);
    for (std::uint64_t first = 0; first < hashes; first += kTileWidth) {
        const std::uint64_t width = std::min(kTileWidth, hashes - first);
        CLOISTER_ASSIGN_OR_RETURN(const Bytes tile, log.hashes.read_bytes(level, first, width));
        CLOISTER_RETURN_IF_ERROR(
            write_new_file(to / tile_path({level, first / kTileWidth, static_cast<unsigned>(width)}), tile));
    }
    return {};
}

Result<void> export_bundles(const ReadOnlyLog& log, const fs::path& to, const Progress& on_progress) {
    if (log.size == 0) return {};
    Bytes bundle;
    Result<void> written;
    CLOISTER_RETURN_IF_ERROR(log.journal->read(0, [&](const store::JournalEntry& entry) {
        append_to_bundle(bundle, entry.payload);
        const std::uint64_t done = entry.position + 1;
        if (done % kTileWidth != 0 && done != log.size) return true;
        const auto width = static_cast<unsigned>(entry.position % kTileWidth + 1);
        written = write_new_file(to / bundle_path(entry.position / kTileWidth, width), bundle);
        bundle.clear();
        if (on_progress) on_progress(done, log.size);
        return written.has_value() && done != log.size;
    }));
    return written;
}

}  // namespace

Result<std::uint64_t> rebuild(const LogOptions& options, const crypto::SigningKey& key, const Progress& on_progress) {
    std::error_code error;
    if (!fs::exists(journal_directory(options.directory), error))
        return Error(ErrorCode::not_found, "there is no audit log in this directory");
    CLOISTER_ASSIGN_OR_RETURN(const auto journal,
                              store::Journal::open({.directory = journal_directory(options.directory),
                                                    .segment_bytes = options.segment_bytes}));
    fs::remove_all(hashes_directory(options.directory), error);
    if (error) return file_error("hashes", error);
    for (const char* suffix : {"", "-wal", "-shm"}) {
        fs::remove(fs::path(index_file(options.directory).string() + suffix), error);
        if (error) return file_error("index.db", error);
    }
    // Hashes that are missing are derived on opening, and held against the checkpoint there.
    CLOISTER_ASSIGN_OR_RETURN(const auto deriver, Deriver::open(options.directory, options.origin, key, *journal));
    CLOISTER_RETURN_IF_ERROR(deriver->derive());
    CLOISTER_RETURN_IF_ERROR(build_index(options.directory, *journal, on_progress));
    return journal->size();
}

Result<void> export_tiles(const fs::path& directory, const fs::path& to, const Progress& on_progress) {
    std::error_code error;
    if (fs::exists(to, error) && !fs::is_empty(to, error))
        return Error(ErrorCode::already_exists, "the directory to export to is not empty");
    CLOISTER_ASSIGN_OR_RETURN(const auto log, open_read_only(directory));
    for (unsigned level = 0; level < kTileLevels; ++level) CLOISTER_RETURN_IF_ERROR(export_level(*log, level, to));
    CLOISTER_RETURN_IF_ERROR(export_bundles(*log, to, on_progress));
    return write_new_file(to / "checkpoint", as_bytes(log->note));
}

}  // namespace cloister::audit
