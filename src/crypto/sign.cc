#include "crypto/sign.h"

#include <sodium.h>

namespace cloister::crypto {
namespace {

// Chooses the fastest implementation for this processor; safe to repeat from any thread.
void initialise_sodium() {
    static const bool done = sodium_init() >= 0;
    CLOISTER_ASSERT(done);
}

unsigned char* as_uchar(std::byte* p) { return reinterpret_cast<unsigned char*>(p); }
const unsigned char* as_uchar(const std::byte* p) { return reinterpret_cast<const unsigned char*>(p); }

}  // namespace

SigningKey::SigningKey(const SigningSeed& seed)
    : expanded_(Secret<64, struct ExpandedSigningKeyTag>::zeroed()), public_key_{} {
    static_assert(crypto_sign_ed25519_SECRETKEYBYTES == 64 && crypto_sign_ed25519_PUBLICKEYBYTES == sizeof(PublicKey));
    initialise_sodium();
    const int status = crypto_sign_ed25519_seed_keypair(as_uchar(public_key_.data()), as_uchar(expanded_.fill().data()),
                                                        as_uchar(seed.reveal().data()));
    CLOISTER_ASSERT(status == 0);
}

Signature SigningKey::sign(ByteView message) const {
    Signature signature;
    const int status = crypto_sign_ed25519_detached(as_uchar(signature.data()), nullptr, as_uchar(message.data()),
                                                    message.size(), as_uchar(expanded_.reveal().data()));
    CLOISTER_ASSERT(status == 0);
    return signature;
}

// libsodium checks all that RFC 8032 leaves open: canonical A and s, no point of small order, and R by its bytes.
bool verify(const PublicKey& key, ByteView message, ByteView signature) {
    if (signature.size() != sizeof(Signature)) return false;
    initialise_sodium();
    return crypto_sign_ed25519_verify_detached(as_uchar(signature.data()), as_uchar(message.data()), message.size(),
                                               as_uchar(key.data())) == 0;
}

}  // namespace cloister::crypto
