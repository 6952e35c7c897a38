// Makes and opens the file of a key store.
//
// Table key_store has one row: format u32 = 1, vault id, kind of the root key and its parameters, a check value (32
// zero bytes wrapped by the root key in the context "cloister/v1 key store" | vault id), and the SHA-256 of the label
// "cloister/v1 key store row" and all those columns, texts and blobs with a u32 length before them, integers as u32.
// The digest is no protection, it tells damage from a wrong pass phrase.
#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "crypto/hash.h"
#include "keys/keyring_impl.h"

namespace cloister::keys {
namespace {

constexpr std::int64_t kFormat = 1;

// No table with wrapped bytes is {clustered}: see keyring_impl.h.
constexpr store::Migration kMigrations[] = {
    {1, "key store",
     "create table key_store (id {int} primary key, format {int} not null, vault {blob} not null,"
     "  root_kind {text} not null, salt {blob} not null, memory_kib {int} not null, passes {int} not null,"
     "  lanes {int} not null, check_value {blob} not null, digest {blob} not null);"
     "create table keks (number {int} primary key, state {text} not null, created {int} not null,"
     "  wraps {int} not null, commitment {blob} not null);"
     "create table kek_bytes (number {int} primary key, wrapped {blob} not null);"
     "create table customer_keys (customer {blob} primary key not null, packed {blob} not null);"
     "create table vault_keys (name {text} primary key not null, packed {blob} not null)"},
};

struct StoreRow {
    std::int64_t format = kFormat;
    Bytes vault;
    RootKeyParameters root;
    Bytes check_value;
    Bytes digest;
};

Digest digest_of(const StoreRow& row) {
    Bytes all = to_bytes("cloister/v1 key store row");
    const auto add = [&](ByteView part) {
        append_be(all, static_cast<std::uint32_t>(part.size()));
        append(all, part);
    };
    append_be(all, static_cast<std::uint32_t>(row.format));
    add(row.vault);
    add(as_bytes(row.root.kind));
    add(row.root.salt);
    append_be(all, row.root.cost.memory_kib);
    append_be(all, row.root.cost.passes);
    append_be(all, row.root.cost.lanes);
    add(row.check_value);
    return crypto::sha256(all);
}

Bytes check_context(VaultId vault) {
    Bytes context = to_bytes("cloister/v1 key store");
    append(context, vault.bytes());
    return context;
}

Result<void> write_row(store::Transaction& transaction, const StoreRow& row) {
    const Digest digest = digest_of(row);
    CLOISTER_RETURN_IF_ERROR(transaction.execute(
        "insert into key_store (id, format, vault, root_kind, salt, memory_kib, passes, lanes, check_value, digest)"
        " values (1, $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {row.format, ByteView(row.vault), std::string_view(row.root.kind), ByteView(row.root.salt),
         std::int64_t{row.root.cost.memory_kib}, std::int64_t{row.root.cost.passes}, std::int64_t{row.root.cost.lanes},
         ByteView(row.check_value), ByteView(digest)}));
    return {};
}

Error damaged_store(const std::filesystem::path& file) {
    return Error(ErrorCode::corrupt,
                 "key store " + file.string() + " is damaged, or is no key store: restore the newest copy of keys.db");
}

Result<StoreRow> read_row(store::Database& database, const std::filesystem::path& file) {
    std::optional<StoreRow> found;
    const Result<void> read = database.read([&](store::Snapshot& snapshot) -> Result<void> {
        CLOISTER_ASSIGN_OR_RETURN(
            found,
            snapshot.first("select format, vault, root_kind, salt, memory_kib, passes, lanes, check_value, digest"
                           " from key_store where id = 1",
                           {}, [](const store::Row& row) {
                               const auto number = [&](int column) {
                                   return static_cast<std::uint32_t>(row.integer(column));
                               };
                               return StoreRow{.format = row.integer(0),
                                               .vault = to_bytes(row.blob(1)),
                                               .root = {.kind = std::string(row.text(2)),
                                                        .salt = to_bytes(row.blob(3)),
                                                        .cost = {number(4), number(5), number(6)}},
                                               .check_value = to_bytes(row.blob(7)),
                                               .digest = to_bytes(row.blob(8))};
                           }));
        return {};
    });
    if (!read) {
        const ErrorCode code = read.error().code();
        if (code == ErrorCode::unavailable || code == ErrorCode::storage_full) return read.error();
        return damaged_store(file);
    }
    if (!found) return damaged_store(file);
    if (!crypto::constant_time_equal(found->digest, digest_of(*found))) return damaged_store(file);
    if (found->format != kFormat)
        return Error(ErrorCode::unsupported, "key store " + file.string() + " has format " +
                                                 std::to_string(found->format) +
                                                 ", which a newer Cloister wrote: use that version");
    return std::move(*found);
}

Result<std::unique_ptr<RootKey>> checked_root_key(const RootKeySource& source, VaultId vault, const StoreRow& row,
                                                  const std::filesystem::path& file) {
    CLOISTER_ASSIGN_OR_RETURN(std::unique_ptr<RootKey> root, load_root_key(source, row.root));
    crypto::RootKeyBytes check = crypto::RootKeyBytes::zeroed();
    const Result<void> opened = root->unwrap(check_context(vault), row.check_value, check.fill());
    if (opened) return root;
    if (opened.error().code() != ErrorCode::wrong_key) return damaged_store(file);
    return Error(ErrorCode::wrong_key, row.root.kind == "passphrase"
                                           ? "the pass phrase is not the one of key store " + file.string() +
                                                 ": put the pass phrase this vault was made with into " +
                                                 source.file.string() + " (or the newest one, if it was changed)"
                                           : "the key is not the one of key store " + file.string() +
                                                 ": put the key this vault was made with into " + source.file.string());
}

// A key store is never made over another, nor beside a log that could hold one.
Result<void> refuse_existing(const std::filesystem::path& file) {
    for (const char* suffix : {"", "-wal", "-journal"}) {
        std::filesystem::path part = file;
        part += suffix;
        std::error_code error;
        if (std::filesystem::exists(std::filesystem::symlink_status(part, error)))
            return Error(ErrorCode::already_exists,
                         part.string() + " is there already: Cloister does not make a key store over another one");
    }
    return {};
}

// A new name in a directory is durable once the directory is. Without it, a power cut could take away a key store whose
// keys are in use already.
Result<void> sync_directory_of(const std::filesystem::path& file) {
    const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    if (descriptor >= 0) ::close(descriptor);
    if (!synced) return Error(ErrorCode::unavailable, "directory " + directory.string() + " cannot be synced");
    return {};
}

void remove_database(const std::filesystem::path& file) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        std::filesystem::path part = file;
        part += suffix;
        std::error_code error;
        std::filesystem::remove(part, error);
    }
}

Result<std::unique_ptr<store::Database>> open_database(const std::filesystem::path& file, bool create) {
    return store::open_sqlite({.file = file, .create = create, .secure_delete = true, .cache_kib = 4096});
}

}  // namespace

Result<std::unique_ptr<Keyring>> Keyring::create(const KeyringOptions& options, VaultId vault,
                                                 const RootKeySource& source, const Clock& clock) {
    CLOISTER_RETURN_IF_ERROR(refuse_existing(options.file));
    StoreRow row;
    row.vault = to_bytes(vault.bytes());
    row.root = new_parameters(source);
    CLOISTER_ASSIGN_OR_RETURN(std::unique_ptr<RootKey> root, load_root_key(source, row.root));
    const auto zeroes = crypto::RootKeyBytes::zeroed();
    CLOISTER_ASSIGN_OR_RETURN(row.check_value, root->wrap(check_context(vault), zeroes.reveal()));

    // Under another name first: what has the right name is whole.
    std::filesystem::path unfinished = options.file;
    unfinished += ".new";
    remove_database(unfinished);
    {
        CLOISTER_ASSIGN_OR_RETURN(auto database, open_database(unfinished, true));
        std::error_code error;
        std::filesystem::permissions(unfinished, std::filesystem::perms(0600), error);
        if (error) return Error(ErrorCode::unavailable, unfinished.string() + ": " + error.message());
        CLOISTER_RETURN_IF_ERROR(database->migrate("keys", kMigrations));
        Keks keks(vault, std::move(root));
        CLOISTER_RETURN_IF_ERROR(database->write([&](store::Transaction& transaction) -> Result<void> {
            CLOISTER_RETURN_IF_ERROR(write_row(transaction, row));
            CLOISTER_RETURN_IF_ERROR(keks.make(transaction, clock.now()));
            return {};
        }));
        CLOISTER_RETURN_IF_ERROR(database->checkpoint_and_truncate());
        database.reset();  // before `keks`, which its thread calls
    }
    CLOISTER_RETURN_IF_ERROR(refuse_existing(options.file));
    std::error_code error;
    std::filesystem::rename(unfinished, options.file, error);
    if (error) return Error(ErrorCode::unavailable, options.file.string() + ": " + error.message());
    remove_database(unfinished);
    CLOISTER_RETURN_IF_ERROR(sync_directory_of(options.file));
    return open(options, vault, source, clock);
}

Result<std::unique_ptr<Keyring>> Keyring::open(const KeyringOptions& options, VaultId vault,
                                               const RootKeySource& source, const Clock& clock) {
    std::error_code error;
    if (!std::filesystem::exists(options.file, error))
        return Error(ErrorCode::not_found, "key store " + options.file.string() +
                                               " is missing: restore the newest copy of keys.db; Cloister will not "
                                               "make a new one, because it could open nothing that is stored");
    auto database = open_database(options.file, false);
    if (!database) {
        if (database.error().code() == ErrorCode::corrupt) return damaged_store(options.file);
        return database.error().within("key store " + options.file.string());
    }
    CLOISTER_ASSIGN_OR_RETURN(const StoreRow row, read_row(**database, options.file));
    CLOISTER_ASSIGN_OR_RETURN(const VaultId owner, VaultId::from_bytes(row.vault));
    if (owner != vault)
        return Error(ErrorCode::corrupt, "key store " + options.file.string() + " belongs to vault " +
                                             owner.to_string() + ", this is vault " + vault.to_string() +
                                             ": put this vault's own keys.db in its place");
    CLOISTER_ASSIGN_OR_RETURN(std::unique_ptr<RootKey> root, checked_root_key(source, vault, row, options.file));
    CLOISTER_RETURN_IF_ERROR((*database)->migrate("keys", kMigrations));
    auto keyring = std::make_unique<KeyringImpl>(options, vault, clock, std::move(root), std::move(*database));
    CLOISTER_RETURN_IF_ERROR(keyring->start());
    return std::unique_ptr<Keyring>(std::move(keyring));
}

Result<void> KeyringImpl::start() {
    CLOISTER_RETURN_IF_ERROR(database_->read([&](store::Snapshot& snapshot) { return keks_.load_active(snapshot); }));
    // A crash between an erasure and the emptying of the log ends here.
    return empty_log(
        "the key store's write-ahead log cannot be emptied: end other programs that use it and start again");
}

}  // namespace cloister::keys
