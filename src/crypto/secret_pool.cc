// The pool behind Secret: chunks of locked pages, cut into slots of a few sizes, with a list of free slots per size.
#include <openssl/crypto.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>

#include "base/mutex.h"
#include "crypto/secret.h"

namespace cloister::crypto {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kChunk = 64 * 1024;  // the smallest lock limit that systems ship with
constexpr std::size_t kSmallestSlot = 16;
constexpr std::size_t kLargestSlot = 4096;  // above that, pages of its own
constexpr std::size_t kSizes = std::bit_width(kLargestSlot / kSmallestSlot);

std::atomic<bool> all_locked = true;

std::byte* map_secret_pages(std::size_t size) {
    void* const pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    const bool locked = mlock(pages, size) == 0;
    const bool undumped = madvise(pages, size, MADV_DONTDUMP) == 0;
    if (!locked || !undumped) all_locked = false;
    return static_cast<std::byte*>(pages);
}

std::size_t round_to_pages(std::size_t size) { return (size + kPage - 1) / kPage * kPage; }

class Pool {
 public:
    // Slots double in size: 16, 32, ... 4096 bytes.
    std::byte* allocate(std::size_t size) CLOISTER_EXCLUDES(mutex_) {
        const std::size_t slot = slot_size(size);
        const MutexLock lock(mutex_);
        FreeSlot*& free = free_[size_index(slot)];
        if (free == nullptr) return cut(slot);
        FreeSlot* const taken = free;
        free = taken->next;
        std::memset(static_cast<void*>(taken), 0, sizeof(FreeSlot));  // the rest was wiped when it was freed
        return reinterpret_cast<std::byte*>(taken);
    }

    void free(std::byte* p, std::size_t size) noexcept CLOISTER_EXCLUDES(mutex_) {
        const std::size_t slot = slot_size(size);
        const MutexLock lock(mutex_);
        FreeSlot*& head = free_[size_index(slot)];
        head = new (p) FreeSlot{head};
    }

 private:
    struct FreeSlot {
        FreeSlot* next;
    };

    static std::size_t slot_size(std::size_t size) { return std::bit_ceil(std::max(size, kSmallestSlot)); }
    static std::size_t size_index(std::size_t slot) {
        return static_cast<std::size_t>(std::countr_zero(slot) - std::countr_zero(kSmallestSlot));
    }

    // A new slot from the chunk in use. All sizes divide the chunk, so a slot is aligned to its size; what is left
    // of a chunk too full for this slot stays unused (less than one slot).
    std::byte* cut(std::size_t slot) CLOISTER_REQUIRES(mutex_) {
        used_ = (used_ + slot - 1) / slot * slot;
        if (chunk_ == nullptr || used_ + slot > kChunk) {
            chunk_ = map_secret_pages(kChunk);
            used_ = 0;
        }
        std::byte* const p = chunk_ + used_;
        used_ += slot;
        return p;
    }

    Mutex mutex_;
    std::array<FreeSlot*, kSizes> free_ CLOISTER_GUARDED_BY(mutex_) = {};
    std::byte* chunk_ CLOISTER_GUARDED_BY(mutex_) = nullptr;
    std::size_t used_ CLOISTER_GUARDED_BY(mutex_) = 0;
};

// Never destroyed: secrets in static objects may be released after main().
Pool& pool() {
    static Pool& the_pool = *new Pool;
    return the_pool;
}

}  // namespace

namespace internal {

std::byte* secret_allocate(std::size_t size) {
    return size > kLargestSlot ? map_secret_pages(round_to_pages(size)) : pool().allocate(size);
}

void secret_free(std::byte* p, std::size_t size) noexcept {
    OPENSSL_cleanse(p, size);
    if (size > kLargestSlot) {
        munmap(p, round_to_pages(size));
    } else {
        pool().free(p, size);
    }
}

}  // namespace internal

bool secret_memory_locked() { return all_locked; }

}  // namespace cloister::crypto
