#include "keys/keks.h"

namespace cloister::keys {
namespace {

Error unusable(std::uint32_t number, std::string_view what) {
    return Error(ErrorCode::corrupt, "key-encryption key " + std::to_string(number) + " " + std::string(what) +
                                         " in the key store: restore the newest copy of keys.db");
}

}  // namespace

KekPtr Keks::active() const {
    const ReaderLock lock(mutex_);
    CLOISTER_ASSERT(active_ != nullptr);
    return active_;
}

Result<void> Keks::load_active(store::Snapshot& snapshot) {
    CLOISTER_ASSIGN_OR_RETURN(const std::uint32_t number, active_number(snapshot));
    CLOISTER_ASSIGN_OR_RETURN(KekPtr kek, get(snapshot, number));
    const WriterLock lock(mutex_);
    active_ = std::move(kek);
    return {};
}

Result<std::uint32_t> Keks::active_number(store::Snapshot& snapshot) const {
    CLOISTER_ASSIGN_OR_RETURN(
        const auto number,
        snapshot.first("select number from keks where state = 'active' order by number desc", {},
                       [](const store::Row& row) { return static_cast<std::uint32_t>(row.integer(0)); }));
    if (!number)
        return Error(ErrorCode::corrupt,
                     "the key store has no active key-encryption key: restore the newest copy of keys.db");
    return *number;
}

Result<KekPtr> Keks::get(store::Snapshot& snapshot, std::uint32_t number) {
    {
        const ReaderLock lock(mutex_);
        const auto found = opened_.find(number);
        if (found != opened_.end() && found->second) return found->second;
    }
    CLOISTER_ASSIGN_OR_RETURN(KekPtr kek, load(snapshot, number));
    const WriterLock lock(mutex_);
    opened_.try_emplace(number, kek);
    return kek;
}

Result<KekPtr> Keks::load(store::Snapshot& snapshot, std::uint32_t number) const {
    struct Stored {
        bool destroyed;
        Bytes commitment;
        Bytes wrapped;
    };
    CLOISTER_ASSIGN_OR_RETURN(
        const auto stored,
        snapshot.first("select k.state, k.commitment, b.wrapped from keks k join kek_bytes b on b.number = k.number "
                       "where k.number = $1",
                       {std::int64_t{number}}, [](const store::Row& row) {
                           return Stored{row.text(0) == "destroyed", to_bytes(row.blob(1)), to_bytes(row.blob(2))};
                       }));
    if (!stored) return unusable(number, "is missing");
    if (stored->destroyed) return unusable(number, "is destroyed but still asked for");
    auto key = crypto::KeyEncryptionKey::zeroed();
    const Bytes context = context_of(number, stored->commitment);
    if (!root_->unwrap(context, stored->wrapped, key.fill())) return unusable(number, "is damaged");
    if (!crypto::constant_time_equal(crypto::commitment_of(key.reveal()), stored->commitment))
        return unusable(number, "is damaged");
    return std::make_shared<const Kek>(Kek{number, std::move(key)});
}

Result<KekPtr> Keks::reserve(store::Transaction& transaction, KekPtr hoped, std::size_t wraps) {
    const auto count = static_cast<std::int64_t>(wraps);
    // One statement both counts and checks; a second round only when a rotation has come between.
    for (int round = 0; round < 2; ++round) {
        CLOISTER_ASSIGN_OR_RETURN(
            const std::int64_t changed,
            transaction.execute(
                "update keks set wraps = wraps + $2 where number = $1 and state = 'active' and wraps <= $3",
                {std::int64_t{hoped->number}, count, kMaxWraps - count}));
        if (changed == 1) return hoped;
        CLOISTER_ASSIGN_OR_RETURN(const std::uint32_t number, active_number(transaction));
        if (number == hoped->number) break;
        CLOISTER_ASSIGN_OR_RETURN(hoped, load(transaction, number));
    }
    return Error(ErrorCode::conflict, "key-encryption key " + std::to_string(hoped->number) +
                                          " has wrapped as often as is safe: run `cloister key rotate`");
}

Result<std::uint32_t> Keks::make(store::Transaction& transaction, Time now) {
    CLOISTER_ASSIGN_OR_RETURN(const auto newest,
                              transaction.first("select coalesce(max(number), 0) from keks", {},
                                                [](const store::Row& row) { return row.integer(0); }));
    const std::int64_t number = newest.value_or(0) + 1;
    auto kek = std::make_shared<const Kek>(Kek{static_cast<std::uint32_t>(number), crypto::KeyEncryptionKey::random()});
    const Digest commitment = crypto::commitment_of(kek->key.reveal());
    CLOISTER_ASSIGN_OR_RETURN(const Bytes wrapped, root_->wrap(context_of(kek->number, commitment), kek->key.reveal()));
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("update keks set state = 'deactivated' where state = $1", {std::string_view("active")}));
    CLOISTER_RETURN_IF_ERROR(transaction.execute(
        "insert into keks (number, state, created, wraps, commitment) values ($1, 'active', $2, 0, $3)",
        {number, to_unix_micros(now), ByteView(commitment)}));
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("insert into kek_bytes (number, wrapped) values ($1, $2)", {number, ByteView(wrapped)}));
    const std::uint32_t made = kek->number;
    transaction.after_commit([this, kek] {
        const WriterLock lock(mutex_);
        opened_[kek->number] = kek;
        active_ = kek;
    });
    return made;
}

Result<void> Keks::destroy(store::Transaction& transaction, std::uint32_t number) {
    CLOISTER_ASSIGN_OR_RETURN(
        const auto length,
        transaction.first("select length(wrapped) from kek_bytes where number = $1", {std::int64_t{number}},
                          [](const store::Row& row) { return row.integer(0); }));
    // The same length, so that SQLite overwrites the row where it lies.
    const Bytes zeroes(static_cast<std::size_t>(length.value_or(0)));
    CLOISTER_RETURN_IF_ERROR(transaction.execute("update kek_bytes set wrapped = $2 where number = $1",
                                                 {std::int64_t{number}, ByteView(zeroes)}));
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("update keks set state = 'destroyed' where number = $1", {std::int64_t{number}}));
    transaction.after_commit([this, number] {
        const WriterLock lock(mutex_);
        opened_[number] = nullptr;
    });
    return {};
}

Bytes Keks::context_of(std::uint32_t number, ByteView commitment) const {
    Bytes context = to_bytes("cloister/v1 key-encryption key");
    append(context, vault_.bytes());
    append_be(context, number);
    append(context, commitment);
    return context;
}

}  // namespace cloister::keys
