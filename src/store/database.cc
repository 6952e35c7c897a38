#include "store/database.h"

#include "base/mutex.h"

namespace cloister::store {

Result<void> Database::write(Work work) {
    struct Waiter {
        Mutex mutex;
        CondVar arrived;
        std::optional<Result<void>> result CLOISTER_GUARDED_BY(mutex);
    } waiter;
    write_async(std::move(work), [&waiter](Result<void> result) {
        const MutexLock lock(waiter.mutex);
        waiter.result = std::move(result);
        waiter.arrived.notify_one();  // under the lock: the waiter lives on the other thread's stack
    });
    const MutexLock lock(waiter.mutex);
    while (!waiter.result) waiter.arrived.wait(waiter.mutex);
    return *std::move(waiter.result);
}

}  // namespace cloister::store
