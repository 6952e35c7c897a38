// One fully wired vault: data directory, databases, keys, audit log, rules, use cases. Opening takes the directory's
// lock, so that two programs never work on one directory.
//
//     DATA/cloister.toml  configuration        DATA/data.db   customers, sealed
//     DATA/passphrase     root key (move it)   DATA/keys.db   wrapped keys
//     DATA/tls/           certificate          DATA/audit/    journal, hashes, checkpoint, search index
//     DATA/lock           held while in use
#pragma once

#include <filesystem>
#include <memory>

#include "api/vault.h"
#include "app/config.h"
#include "base/clock.h"

namespace cloister::app {

class Vault {
 public:
    // Makes a new data directory: configuration, pass phrase, certificate, keys, databases. already_exists when there
    // is one.
    static Result<void> create(const std::filesystem::path& data, const std::string& name);
    // conflict when another program has the directory open.
    // `exclusive`: nothing but one import will use it (see records::Parts).
    static Result<std::unique_ptr<Vault>> open(const std::filesystem::path& data, const Config& config,
                                               bool exclusive = false);
    ~Vault();

    const api::Vault& parts() const;

 private:
    struct State;
    explicit Vault(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// The lock of a data directory, for tools that work on it without opening the vault.
class DirectoryLock {
 public:
    static Result<DirectoryLock> take(const std::filesystem::path& data);
    DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    DirectoryLock& operator=(DirectoryLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~DirectoryLock();

 private:
    explicit DirectoryLock(int fd) : fd_(fd) {}
    int fd_;
};

keys::KeyringOptions keyring_options(const std::filesystem::path& data, const Config& config);
audit::LogOptions log_options(const std::filesystem::path& data, const Config& config);

}  // namespace cloister::app
