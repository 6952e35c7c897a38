#include "app/vault.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "api/rotation.h"
#include "crypto/hash.h"
#include "http/server.h"

namespace cloister::app {
namespace {

namespace fs = std::filesystem;

// A new file that only its owner can read, durable when this returns.
Result<void> write_private(const fs::path& file, std::string_view text) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) return Error(ErrorCode::unavailable, "cannot create " + file.string() + ": " + std::strerror(errno));
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    ::close(fd);
    if (!written) return Error(ErrorCode::storage_full, "cannot write " + file.string());
    return {};
}

bool is_there(const fs::path& file) {
    std::error_code ec;
    return fs::exists(file, ec);
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const fs::path& data) {
    const fs::path file = data / "lock";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) return Error(ErrorCode::unavailable, "cannot open " + file.string() + ": " + std::strerror(errno));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ::close(fd);
        return Error(
            ErrorCode::conflict,
            data.string() + " is in use by another cloister process. Stop it first, or use the running server.");
    }
    return DirectoryLock(fd);
}

DirectoryLock::~DirectoryLock() {
    if (fd_ >= 0) ::close(fd_);
}

keys::KeyringOptions keyring_options(const fs::path& data, const Config& config) {
    return {.file = data / "keys.db", .cache_customers = config.cached_customers};
}

audit::LogOptions log_options(const fs::path& data, const Config& config) {
    return {.directory = data / "audit", .origin = "cloister/" + config.vault.to_string()};
}

struct Vault::State {
    explicit State(DirectoryLock l) : lock(std::move(l)) {}
    DirectoryLock lock;
    SystemClock clock;
    std::unique_ptr<store::Database> data;
    std::unique_ptr<keys::Keyring> keys;
    std::unique_ptr<crypto::SigningKey> signing_key;
    std::unique_ptr<audit::AuditLog> audit;
    std::unique_ptr<records::Rulebook> rules;
    std::unique_ptr<identity::Tokens> tokens;
    std::unique_ptr<records::Records> records;
    std::unique_ptr<records::Imports> imports;
    std::unique_ptr<api::Rotation> rotation;
    std::unique_ptr<api::Vault> parts;
};

Vault::Vault(std::unique_ptr<State> state) : state_(std::move(state)) {}

Vault::~Vault() {
    if (state_ == nullptr) return;
    state_->parts.reset();
    state_->rotation.reset();  // stops behind its batch; the next start goes on
    state_->imports.reset();
    state_->records.reset();
    state_->tokens.reset();
    state_->rules.reset();
    // Commits tell the audit log through after_commit, so every write that is queued has to be through before the log
    // closes; an empty write behind them all says so.
    static_cast<void>(state_->data->write([](store::Transaction&) -> Result<void> { return {}; }));
    state_->audit.reset();
    state_->keys.reset();
    state_->data.reset();
}

const api::Vault& Vault::parts() const { return *state_->parts; }

Result<void> Vault::create(const fs::path& data, const std::string& name) {
    std::error_code ec;
    fs::create_directories(data, ec);
    if (ec) return Error(ErrorCode::unavailable, "cannot create " + data.string() + ": " + ec.message());
    fs::permissions(data, fs::perms::owner_all, ec);
    CLOISTER_ASSIGN_OR_RETURN(const DirectoryLock lock, DirectoryLock::take(data));
    for (const char* file : {"cloister.toml", "data.db", "keys.db", "audit"})
        if (is_there(data / file))
            return Error(ErrorCode::already_exists,
                         data.string() + " holds a vault already (" + file +
                             "). Cloister never makes a new one over it; choose another --data.");
    const SystemClock clock;
    const auto id = VaultId::make_v7(to_unix_millis(clock.now()), crypto::random_array<10>());
    const auto secret = crypto::random_array<32>();
    CLOISTER_RETURN_IF_ERROR(write_private(data / "passphrase", base64url_encode(secret) + "\n"));
    fs::create_directories(data / "tls", ec);
    CLOISTER_RETURN_IF_ERROR(http::make_self_signed({"localhost", "127.0.0.1", "::1"}, 825,
                                                    data / "tls" / "certificate.pem", data / "tls" / "key.pem"));
    Config config;
    config.vault = id;
    config.vault_name = name;
    config.root_key = {.kind = keys::RootKeySource::Kind::passphrase_file, .file = data / "passphrase"};
    CLOISTER_RETURN_IF_ERROR(keys::Keyring::create(keyring_options(data, config), id, config.root_key, clock));
    CLOISTER_RETURN_IF_ERROR(store::open_sqlite({.file = data / "data.db", .create = true}));
    // Last, because it is what makes the directory a vault.
    return write_private(data / "cloister.toml", new_config_text(id, name));
}

Result<std::unique_ptr<Vault>> Vault::open(const fs::path& data, const Config& config, bool exclusive) {
    CLOISTER_ASSIGN_OR_RETURN(DirectoryLock lock, DirectoryLock::take(data));
    auto state = std::make_unique<State>(std::move(lock));
    State& s = *state;
    CLOISTER_ASSIGN_OR_RETURN(
        s.keys, keys::Keyring::open(keyring_options(data, config), config.vault, config.root_key, s.clock));
    CLOISTER_ASSIGN_OR_RETURN(s.data, store::open_sqlite({.file = data / "data.db"}));
    CLOISTER_ASSIGN_OR_RETURN(const crypto::SigningSeed seed, s.keys->signing_seed("audit-signing"));
    s.signing_key = std::make_unique<crypto::SigningKey>(seed);
    CLOISTER_ASSIGN_OR_RETURN(
        s.audit, audit::AuditLog::open(log_options(data, config), crypto::SigningKey(seed), *s.data, s.clock));
    CLOISTER_ASSIGN_OR_RETURN(s.rules, records::Rulebook::open(*s.data, s.clock));
    if (s.audit->size() == 0) {
        // The first leaf of the log: the rules a new vault starts with.
        audit::Entry first;
        first.time = s.clock.now();
        first.actor = "system";
        first.origin = "local";
        first.action = "vault.create";
        first.decision = "permit";
        CLOISTER_ASSIGN_OR_RETURN(first.details, s.rules->details());
        CLOISTER_RETURN_IF_ERROR(s.data->write([&](store::Transaction& t) { return s.audit->record(t, first); }));
    }
    CLOISTER_ASSIGN_OR_RETURN(s.tokens, identity::Tokens::open(*s.data, s.clock));
    CLOISTER_ASSIGN_OR_RETURN(s.records, records::Records::open({.vault = config.vault,
                                                                 .data = *s.data,
                                                                 .keys = *s.keys,
                                                                 .audit = *s.audit,
                                                                 .rules = *s.rules,
                                                                 .signing_key = *s.signing_key,
                                                                 .clock = s.clock,
                                                                 .exclusive = exclusive}));
    CLOISTER_ASSIGN_OR_RETURN(s.imports, records::Imports::open(*s.records, *s.data, *s.audit, s.clock));
    s.rotation = std::make_unique<api::Rotation>(*s.keys, *s.audit, s.clock);
    s.parts = std::make_unique<api::Vault>(api::Vault{.id = config.vault,
                                                      .name = config.vault_name,
                                                      .data = *s.data,
                                                      .keys = *s.keys,
                                                      .audit = *s.audit,
                                                      .tokens = *s.tokens,
                                                      .rules = *s.rules,
                                                      .records = *s.records,
                                                      .imports = *s.imports,
                                                      .clock = s.clock,
                                                      .rotation = *s.rotation});
    return std::unique_ptr<Vault>(new Vault(std::move(state)));
}

}  // namespace cloister::app
