// Opened customer keys, bounded in number: shards with a lock each, and in each shard the clock algorithm (a customer
// asked for since the hand last passed gets a second chance).
//
// Invariants  Never more than `capacity` customers. Keys read before a customer was evicted are not put in afterwards:
//             whoever reads takes a ticket first, and an eviction makes the tickets of its shard void.
// Threads     Any thread may call any method.
#pragma once

#include <array>
#include <unordered_map>

#include "base/mutex.h"
#include "keys/keyring.h"

namespace cloister::keys {

class KeyCache {
 public:
    explicit KeyCache(std::size_t capacity);

    CustomerKeysPtr get(CustomerId customer);

    // Take one before looking at the store; it allows to put what was seen, as long as nothing was evicted meanwhile.
    struct Ticket {
        std::uint64_t evictions;
    };
    Ticket ticket(CustomerId customer);
    void put(CustomerId customer, Ticket ticket, CustomerKeysPtr keys);

    // For the store's own thread, in commit order: what was just written is the newest there is.
    void replace(CustomerId customer, CustomerKeysPtr keys);
    void evict(CustomerId customer);

    std::uint64_t size();

 private:
    struct Slot {
        CustomerId customer;
        CustomerKeysPtr keys;  // null: free
        bool asked_for = false;
    };
    struct Shard {
        Mutex mutex;
        std::unordered_map<CustomerId, std::size_t> where CLOISTER_GUARDED_BY(mutex);
        std::vector<Slot> slots CLOISTER_GUARDED_BY(mutex);
        std::vector<std::size_t> free CLOISTER_GUARDED_BY(mutex);
        std::size_t hand CLOISTER_GUARDED_BY(mutex) = 0;
        std::uint64_t evictions CLOISTER_GUARDED_BY(mutex) = 0;
    };
    static constexpr std::size_t kShards = 16;

    Shard& shard_of(CustomerId customer);
    // Both give the keys that had to go, so that wiping them happens outside the lock.
    CustomerKeysPtr insert(Shard& shard, CustomerId customer, CustomerKeysPtr keys) CLOISTER_REQUIRES(shard.mutex);
    CustomerKeysPtr remove(Shard& shard, CustomerId customer) CLOISTER_REQUIRES(shard.mutex);
    std::size_t take_slot(Shard& shard) CLOISTER_REQUIRES(shard.mutex);

    const std::size_t used_shards_;  // fewer than kShards for a tiny cache, so that the bound is exact
    const std::size_t per_shard_;
    std::array<Shard, kShards> shards_;
};

}  // namespace cloister::keys
