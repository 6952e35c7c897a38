// Where the root key comes from. It wraps key-encryption keys and nothing else, and is never stored by Cloister.
//
// Threads  Const methods may be called from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "crypto/password.h"
#include "crypto/secret.h"

namespace cloister::keys {

// What the operator configured. Exactly one kind; the file holds either a pass phrase (first line, at least 12
// characters) or a key (32 bytes raw, or 64 hexadecimal digits). A systemd credential is a key file below
// $CREDENTIALS_DIRECTORY.
struct RootKeySource {
    enum class Kind { passphrase_file, key_file, systemd_credential };
    Kind kind = Kind::passphrase_file;
    std::filesystem::path file;    // for systemd_credential: the credential's name
    crypto::Argon2Cost cost = {};  // used when a store is created; an existing store names its own
};

// A source of wrapping, so that a hardware token can stand where a file stands now.
class RootKey {
 public:
    virtual ~RootKey() = default;
    // Wraps and unwraps 32 bytes bound to `context`. unwrap: wrong_key when the root key is not the one that wrapped.
    virtual Result<Bytes> wrap(ByteView context, std::span<const std::byte, 32> key) const = 0;
    virtual Result<void> unwrap(ByteView context, ByteView wrapped, std::span<std::byte, 32> key) const = 0;
};

// Parameters that the key store keeps in the clear so that the same root key can be made again.
struct RootKeyParameters {
    std::string kind;  // "passphrase" or "key"
    Bytes salt;        // 16 bytes
    crypto::Argon2Cost cost = {};
};

// Reads the source and makes the root key. invalid_argument with what to do for a missing, empty, too short or
// world-readable file.
Result<std::unique_ptr<RootKey>> load_root_key(const RootKeySource& source, const RootKeyParameters& parameters);
// Fresh parameters for a new key store.
RootKeyParameters new_parameters(const RootKeySource& source);

}  // namespace cloister::keys
