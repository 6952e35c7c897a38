// Mutexes that clang's thread-safety analysis understands (-Wthread-safety): shared state names its lock with
// CLOISTER_GUARDED_BY, and the compiler checks every access.
#pragma once

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#if defined(__clang__)
#define CLOISTER_ATTRIBUTE(x) __attribute__((x))
#else
#define CLOISTER_ATTRIBUTE(x)
#endif
#define CLOISTER_CAPABILITY(x) CLOISTER_ATTRIBUTE(capability(x))
#define CLOISTER_SCOPED_CAPABILITY CLOISTER_ATTRIBUTE(scoped_lockable)
#define CLOISTER_GUARDED_BY(x) CLOISTER_ATTRIBUTE(guarded_by(x))
#define CLOISTER_REQUIRES(...) CLOISTER_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define CLOISTER_EXCLUDES(...) CLOISTER_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define CLOISTER_ACQUIRE(...) CLOISTER_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define CLOISTER_RELEASE(...) CLOISTER_ATTRIBUTE(release_capability(__VA_ARGS__))
#define CLOISTER_NO_THREAD_SAFETY_ANALYSIS CLOISTER_ATTRIBUTE(no_thread_safety_analysis)

namespace cloister {

class CLOISTER_CAPABILITY("mutex") Mutex {
 public:
    void lock() CLOISTER_ACQUIRE() { mutex_.lock(); }
    void unlock() CLOISTER_RELEASE() { mutex_.unlock(); }

 private:
    friend class CondVar;
    std::mutex mutex_;
};

// Holds a Mutex for its scope.
class CLOISTER_SCOPED_CAPABILITY MutexLock {
 public:
    explicit MutexLock(Mutex& mutex) CLOISTER_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() CLOISTER_RELEASE() { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

 private:
    Mutex& mutex_;
};

// Waits on a held Mutex. Spurious wake-ups happen: wait in a loop over the condition.
class CondVar {
 public:
    void wait(Mutex& mutex) CLOISTER_REQUIRES(mutex) {
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        condition_.wait(lock);
        lock.release();
    }
    // Returns false when `timeout` passed first.
    template <class Rep, class Period>
    bool wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> timeout) CLOISTER_REQUIRES(mutex) {
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        const bool woken = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
        lock.release();
        return woken;
    }
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

 private:
    std::condition_variable condition_;
};

// Many readers or one writer.
class CLOISTER_CAPABILITY("shared_mutex") SharedMutex {
 public:
    void lock() CLOISTER_ACQUIRE() { mutex_.lock(); }
    void unlock() CLOISTER_RELEASE() { mutex_.unlock(); }
    void lock_shared() CLOISTER_ATTRIBUTE(acquire_shared_capability()) { mutex_.lock_shared(); }
    void unlock_shared() CLOISTER_ATTRIBUTE(release_shared_capability()) { mutex_.unlock_shared(); }

 private:
    std::shared_mutex mutex_;
};

class CLOISTER_SCOPED_CAPABILITY WriterLock {
 public:
    explicit WriterLock(SharedMutex& mutex) CLOISTER_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~WriterLock() CLOISTER_RELEASE() { mutex_.unlock(); }
    WriterLock(const WriterLock&) = delete;
    WriterLock& operator=(const WriterLock&) = delete;

 private:
    SharedMutex& mutex_;
};

class CLOISTER_SCOPED_CAPABILITY ReaderLock {
 public:
    explicit ReaderLock(SharedMutex& mutex) CLOISTER_ATTRIBUTE(acquire_shared_capability(mutex)) : mutex_(mutex) {
        mutex_.lock_shared();
    }
    ~ReaderLock() CLOISTER_RELEASE() { mutex_.unlock_shared(); }
    ReaderLock(const ReaderLock&) = delete;
    ReaderLock& operator=(const ReaderLock&) = delete;

 private:
    SharedMutex& mutex_;
};

}  // namespace cloister
