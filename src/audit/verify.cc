// Verification: the tree is computed again from the journal alone, in memory of its logarithm, and held against the
// hash files, the checkpoint and one that somebody remembered. Nothing is parsed but the checkpoints, so it runs at the
// speed of hashing.
#include <algorithm>

#include "audit/deriver.h"
#include "audit/log.h"
#include "audit/tiles.h"

namespace cloister::audit {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxProblemsPerFile = 5;  // one damaged block would fill pages
constexpr std::uint64_t kProgressStep = 1 << 16;

// One level's file, read from front to back beside the walk over the journal.
class LevelCheck {
 public:
    LevelCheck(const fs::path& directory, unsigned level, std::uint64_t expected)
        : name_("hashes/level-" + std::to_string(level)), expected_(expected) {
        if (auto opened = store::open_for_reading(hash_file(directory, level))) fd_ = *std::move(opened);
    }

    // Hash `index` of this level, as computed from the journal. Called in order.
    void compare(std::uint64_t index, const Digest& hash, std::vector<std::string>& problems) {
        if (index >= expected_ || ended_) return;
        if (next_ == buffer_.size()) fill(index);
        if (next_ == buffer_.size()) {
            ended_ = true;
            problems.push_back(name_ + ": ends before hash " + std::to_string(index));
            return;
        }
        if (buffer_[next_++] == hash || ++mismatches_ > kMaxProblemsPerFile) return;
        problems.push_back(name_ + ": hash " + std::to_string(index) + " does not match the journal" +
                           (mismatches_ == kMaxProblemsPerFile ? " (further ones are not listed)" : ""));
    }

 private:
    void fill(std::uint64_t index) {
        constexpr std::uint64_t kHashes = 2048;
        buffer_.resize(std::min(kHashes, expected_ - index));
        next_ = 0;
        const auto got = store::read_at(fd_, index * sizeof(Digest), std::as_writable_bytes(std::span(buffer_)));
        buffer_.resize(got ? *got / sizeof(Digest) : 0);
    }

    const std::string name_;
    const std::uint64_t expected_;
    store::Fd fd_;
    std::vector<Digest> buffer_;
    std::size_t next_ = 0;
    std::size_t mismatches_ = 0;
    bool ended_ = false;
};

// A tree head the log must pass through.
struct Milestone {
    std::string name;
    Checkpoint checkpoint;
    bool passed = false;
};

class Verifier {
 public:
    explicit Verifier(std::vector<Milestone> milestones, Verification& result)
        : milestones_(std::move(milestones)), result_(result) {}

    void check_hashes_in(const fs::path& directory, std::uint64_t size) {
        for (unsigned level = 0; level < kTileLevels; ++level)
            levels_.emplace_back(directory, level, hashes_at_level(level, size));
    }

    void pass_milestones() {
        for (Milestone& milestone : milestones_) {
            if (milestone.checkpoint.size != frontier_.size()) continue;
            milestone.passed = true;
            if (frontier_.root() != milestone.checkpoint.root)
                result_.problems.push_back(milestone.name + ": its root hash is not that of the journal's first " +
                                           std::to_string(frontier_.size()) + " entries");
        }
    }
    void add(const store::JournalEntry& entry) {
        frontier_.add(leaf_hash(entry.payload), [this](unsigned level, std::uint64_t index, const Digest& hash) {
            levels_[level].compare(index, hash, result_.problems);
        });
        pass_milestones();
    }
    void finish() {
        for (const Milestone& milestone : milestones_)
            if (!milestone.passed)
                result_.problems.push_back(milestone.name + ": it covers " + std::to_string(milestone.checkpoint.size) +
                                           " entries, the journal holds " + std::to_string(frontier_.size()));
        result_.entries = frontier_.size();
        result_.root_hash = base64_encode(frontier_.root());
    }

 private:
    std::vector<Milestone> milestones_;
    std::vector<LevelCheck> levels_;
    Frontier frontier_;
    Verification& result_;
};

// The checkpoint of the directory, or nothing when there is none or it does not hold.
std::optional<Checkpoint> own_checkpoint(const fs::path& directory, const VerifierKey& key,
                                         std::vector<std::string>& problems) {
    const auto note = read_checkpoint_file(directory);
    if (!note) {
        problems.push_back("checkpoint: " +
                           (note.error().code() == ErrorCode::not_found ? "there is none" : note.error().detail()));
        return std::nullopt;
    }
    auto checkpoint = open_checkpoint(*note, key);
    if (checkpoint) return *std::move(checkpoint);
    problems.push_back("checkpoint: " + checkpoint.error().detail());
    return std::nullopt;
}

}  // namespace

Result<Verification> verify(const fs::path& directory, const std::string& verifier_key,
                            const std::optional<std::string>& remembered_checkpoint,
                            const std::function<void(const store::JournalEntry&)>& on_entry,
                            const std::function<void(std::uint64_t done, std::uint64_t total)>& on_progress) {
    CLOISTER_ASSIGN_OR_RETURN(const VerifierKey key, parse_verifier_key(verifier_key));
    Verification result;
    std::vector<Milestone> milestones;
    if (remembered_checkpoint) {
        CLOISTER_ASSIGN_OR_RETURN(Checkpoint remembered, open_checkpoint(*remembered_checkpoint, key));
        milestones.push_back({"remembered checkpoint", std::move(remembered)});
    }
    // The checkpoint first: a server may be writing, and the journal only grows.
    if (auto own = own_checkpoint(directory, key, result.problems)) {
        result.checkpoint_size = own->size;
        milestones.push_back({"checkpoint", *std::move(own)});
    }
    Verifier verifier(std::move(milestones), result);
    verifier.check_hashes_in(hashes_directory(directory), result.checkpoint_size);
    verifier.pass_milestones();

    const auto journal = store::JournalReader::open(journal_directory(directory));
    if (!journal) {
        result.problems.push_back("journal: " + journal.error().detail());
        verifier.finish();
        return result;
    }
    const std::uint64_t total = (*journal)->size();
    const auto read = (*journal)->read(0, [&](const store::JournalEntry& entry) {
        verifier.add(entry);
        if (on_entry) on_entry(entry);
        if (on_progress && entry.position % kProgressStep == 0) on_progress(entry.position, total);
        return true;
    });
    if (!read) result.problems.push_back("journal: " + read.error().detail());
    verifier.finish();
    if (on_progress) on_progress(result.entries, total);
    return result;
}

}  // namespace cloister::audit
