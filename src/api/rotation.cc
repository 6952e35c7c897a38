#include "api/rotation.h"

#include <algorithm>

#include "log/log.h"

namespace cloister::api {

std::string_view to_string(Rotation::State state) {
    switch (state) {
        case Rotation::State::idle: return "idle";
        case Rotation::State::running: return "running";
        case Rotation::State::failed: return "failed";
    }
    return "";
}

Rotation::~Rotation() {
    std::thread running;
    {
        MutexLock lock(mutex_);
        stopping_ = true;
        running.swap(thread_);
    }
    if (running.joinable()) running.join();
}

Rotation::Status Rotation::status() const {
    MutexLock lock(mutex_);
    return status_;
}

Result<Rotation::Status> Rotation::start(audit::Entry entry) {
    CLOISTER_ASSIGN_OR_RETURN(const std::vector<keys::KekInfo> keks, keys_.keks());
    Status begun{.state = State::running};
    for (const keys::KekInfo& kek : keks) begun.total += kek.wraps;  // until the keyring has counted for itself
    MutexLock lock(mutex_);
    if (stopping_) return Error(ErrorCode::unavailable, "the server is stopping");
    if (status_.state == State::running)
        return Error(ErrorCode::conflict,
                     "a rotation of the key-encryption key is running: " + std::to_string(status_.done) + " of " +
                         std::to_string(status_.total) + " keys are done");
    if (thread_.joinable()) thread_.join();  // the last one has ended: its status says so in its last step
    status_ = begun;
    thread_ = std::thread([this, entry = std::move(entry)]() mutable {
        try {
            run(std::move(entry));
        } catch (const std::exception&) {  // a bug or no memory: this thread's affair, not the server's end
            log::error("the rotation of the key-encryption key failed unexpectedly");
            MutexLock ending(mutex_);
            status_.state = State::failed;
            status_.problem = "failed unexpectedly";
        }
    });
    return begun;
}

Result<bool> Rotation::resume() {
    CLOISTER_ASSIGN_OR_RETURN(const std::vector<keys::KekInfo> keks, keys_.keks());
    const bool interrupted =
        std::any_of(keks.begin(), keks.end(), [](const keys::KekInfo& kek) { return kek.state == "deactivated"; });
    if (!interrupted) return false;
    audit::Entry entry;
    entry.actor = "system";
    entry.origin = "local";
    entry.action = "key.rotate";
    entry.details = {{"resumed", "at start-up"}};
    CLOISTER_RETURN_IF_ERROR(start(std::move(entry)));
    return true;
}

bool Rotation::go_on(const keys::RotationProgress& progress) {
    MutexLock lock(mutex_);
    status_.done = progress.done;
    status_.total = progress.total;
    return !stopping_;
}

void Rotation::run(audit::Entry entry) {
    const auto rotated = keys_.rotate([this](const keys::RotationProgress& progress) { return go_on(progress); });
    Status ended;
    if (rotated) {
        ended = {.state = State::idle, .done = rotated->done, .total = rotated->total};
        entry.decision = "permit";
        entry.details.emplace_back("from", std::to_string(rotated->from_kek));
        entry.details.emplace_back("to", std::to_string(rotated->to_kek));
        entry.details.emplace_back("keys", std::to_string(rotated->done));
        entry.details.emplace_back("state", "finished");
    } else {
        ended = status();
        ended.state = State::failed;
        ended.problem = rotated.error().detail();
        entry.decision = "permit";
        entry.problem = to_string(rotated.error().code());
        entry.details.emplace_back("state", rotated.error().code() == ErrorCode::cancelled ? "stopped" : "failed");
        log::warn("the rotation of the key-encryption key did not end", {{"why", rotated.error().detail()}});
    }
    entry.time = clock_.now();
    if (const auto told = log_.append_and_wait(entry); !told)
        log::error("the end of a rotation could not be audited", {{"why", told.error().detail()}});
    MutexLock lock(mutex_);
    status_ = std::move(ended);
}

}  // namespace cloister::api
