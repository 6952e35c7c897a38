// Authenticated encryption: AES-256-GCM with a 12-byte nonce and a 16-byte tag (NIST SP 800-38D), and key commitment.
//
// GCM does not commit to its key: one ciphertext can be made to open under two keys. commitment_of() is a 32-byte
// value derived from a key; it is stored beside the wrapped key and compared at unwrap (docs/formats.md, "Key store").
//
// Threads  An Aead belongs to one thread at a time. Making one costs a key schedule; reuse it for all fields of a key.
// Errors   open(): corrupt, always with the same words, whatever was wrong. Nothing is released before the tag matched.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "crypto/secret.h"

namespace cloister::crypto {

// The first byte of everything sealed; reaches disk, never reuse a number.
enum class Suite : std::uint8_t {
    international = 1,  // AES-256-GCM, HMAC-SHA-256, Ed25519
};

constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
using Nonce = std::array<std::byte, kNonceSize>;

class Aead {
 public:
    explicit Aead(std::span<const std::byte, 32> key);
    template <class Tag>
    explicit Aead(const Secret<32, Tag>& key) : Aead(key.reveal()) {}
    Aead(Aead&&) noexcept;
    Aead& operator=(Aead&&) noexcept;
    ~Aead();

    // Writes ciphertext and tag to `out`, which has exactly plaintext.size() + kTagSize bytes. The caller answers for
    // never using a nonce twice with one key.
    void seal(const Nonce& nonce, ByteView associated_data, ByteView plaintext, std::span<std::byte> out);
    // Opens `sealed` (ciphertext and tag) into `out`, which has exactly sealed.size() - kTagSize bytes.
    Result<void> open(const Nonce& nonce, ByteView associated_data, ByteView sealed, std::span<std::byte> out);

 private:
    struct Contexts;
    std::unique_ptr<Contexts> contexts_;  // from and back to a per-thread pool
};

// 32 bytes that only this key gives: HMAC-SHA-256(key, "cloister/v1 key commitment").
Digest commitment_of(std::span<const std::byte, 32> key);

}  // namespace cloister::crypto
