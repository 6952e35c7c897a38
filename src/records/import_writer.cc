#include "records/import_writer.h"

#include <exception>

namespace cloister::records {

ImportWriter::~ImportWriter() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Result<void> ImportWriter::submit(Job job) {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    MutexLock lock(mutex_);
    while (in_flight_ >= kInFlight) changed_.wait(mutex_);
    if (failed_) return *failed_;
    waiting_.push_back(std::move(job));
    ++in_flight_;
    changed_.notify_all();
    return {};
}

Result<void> ImportWriter::drain() {
    MutexLock lock(mutex_);
    while (in_flight_ > 0) changed_.wait(mutex_);
    return outcome();
}

void ImportWriter::run() {
    for (;;) {
        Job job;
        bool skip = false;
        {
            MutexLock lock(mutex_);
            while (waiting_.empty() && !stopping_) changed_.wait(mutex_);
            if (waiting_.empty()) return;
            job = std::move(waiting_.front());
            waiting_.pop_front();
            skip = failed_.has_value();
        }
        Result<void> written;
        try {
            if (!skip) written = job();
        } catch (const std::exception& e) {  // a bug fails this import, not the server
            written = Error(ErrorCode::internal, e.what());
        }
        job = {};
        MutexLock lock(mutex_);
        if (!written && !failed_) failed_ = written.error();
        --in_flight_;
        changed_.notify_all();
    }
}

}  // namespace cloister::records
