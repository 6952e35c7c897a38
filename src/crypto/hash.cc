// One-shot digests use the low-level SHA256_* functions: an EVP context costs more to start and finish than the hashing
// of an audit entry or a tree node (measured: 200 bytes in 203 ns through EVP). They are marked deprecated since
// OpenSSL 3.0 and are in every 3.x.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/sha.h>

#include "crypto/openssl.h"

namespace cloister::crypto {
namespace {

const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const digest = [] {
        EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        CLOISTER_ASSERT(fetched != nullptr);
        return fetched;  // kept for the life of the process
    }();
    return digest;
}

EVP_MAC* hmac_algorithm() {
    static EVP_MAC* const mac = [] {
        EVP_MAC* const fetched = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
        CLOISTER_ASSERT(fetched != nullptr);
        return fetched;
    }();
    return mac;
}

}  // namespace

struct Sha256::State {
    State() : context(EVP_MD_CTX_new()) { start(); }

    void start() { require(EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr)); }
    // Data still waiting for its block is overwritten by starting over.
    bool forget_key() { return EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1; }

    Handle<EVP_MD_CTX, EVP_MD_CTX_free> context;
};

Sha256::Sha256() : state_(ContextPool<State>::take()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}
Sha256::~Sha256() { ContextPool<State>::give_back(std::move(state_)); }

void Sha256::update(ByteView data) {
    CLOISTER_ASSERT(state_ != nullptr);
    if (!data.empty()) require(EVP_DigestUpdate(state_->context.get(), data.data(), data.size()));
}

Digest Sha256::finish() {
    CLOISTER_ASSERT(state_ != nullptr);
    Digest digest;
    require(EVP_DigestFinal_ex(state_->context.get(), as_uchar(digest.data()), nullptr));
    state_->start();
    return digest;
}

Digest sha256(ByteView data) { return sha256({data}); }

Digest sha256(std::initializer_list<ByteView> parts) {
    SHA256_CTX context;
    require(SHA256_Init(&context));
    for (const ByteView part : parts)
        if (!part.empty()) require(SHA256_Update(&context, part.data(), part.size()));
    Digest digest;
    require(SHA256_Final(as_uchar(digest.data()), &context));
    OPENSSL_cleanse(&context, sizeof context);
    return digest;
}

struct Hmac::State {
    State() : context(EVP_MAC_CTX_new(hmac_algorithm())) {
        char digest[] = "SHA256";
        const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                         OSSL_PARAM_construct_end()};
        require(EVP_MAC_CTX_set_params(context.get(), parameters));
    }

    void set_key(ByteView key) { require(EVP_MAC_init(context.get(), as_uchar(key), key.size(), nullptr)); }
    bool forget_key() {
        static constexpr unsigned char kNoKey[32] = {};
        return EVP_MAC_init(context.get(), kNoKey, sizeof kNoKey, nullptr) == 1;
    }

    Handle<EVP_MAC_CTX, EVP_MAC_CTX_free> context;
};

Hmac::Hmac(ByteView key) : state_(ContextPool<State>::take()) { state_->set_key(key); }
Hmac::Hmac(Hmac&&) noexcept = default;
Hmac& Hmac::operator=(Hmac&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}
Hmac::~Hmac() { ContextPool<State>::give_back(std::move(state_)); }

Digest Hmac::mac(ByteView data) { return mac({data}); }

Digest Hmac::mac(std::initializer_list<ByteView> parts) {
    CLOISTER_ASSERT(state_ != nullptr);
    EVP_MAC_CTX* const context = state_->context.get();
    require(EVP_MAC_init(context, nullptr, 0, nullptr));  // the same key again
    for (const ByteView part : parts)
        if (!part.empty()) require(EVP_MAC_update(context, as_uchar(part), part.size()));
    Digest mac;
    std::size_t size = 0;
    require(EVP_MAC_final(context, as_uchar(mac.data()), &size, mac.size()));
    CLOISTER_ASSERT(size == mac.size());
    return mac;
}

Digest hmac_sha256(ByteView key, ByteView data) { return Hmac(key).mac(data); }

// RFC 5869 section 2. An empty salt is as good as 32 zero bytes: HMAC pads its key with zeroes.
Result<void> hkdf_sha256(const HkdfInput& input, std::span<std::byte> out) {
    constexpr std::size_t kMaxBlocks = 255;
    if (out.size() > kMaxBlocks * sizeof(Digest))
        return Error(ErrorCode::invalid_argument, "HKDF-SHA-256 gives at most 8160 bytes");

    Digest pseudorandom_key = hmac_sha256(input.salt, input.ikm);
    Hmac expand(pseudorandom_key);
    wipe(pseudorandom_key);

    Digest block;
    ByteView previous;
    for (std::byte counter{1}; !out.empty(); counter = static_cast<std::byte>(std::to_integer<unsigned>(counter) + 1)) {
        block = expand.mac({previous, input.info, ByteView(&counter, 1)});
        previous = block;
        const std::size_t count = std::min(out.size(), block.size());
        std::copy_n(block.begin(), count, out.begin());
        out = out.subspan(count);
    }
    wipe(block);
    return {};
}

}  // namespace cloister::crypto
