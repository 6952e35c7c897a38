// The key-encryption keys of one key store: which there are, which one wraps now, how often it has.
//
// Tables (see key_store.cc): keks has number, state, time, the number of wraps so far and a commitment; kek_bytes has
// the wrapped bytes alone, in rows that are only ever appended and overwritten in place.
//
// Invariants  One KEK is active. Whether a KEK may wrap is decided inside the transaction that stores what it wrapped,
// so that
//             no row can appear under a KEK that a rotation has done with.
// Threads     Any thread may call any method.
// Errors      corrupt: a KEK that rows need is damaged or not there. conflict: the active KEK has wrapped its limit.
#pragma once

#include <map>

#include "base/mutex.h"
#include "keys/packed_keys.h"
#include "keys/root_key.h"
#include "store/database.h"

namespace cloister::keys {

// NIST SP 800-38D allows 2^32 encryptions with random nonces under one key; half of that leaves room for what was
// wrapped but not stored.
constexpr std::int64_t kMaxWraps = std::int64_t{1} << 31;

class Keks {
 public:
    Keks(VaultId vault, std::unique_ptr<RootKey> root) : vault_(vault), root_(std::move(root)) {}

    // The KEK that wraps now, as far as this process knows. Set after add_first() or load_active().
    KekPtr active() const;
    // Reads the active KEK of the store and remembers it.
    Result<void> load_active(store::Snapshot& snapshot);
    // A KEK by number, from memory or from the store.
    Result<KekPtr> get(store::Snapshot& snapshot, std::uint32_t number);

    // Counts `wraps` under `hoped` if it is active; otherwise under the one that is, which it then gives.
    Result<KekPtr> reserve(store::Transaction& transaction, KekPtr hoped, std::size_t wraps);

    // Makes a new active KEK; the one before becomes deactivated. Known to active() once committed.
    Result<std::uint32_t> make(store::Transaction& transaction, Time now);
    // Overwrites a KEK for ever; the number stays, so that it is never used again.
    Result<void> destroy(store::Transaction& transaction, std::uint32_t number);

 private:
    Result<KekPtr> load(store::Snapshot& snapshot, std::uint32_t number) const;
    Result<std::uint32_t> active_number(store::Snapshot& snapshot) const;
    Bytes context_of(std::uint32_t number, ByteView commitment) const;

    const VaultId vault_;
    const std::unique_ptr<RootKey> root_;
    mutable SharedMutex mutex_;
    KekPtr active_ CLOISTER_GUARDED_BY(mutex_);
    // A destroyed KEK stays here as null, so that a reader with an old snapshot does not bring it back.
    std::map<std::uint32_t, KekPtr> opened_ CLOISTER_GUARDED_BY(mutex_);
};

}  // namespace cloister::keys
