#include "audit/deriver.h"

#include <algorithm>

namespace cloister::audit {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kEntriesPerFlush = 8192;  // bounds the hashes held in memory to about 260 KB

Error contradiction(std::string_view what) {
    return Error(ErrorCode::corrupt, "the audit log contradicts its checkpoint: " + std::string(what));
}

}  // namespace

fs::path journal_directory(const fs::path& log) { return log / "journal"; }
fs::path hashes_directory(const fs::path& log) { return log / "hashes"; }
fs::path checkpoint_file(const fs::path& log) { return log / "checkpoint"; }
fs::path index_file(const fs::path& log) { return log / "index.db"; }

Result<std::string> read_checkpoint_file(const fs::path& log) {
    CLOISTER_ASSIGN_OR_RETURN(const store::Fd fd, store::open_for_reading(checkpoint_file(log)));
    CLOISTER_ASSIGN_OR_RETURN(const std::uint64_t size, store::size_of(fd));
    constexpr std::uint64_t kMaxBytes = 1'000'000;
    Bytes bytes(std::min(size, kMaxBytes));
    CLOISTER_ASSIGN_OR_RETURN(const std::size_t got, store::read_at(fd, 0, bytes));
    return std::string(as_text(bytes).substr(0, got));
}

Result<void> write_checkpoint_file(const fs::path& log, const std::string& note) {
    store::Files& files = store::system_files();
    const fs::path next = log / "checkpoint.next";
    CLOISTER_ASSIGN_OR_RETURN(const store::Fd fd, files.create(next));
    CLOISTER_RETURN_IF_ERROR(files.write_at(fd, 0, as_bytes(note)));
    CLOISTER_RETURN_IF_ERROR(files.sync(fd));
    CLOISTER_RETURN_IF_ERROR(files.rename(next, checkpoint_file(log)));
    return files.sync_directory(log);
}

Deriver::Deriver(const fs::path& log, const crypto::SigningKey& key, const store::Journal& journal,
                 VerifierKey verifier)
    : log_(log),
      key_(key),
      journal_(journal),
      verifier_(std::move(verifier)),
      hashes_(std::make_unique<HashFiles>(hashes_directory(log))) {}

Result<std::unique_ptr<Deriver>> Deriver::open(const fs::path& log, const std::string& origin,
                                               const crypto::SigningKey& key, const store::Journal& journal) {
    CLOISTER_ASSIGN_OR_RETURN(VerifierKey verifier, make_verifier_key(origin, key.public_key()));
    std::unique_ptr<Deriver> deriver(new Deriver(log, key, journal, std::move(verifier)));
    const auto note = read_checkpoint_file(log);
    if (!note && note.error().code() != ErrorCode::not_found) return note.error();
    if (!note) {
        CLOISTER_RETURN_IF_ERROR(deriver->hashes_->open(0));
        CLOISTER_RETURN_IF_ERROR(deriver->derive_hashes(journal.size()));
        CLOISTER_RETURN_IF_ERROR(deriver->publish());
        return deriver;
    }
    const auto checkpoint = open_checkpoint(*note, deriver->verifier_);
    if (!checkpoint) return contradiction(checkpoint.error().detail());
    CLOISTER_RETURN_IF_ERROR(deriver->adopt(*checkpoint));
    const MutexLock lock(deriver->mutex_);
    deriver->newest_ = std::make_shared<const Signed>(Signed{*checkpoint, *note});
    return deriver;
}

Result<void> Deriver::adopt(const Checkpoint& checkpoint) {
    if (journal_.size() < checkpoint.size)
        return contradiction("it covers " + std::to_string(checkpoint.size) + " entries, the journal holds " +
                             std::to_string(journal_.size()));
    CLOISTER_ASSIGN_OR_RETURN(const bool complete, hashes_->open(checkpoint.size));
    if (complete) {
        const auto read = [this](unsigned level, std::uint64_t first, std::uint64_t count) {
            return hashes_->read(level, first, count);
        };
        CLOISTER_ASSIGN_OR_RETURN(frontier_, Frontier::load(read, checkpoint.size));
    } else {
        hashes_ = std::make_unique<HashFiles>(hashes_directory(log_));
        CLOISTER_RETURN_IF_ERROR(hashes_->open(0));
        CLOISTER_RETURN_IF_ERROR(derive_hashes(checkpoint.size));
        CLOISTER_RETURN_IF_ERROR(hashes_->sync());
    }
    if (frontier_.root() != checkpoint.root) return contradiction("the root hash differs");
    return {};
}

Result<void> Deriver::derive_hashes(std::uint64_t until) {
    CLOISTER_RETURN_IF_ERROR(hashes_->flush());  // what a full disk left behind
    const auto on_tile_hash = [this](unsigned level, std::uint64_t, const Digest& hash) { hashes_->add(level, hash); };
    while (frontier_.size() < until) {
        const std::uint64_t stop = std::min(until, frontier_.size() + kEntriesPerFlush);
        CLOISTER_RETURN_IF_ERROR(journal_.read(frontier_.size(), [&](const store::JournalEntry& entry) {
            frontier_.add(leaf_hash(entry.payload), on_tile_hash);
            return frontier_.size() < stop;
        }));
        if (frontier_.size() < stop) return Error(ErrorCode::corrupt, "the journal ends before its own size");
        CLOISTER_RETURN_IF_ERROR(hashes_->flush());
    }
    return {};
}

Result<void> Deriver::publish() {
    CLOISTER_RETURN_IF_ERROR(hashes_->sync());
    Checkpoint checkpoint{verifier_.name, frontier_.size(), frontier_.root(), {}};
    CLOISTER_ASSIGN_OR_RETURN(std::string note, sign_note(format_checkpoint(checkpoint), verifier_.name, key_));
    CLOISTER_RETURN_IF_ERROR(write_checkpoint_file(log_, note));
    const MutexLock lock(mutex_);
    newest_ = std::make_shared<const Signed>(Signed{std::move(checkpoint), std::move(note)});
    return {};
}

Result<void> Deriver::derive() {
    const std::uint64_t size = journal_.size();
    if (newest()->checkpoint.size == size) return {};
    CLOISTER_RETURN_IF_ERROR(derive_hashes(size));
    return publish();
}

std::shared_ptr<const Deriver::Signed> Deriver::newest() const {
    const MutexLock lock(mutex_);
    return newest_;
}

}  // namespace cloister::audit
