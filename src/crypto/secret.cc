#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace cloister::crypto {

bool constant_time_equal(ByteView a, ByteView b) {
    if (a.size() != b.size()) return false;
    return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::span<std::byte> bytes) noexcept {
    if (!bytes.empty()) OPENSSL_cleanse(bytes.data(), bytes.size());
}

SecretBytes SecretBytes::copy_of(ByteView bytes) {
    SecretBytes secret(bytes.size());
    std::copy(bytes.begin(), bytes.end(), secret.bytes_);
    return secret;
}

Result<void> harden_process() {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return Error(ErrorCode::internal, "the process cannot be closed to debuggers (PR_SET_DUMPABLE)");
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return Error(ErrorCode::internal, "core dumps cannot be switched off (RLIMIT_CORE)");
    return {};
}

// Straight from the kernel, without a buffer of our own: a buffer would be copied by fork() and give two processes the
// same nonces.
void fill_random(std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t got = getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            std::fputs("cloister: the operating system gives no random bytes; stopping\n", stderr);
            std::abort();
        }
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace cloister::crypto
