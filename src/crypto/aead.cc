#include "crypto/aead.h"

#include <openssl/err.h>

#include <climits>

#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace cloister::crypto {
namespace {

const EVP_CIPHER* aes_256_gcm() {
    static const EVP_CIPHER* const cipher = [] {
        EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
        CLOISTER_ASSERT(fetched != nullptr);
        return fetched;  // kept for the life of the process
    }();
    return cipher;
}

constexpr std::size_t kMaxLength = INT_MAX;  // what EVP counts with; far below the 2^36 - 32 bytes of SP 800-38D

constexpr std::array<std::byte, 32> kNoKey{};

int length_of(ByteView bytes) {
    CLOISTER_ASSERT(bytes.size() <= kMaxLength);
    return static_cast<int>(bytes.size());
}

// One error for every way to fail, so that nobody learns which part was wrong.
Error does_not_open() { return Error(ErrorCode::corrupt, "sealed bytes do not open"); }

}  // namespace

// One context serves both directions: GCM uses the same key schedule to seal and to open.
struct Aead::Contexts {
    Contexts() : cipher(EVP_CIPHER_CTX_new()) {
        require(EVP_CipherInit_ex2(cipher.get(), aes_256_gcm(), as_uchar(kNoKey), nullptr, 1, nullptr));
    }

    void set_key(ByteView key) {
        require(EVP_CipherInit_ex2(cipher.get(), nullptr, as_uchar(key), nullptr, 1, nullptr));
    }
    bool forget_key() {
        static constexpr Nonce kNoNonce{};
        return EVP_CipherInit_ex2(cipher.get(), nullptr, as_uchar(kNoKey), as_uchar(kNoNonce), 1, nullptr) == 1;
    }
    // A message under the key that is set, up to and including its associated data.
    void begin(int seal, const Nonce& nonce, ByteView associated_data) {
        require(EVP_CipherInit_ex2(cipher.get(), nullptr, nullptr, as_uchar(nonce), seal, nullptr));
        if (associated_data.empty()) return;
        int count = 0;
        require(EVP_CipherUpdate(cipher.get(), nullptr, &count, as_uchar(associated_data), length_of(associated_data)));
    }
    void transform(ByteView from, std::byte* to) {
        if (from.empty()) return;
        int count = 0;
        require(EVP_CipherUpdate(cipher.get(), as_uchar(to), &count, as_uchar(from), length_of(from)));
    }
    bool finish() {
        unsigned char nothing[16];
        int count = 0;
        return EVP_CipherFinal_ex(cipher.get(), nothing, &count) == 1;
    }
    void tag(int operation, std::byte* tag) {
        require(EVP_CIPHER_CTX_ctrl(cipher.get(), operation, static_cast<int>(kTagSize), tag));
    }

    Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> cipher;
};

Aead::Aead(std::span<const std::byte, 32> key) : contexts_(ContextPool<Contexts>::take()) { contexts_->set_key(key); }
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&& other) noexcept {
    std::swap(contexts_, other.contexts_);
    return *this;
}
Aead::~Aead() { ContextPool<Contexts>::give_back(std::move(contexts_)); }

void Aead::seal(const Nonce& nonce, ByteView associated_data, ByteView plaintext, std::span<std::byte> out) {
    CLOISTER_ASSERT(contexts_ != nullptr);
    CLOISTER_ASSERT(out.size() == plaintext.size() + kTagSize);
    contexts_->begin(1, nonce, associated_data);
    contexts_->transform(plaintext, out.data());
    CLOISTER_ASSERT(contexts_->finish());
    contexts_->tag(EVP_CTRL_AEAD_GET_TAG, out.data() + plaintext.size());
}

Result<void> Aead::open(const Nonce& nonce, ByteView associated_data, ByteView sealed, std::span<std::byte> out) {
    CLOISTER_ASSERT(contexts_ != nullptr);
    if (sealed.size() < kTagSize || sealed.size() > kMaxLength) return does_not_open();
    CLOISTER_ASSERT(out.size() == sealed.size() - kTagSize);
    std::array<std::byte, kTagSize> tag;
    std::copy(sealed.end() - kTagSize, sealed.end(), tag.begin());

    contexts_->begin(0, nonce, associated_data);
    contexts_->transform(sealed.first(out.size()), out.data());
    contexts_->tag(EVP_CTRL_AEAD_SET_TAG, tag.data());
    if (contexts_->finish()) return {};
    wipe(out);
    ERR_clear_error();
    return does_not_open();
}

Digest commitment_of(std::span<const std::byte, 32> key) {
    return hmac_sha256(key, as_bytes("cloister/v1 key commitment"));
}

}  // namespace cloister::crypto
