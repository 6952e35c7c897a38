#include "store/sqlite/fault_vfs.h"

#include <sqlite3.h>

#include <atomic>
#include <mutex>
#include <new>

namespace cloister::store::sqlite {
namespace {

std::mutex g_mutex;
FaultPlan g_plan;
int g_operations = 0;

// Counts an operation; the code it has to fail with, or SQLITE_OK.
int count_operation(bool* torn = nullptr) {
    const std::lock_guard lock(g_mutex);
    ++g_operations;
    if (g_plan.first == 0 || g_operations < g_plan.first || g_operations >= g_plan.first + g_plan.count)
        return SQLITE_OK;
    if (torn != nullptr) *torn = g_plan.torn;
    return g_plan.code;
}

// SQLite allocates szOsFile bytes: this, and the real file behind it.
struct FaultFile {
    sqlite3_file base;
    sqlite3_file* real;
};
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file)->real; }

int fault_close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int fault_read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    return real(f)->pMethods->xRead(real(f), to, n, at);
}
int fault_write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    bool torn = false;
    const int code = count_operation(&torn);
    if (code == SQLITE_OK) return real(f)->pMethods->xWrite(real(f), from, n, at);
    if (torn) real(f)->pMethods->xWrite(real(f), from, n / 2, at);
    return code;
}
int fault_truncate(sqlite3_file* f, sqlite3_int64 size) {
    const int code = count_operation();
    return code != SQLITE_OK ? code : real(f)->pMethods->xTruncate(real(f), size);
}
int fault_sync(sqlite3_file* f, int flags) {
    const int code = count_operation();
    return code != SQLITE_OK ? code : real(f)->pMethods->xSync(real(f), flags);
}
int fault_size(sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); }
int fault_lock(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int fault_unlock(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int fault_reserved(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
int fault_control(sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
int fault_sector(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int fault_device(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
int fault_shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
int fault_shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void fault_shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int fault_shm_unmap(sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); }

const sqlite3_io_methods kMethods = {2,
                                     fault_close,
                                     fault_read,
                                     fault_write,
                                     fault_truncate,
                                     fault_sync,
                                     fault_size,
                                     fault_lock,
                                     fault_unlock,
                                     fault_reserved,
                                     fault_control,
                                     fault_sector,
                                     fault_device,
                                     fault_shm_map,
                                     fault_shm_lock,
                                     fault_shm_barrier,
                                     fault_shm_unmap,
                                     nullptr,
                                     nullptr};

sqlite3_vfs* g_real_vfs = nullptr;

int fault_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* self = new (file) FaultFile{};
    self->real = reinterpret_cast<sqlite3_file*>(self + 1);
    const int code = g_real_vfs->xOpen(g_real_vfs, name, self->real, flags, out_flags);
    self->base.pMethods = self->real->pMethods != nullptr ? &kMethods : nullptr;
    return code;
}

}  // namespace

void install_fault_vfs() {
    static sqlite3_vfs layer;
    if (g_real_vfs != nullptr) return;
    g_real_vfs = sqlite3_vfs_find(nullptr);
    layer = *g_real_vfs;  // everything but opening files goes straight to the real one
    layer.zName = "cloister-faults";
    layer.szOsFile = static_cast<int>(sizeof(FaultFile)) + g_real_vfs->szOsFile;
    layer.xOpen = fault_open;
    layer.pNext = nullptr;
    sqlite3_vfs_register(&layer, 1);
}

void set_faults(const FaultPlan& plan) {
    const std::lock_guard lock(g_mutex);
    g_plan = plan;
    g_operations = 0;
}

int operations() {
    const std::lock_guard lock(g_mutex);
    return g_operations;
}

}  // namespace cloister::store::sqlite
