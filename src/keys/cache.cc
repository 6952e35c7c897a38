#include "keys/cache.h"

#include <algorithm>

namespace cloister::keys {

KeyCache::KeyCache(std::size_t capacity)
    : used_shards_(std::clamp<std::size_t>(capacity, 1, kShards)), per_shard_(capacity / used_shards_) {}

KeyCache::Shard& KeyCache::shard_of(CustomerId customer) {
    // The hash is the random tail of the id as it is; mixing lets ids with little randomness spread too.
    const std::uint64_t mixed = std::hash<CustomerId>{}(customer) * 0x9E3779B97F4A7C15u;
    return shards_[(mixed >> 32) % used_shards_];
}

CustomerKeysPtr KeyCache::get(CustomerId customer) {
    Shard& shard = shard_of(customer);
    const MutexLock lock(shard.mutex);
    const auto found = shard.where.find(customer);
    if (found == shard.where.end()) return nullptr;
    Slot& slot = shard.slots[found->second];
    slot.asked_for = true;
    return slot.keys;
}

KeyCache::Ticket KeyCache::ticket(CustomerId customer) {
    Shard& shard = shard_of(customer);
    const MutexLock lock(shard.mutex);
    return {shard.evictions};
}

void KeyCache::put(CustomerId customer, Ticket ticket, CustomerKeysPtr keys) {
    Shard& shard = shard_of(customer);
    CustomerKeysPtr gone;
    {
        const MutexLock lock(shard.mutex);
        if (shard.evictions == ticket.evictions) gone = insert(shard, customer, std::move(keys));
    }
}

void KeyCache::replace(CustomerId customer, CustomerKeysPtr keys) {
    Shard& shard = shard_of(customer);
    CustomerKeysPtr gone;
    {
        const MutexLock lock(shard.mutex);
        ++shard.evictions;
        gone = insert(shard, customer, std::move(keys));
    }
}

void KeyCache::evict(CustomerId customer) {
    Shard& shard = shard_of(customer);
    CustomerKeysPtr gone;
    {
        const MutexLock lock(shard.mutex);
        ++shard.evictions;
        gone = remove(shard, customer);
    }
}

CustomerKeysPtr KeyCache::insert(Shard& shard, CustomerId customer, CustomerKeysPtr keys) {
    if (per_shard_ == 0) return keys;
    const auto found = shard.where.find(customer);
    if (found != shard.where.end()) {
        std::swap(shard.slots[found->second].keys, keys);
        return keys;
    }
    const std::size_t index = take_slot(shard);
    Slot& slot = shard.slots[index];
    CustomerKeysPtr gone = std::move(slot.keys);
    if (gone) shard.where.erase(slot.customer);
    slot = {.customer = customer, .keys = std::move(keys), .asked_for = false};
    shard.where.emplace(customer, index);
    return gone;
}

std::size_t KeyCache::take_slot(Shard& shard) {
    if (!shard.free.empty()) {
        const std::size_t index = shard.free.back();
        shard.free.pop_back();
        return index;
    }
    if (shard.slots.size() < per_shard_) {
        shard.slots.emplace_back();
        return shard.slots.size() - 1;
    }
    while (std::exchange(shard.slots[shard.hand].asked_for, false)) shard.hand = (shard.hand + 1) % per_shard_;
    return std::exchange(shard.hand, (shard.hand + 1) % per_shard_);
}

CustomerKeysPtr KeyCache::remove(Shard& shard, CustomerId customer) {
    const auto found = shard.where.find(customer);
    if (found == shard.where.end()) return nullptr;
    const std::size_t index = found->second;
    shard.where.erase(found);
    shard.free.push_back(index);
    shard.slots[index].asked_for = false;
    return std::exchange(shard.slots[index].keys, nullptr);
}

std::uint64_t KeyCache::size() {
    std::uint64_t total = 0;
    for (Shard& shard : shards_) {
        const MutexLock lock(shard.mutex);
        total += shard.where.size();
    }
    return total;
}

}  // namespace cloister::keys
