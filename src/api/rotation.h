// A rotation of the key-encryption key while the vault is in use: one at a time, on a thread of its own.
//
// Threads  Any thread may call any method. The destructor stops a running rotation behind its batch; the next start
//          takes it up again (resume).
#pragma once

#include <string>
#include <thread>

#include "audit/log.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "keys/keyring.h"

namespace cloister::api {

class Rotation {
 public:
    // All must outlive it.
    Rotation(keys::Keyring& keys, audit::AuditLog& log, const Clock& clock) : keys_(keys), log_(log), clock_(clock) {}
    ~Rotation();
    Rotation(const Rotation&) = delete;
    Rotation& operator=(const Rotation&) = delete;

    enum class State { idle, running, failed };
    struct Status {
        State state = State::idle;
        std::uint64_t done = 0;  // keys under the new KEK; of the last rotation when none is running
        std::uint64_t total = 0;
        std::string problem;  // of a failed one
    };
    Status status() const CLOISTER_EXCLUDES(mutex_);

    // Begins one. `entry` is the template of the audit entry that tells how it ended. conflict, with the progress in
    // words, when one is running.
    Result<Status> start(audit::Entry entry) CLOISTER_EXCLUDES(mutex_);
    // Goes on with a rotation that was interrupted. Gives whether there was one.
    Result<bool> resume() CLOISTER_EXCLUDES(mutex_);

 private:
    void run(audit::Entry entry) CLOISTER_EXCLUDES(mutex_);
    bool go_on(const keys::RotationProgress& progress) CLOISTER_EXCLUDES(mutex_);

    keys::Keyring& keys_;
    audit::AuditLog& log_;
    const Clock& clock_;
    mutable Mutex mutex_;
    Status status_ CLOISTER_GUARDED_BY(mutex_);
    bool stopping_ CLOISTER_GUARDED_BY(mutex_) = false;
    std::thread thread_ CLOISTER_GUARDED_BY(mutex_);
};

std::string_view to_string(Rotation::State state);

}  // namespace cloister::api
