// Ed25519 signatures (RFC 8032), verified strictly: non-canonical encodings, s >= L and low-order points are refused.
//
// Threads  Const methods may be called from any thread.
#pragma once

#include <array>

#include "crypto/secret.h"

namespace cloister::crypto {

using PublicKey = std::array<std::byte, 32>;
using Signature = std::array<std::byte, 64>;
using SigningSeed = Secret<32, struct SigningSeedTag>;

class SigningKey {
 public:
    explicit SigningKey(const SigningSeed& seed);
    const PublicKey& public_key() const { return public_key_; }
    Signature sign(ByteView message) const;

 private:
    Secret<64, struct ExpandedSigningKeyTag> expanded_;
    PublicKey public_key_;
};

bool verify(const PublicKey& key, ByteView message, ByteView signature);

}  // namespace cloister::crypto
