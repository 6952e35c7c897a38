// What follows from the journal: hash files and the signed checkpoint.
//
// Invariants  A checkpoint is published only after the hashes it rests on are on stable storage, and only over entries
// that
//             the journal calls durable.
// Threads     derive() by one thread at a time; everything else from any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "audit/hash_files.h"
#include "audit/note.h"
#include "base/mutex.h"
#include "crypto/sign.h"
#include "store/journal.h"

namespace cloister::audit {

// Where the parts of a log live.
std::filesystem::path journal_directory(const std::filesystem::path& log);
std::filesystem::path hashes_directory(const std::filesystem::path& log);
std::filesystem::path checkpoint_file(const std::filesystem::path& log);
std::filesystem::path index_file(const std::filesystem::path& log);

// The text of the checkpoint file. not_found when there is none yet.
Result<std::string> read_checkpoint_file(const std::filesystem::path& log);
// Replaces the file so that a crash leaves the old or the new one.
Result<void> write_checkpoint_file(const std::filesystem::path& log, const std::string& note);

class Deriver {
 public:
    // A checkpoint and the note it came in.
    struct Signed {
        Checkpoint checkpoint;
        std::string note;
    };

    // Checks the files against the last checkpoint: corrupt when they contradict it. Hashes that are missing are
    // derived again. `key` and `journal` must outlive the deriver.
    static Result<std::unique_ptr<Deriver>> open(const std::filesystem::path& log, const std::string& origin,
                                                 const crypto::SigningKey& key, const store::Journal& journal);

    // Brings hashes and checkpoint up to what is durable in the journal now.
    Result<void> derive();
    std::shared_ptr<const Signed> newest() const;
    const HashFiles& hashes() const { return *hashes_; }

 private:
    Deriver(const std::filesystem::path& log, const crypto::SigningKey& key, const store::Journal& journal,
            VerifierKey verifier);
    Result<void> adopt(const Checkpoint& checkpoint);
    Result<void> derive_hashes(std::uint64_t until);
    Result<void> publish();

    const std::filesystem::path log_;
    const crypto::SigningKey& key_;
    const store::Journal& journal_;
    const VerifierKey verifier_;
    std::unique_ptr<HashFiles> hashes_;
    Frontier frontier_;
    mutable Mutex mutex_;
    std::shared_ptr<const Signed> newest_ CLOISTER_GUARDED_BY(mutex_);
};

}  // namespace cloister::audit
