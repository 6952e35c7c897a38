// Keys with names. A row of vault_keys is the name and
//
//     version u8 = 1 | suite u8 = 1 | KEK number u32 | kind u8 (1 MAC key, 2 signing seed) | commitment, 32 bytes
//     nonce, 12 bytes | AES-256-GCM(KEK, nonce, the key, 32 bytes) and tag, 16 bytes
//
// with the associated data "cloister/v1 vault key" | vault id, 16 bytes | everything before the nonce | the name.
#include <algorithm>

#include "keys/keyring_impl.h"

namespace cloister::keys {
namespace {

constexpr std::byte kVersion{1};
constexpr std::size_t kHeaderSize = 39;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kMaxNameBytes = 200;

Bytes associated_data(VaultId vault, ByteView header, std::string_view name) {
    Bytes data = to_bytes("cloister/v1 vault key");
    append(data, vault.bytes());
    append(data, header);
    append(data, name);
    return data;
}

Error damaged_vault_key(std::string_view name) {
    return Error(ErrorCode::corrupt, "vault key \"" + std::string(name) +
                                         "\" is damaged in the key store: restore the newest copy of keys.db");
}

}  // namespace

Result<crypto::MacKey> KeyringImpl::vault_key(std::string_view name) {
    CLOISTER_ASSIGN_OR_RETURN(const NamedKey key, named_key(name, VaultKeyKind::mac));
    return key.as<crypto::MacKeyTag>();
}

Result<crypto::SigningSeed> KeyringImpl::signing_seed(std::string_view name) {
    CLOISTER_ASSIGN_OR_RETURN(const NamedKey key, named_key(name, VaultKeyKind::signing_seed));
    return key.as<crypto::SigningSeedTag>();
}

Result<KeyringImpl::NamedKey> KeyringImpl::named_key(std::string_view name, VaultKeyKind kind) {
    if (name.empty() || name.size() > kMaxNameBytes)
        return Error(ErrorCode::invalid_argument, "a vault key's name has 1 to 200 bytes");
    const Error other_kind(ErrorCode::conflict,
                           "vault key \"" + std::string(name) + "\" is of another kind; a key has one use");
    {
        const MutexLock lock(vault_keys_mutex_);
        const auto found = vault_keys_.find(name);
        if (found != vault_keys_.end()) {
            if (found->second.kind != kind) return other_kind;
            return found->second.key.clone();
        }
    }
    std::optional<VaultKey> stored;
    const auto load = [&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(stored, load_vault_key(snapshot, name));
        return {};
    };
    CLOISTER_RETURN_IF_ERROR(database_->read(load));
    if (!stored) {
        CLOISTER_RETURN_IF_ERROR(
            database_->write([&](store::Transaction& transaction) { return make_vault_key(transaction, name, kind); }));
        CLOISTER_RETURN_IF_ERROR(database_->read(load));
    }
    if (!stored) return damaged_vault_key(name);
    if (stored->kind != kind) return other_kind;
    NamedKey key = stored->key.clone();
    const MutexLock lock(vault_keys_mutex_);
    vault_keys_.try_emplace(std::string(name), std::move(*stored));
    return key;
}

Result<std::optional<KeyringImpl::VaultKey>> KeyringImpl::load_vault_key(store::Snapshot& snapshot,
                                                                         std::string_view name) {
    CLOISTER_ASSIGN_OR_RETURN(const auto packed,
                              snapshot.first("select packed from vault_keys where name = $1", {name},
                                             [](const store::Row& row) { return to_bytes(row.blob(0)); }));
    if (!packed) return std::optional<VaultKey>();
    ByteReader reader(*packed);
    const auto version = reader.be<std::uint8_t>();
    const auto suite = reader.be<std::uint8_t>();
    const auto number = reader.be<std::uint32_t>();
    const auto kind = reader.be<std::uint8_t>();
    const ByteView commitment = reader.take(sizeof(Digest));
    const ByteView nonce_bytes = reader.take(crypto::kNonceSize);
    const ByteView sealed = reader.take(kKeySize + crypto::kTagSize);
    if (!reader.done() || std::byte{version} != kVersion ||
        suite != static_cast<std::uint8_t>(crypto::Suite::international))
        return damaged_vault_key(name);
    const Result<KekPtr> kek = keks_.get(snapshot, number);
    if (!kek) return kek.error().within("vault key \"" + std::string(name) + "\"");
    crypto::Nonce nonce;
    std::copy(nonce_bytes.begin(), nonce_bytes.end(), nonce.begin());
    VaultKey opened{static_cast<VaultKeyKind>(kind), number, NamedKey::zeroed()};
    const Bytes data = associated_data(vault_, ByteView(*packed).first(kHeaderSize), name);
    if (!crypto::Aead((*kek)->key).open(nonce, data, sealed, opened.key.fill()) ||
        !crypto::constant_time_equal(crypto::commitment_of(opened.key.reveal()), commitment))
        return damaged_vault_key(name);
    return std::optional<VaultKey>(std::move(opened));
}

Bytes KeyringImpl::pack_vault_key(std::string_view name, const VaultKey& key, const Kek& kek) const {
    Bytes packed{kVersion, std::byte{static_cast<std::uint8_t>(crypto::Suite::international)}};
    append_be(packed, kek.number);
    append_be(packed, static_cast<std::uint8_t>(key.kind));
    append(packed, crypto::commitment_of(key.key.reveal()));
    const Bytes data = associated_data(vault_, packed, name);
    const auto nonce = crypto::random_array<crypto::kNonceSize>();
    append(packed, nonce);
    const std::size_t sealed_at = packed.size();
    packed.resize(sealed_at + kKeySize + crypto::kTagSize);
    crypto::Aead(kek.key).seal(nonce, data, key.key.reveal(), std::span(packed).subspan(sealed_at));
    return packed;
}

Result<void> KeyringImpl::make_vault_key(store::Transaction& transaction, std::string_view name, VaultKeyKind kind) {
    CLOISTER_ASSIGN_OR_RETURN(const auto there, transaction.first("select 1 from vault_keys where name = $1", {name},
                                                                  [](const store::Row&) { return true; }));
    if (there) return {};
    CLOISTER_ASSIGN_OR_RETURN(const KekPtr kek, keks_.reserve(transaction, keks_.active(), 1));
    const Bytes packed = pack_vault_key(name, {kind, kek->number, NamedKey::random()}, *kek);
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("insert into vault_keys (name, packed) values ($1, $2)", {name, ByteView(packed)}));
    return {};
}

Result<bool> KeyringImpl::rewrap_vault_key(store::Transaction& transaction, const KekPtr& to, std::string_view name) {
    CLOISTER_ASSIGN_OR_RETURN(const std::optional<VaultKey> key, load_vault_key(transaction, name));
    if (!key || key->kek == to->number) return false;
    const Bytes packed = pack_vault_key(name, *key, *to);
    CLOISTER_RETURN_IF_ERROR(
        transaction.execute("update vault_keys set packed = $2 where name = $1", {name, ByteView(packed)}));
    return true;
}

Result<std::vector<std::string>> KeyringImpl::vault_key_names() {
    std::vector<std::string> names;
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) {
        return snapshot.query("select name from vault_keys order by name", {}, [&](const store::Row& row) {
            names.emplace_back(row.text(0));
            return true;
        });
    }));
    return names;
}

Result<void> KeyringImpl::verify_vault_keys() {
    CLOISTER_ASSIGN_OR_RETURN(const std::vector<std::string> names, vault_key_names());
    return database_->read([&](store::Snapshot& snapshot) -> Result<void> {
        for (const std::string& name : names) CLOISTER_RETURN_IF_ERROR(load_vault_key(snapshot, name));
        return {};
    });
}

}  // namespace cloister::keys
