// SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), HKDF-SHA-256 (RFC 5869).
//
// Threads  The free functions may be called from any thread. A Sha256 or Hmac object belongs to one thread at a time.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "crypto/secret.h"

namespace cloister::crypto {

Digest sha256(ByteView data);
// Of the concatenation of the parts.
Digest sha256(std::initializer_list<ByteView> parts);

// Incremental SHA-256. finish() gives the digest and starts over.
class Sha256 {
 public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();
    void update(ByteView data);
    Digest finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// HMAC-SHA-256 with the key set up once.
class Hmac {
 public:
    explicit Hmac(ByteView key);
    template <std::size_t N, class Tag>
    explicit Hmac(const Secret<N, Tag>& key) : Hmac(ByteView(key.reveal())) {}
    Hmac(Hmac&&) noexcept;
    Hmac& operator=(Hmac&&) noexcept;
    ~Hmac();
    Digest mac(ByteView data);
    Digest mac(std::initializer_list<ByteView> parts);

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// One-shot, for callers that use a key once.
Digest hmac_sha256(ByteView key, ByteView data);

struct HkdfInput {
    ByteView ikm;
    ByteView salt = {};
    ByteView info = {};
};
// RFC 5869 extract and expand into `out`. invalid_argument when out is longer than 255 * 32 bytes.
Result<void> hkdf_sha256(const HkdfInput& input, std::span<std::byte> out);
// A 32-byte key of another kind, from a key and a label that names its use.
template <class ToTag, class FromTag>
Secret<32, ToTag> derive_key(const Secret<32, FromTag>& from, std::string_view label) {
    auto derived = Secret<32, ToTag>::zeroed();
    hkdf_sha256({.ikm = from.reveal(), .info = as_bytes(label)}, derived.fill()).value();
    return derived;
}

}  // namespace cloister::crypto
