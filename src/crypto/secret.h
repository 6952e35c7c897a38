// Secret memory: key bytes that are locked into RAM, left out of core dumps, and wiped on release.
//
// Secrets come from a process-wide pool of pages that are mlock()ed and marked MADV_DONTDUMP. When the system's lock
// limit is reached the pool still works, unlocked, and secret_memory_locked() says so (`cloister doctor` and the log
// report it). A Secret is moved, never copied; it has no == and no <<.
//
// Threads  The pool is thread-safe; one Secret belongs to one thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace cloister::crypto {

namespace internal {
std::byte* secret_allocate(std::size_t size);               // zeroed; never null
void secret_free(std::byte* p, std::size_t size) noexcept;  // wipes first
}  // namespace internal

// Compares in time that depends on the lengths only. False for different lengths.
bool constant_time_equal(ByteView a, ByteView b);
// Overwrites memory in a way the compiler keeps.
void wipe(std::span<std::byte> bytes) noexcept;

// Exactly N secret bytes. Tag makes kinds of keys different types.
template <std::size_t N, class Tag>
class Secret {
 public:
    static constexpr std::size_t kSize = N;

    static Secret zeroed() { return Secret(); }
    // Copies N bytes in; the caller wipes its own copy.
    static Secret copy_of(std::span<const std::byte, N> bytes) {
        Secret secret;
        std::copy(bytes.begin(), bytes.end(), secret.bytes_);
        return secret;
    }
    static Secret random();

    Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)) {}
    Secret& operator=(Secret&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Secret() {
        if (bytes_ != nullptr) internal::secret_free(bytes_, N);
    }

    std::span<const std::byte, N> reveal() const { return std::span<const std::byte, N>(bytes_, N); }
    std::span<std::byte, N> fill() { return std::span<std::byte, N>(bytes_, N); }
    bool equals(const Secret& other) const { return constant_time_equal(reveal(), other.reveal()); }
    // The same bytes as a key of another kind, for the one place where a generic key becomes a specific one.
    template <class OtherTag>
    Secret<N, OtherTag> as() const {
        return Secret<N, OtherTag>::copy_of(reveal());
    }
    Secret clone() const { return copy_of(reveal()); }

 private:
    Secret() : bytes_(internal::secret_allocate(N)) {}
    std::byte* bytes_;
};

// Secret bytes of a length known at run time (pass phrases, packed keys).
class SecretBytes {
 public:
    explicit SecretBytes(std::size_t size) : bytes_(internal::secret_allocate(size)), size_(size) {}
    static SecretBytes copy_of(ByteView bytes);
    SecretBytes(SecretBytes&& other) noexcept
        : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~SecretBytes() {
        if (bytes_ != nullptr) internal::secret_free(bytes_, size_);
    }
    ByteView reveal() const { return {bytes_, size_}; }
    std::span<std::byte> fill() { return {bytes_, size_}; }
    std::size_t size() const { return size_; }

 private:
    std::byte* bytes_;
    std::size_t size_;
};

// The kinds of keys Cloister has; see docs/architecture.md "Keys".
using RootKeyBytes = Secret<32, struct RootKeyTag>;  // wraps KEKs; never stored
using KeyEncryptionKey = Secret<32, struct KekTag>;  // wraps data keys
using DataKey = Secret<32, struct DataKeyTag>;       // seals one customer's fields of one collection
using MacKey = Secret<32, struct MacKeyTag>;         // blind indexes, token hashes, content digests

// PR_SET_DUMPABLE off, core limit zero. Called once at the start of main().
Result<void> harden_process();
// Is all secret memory so far really locked?
bool secret_memory_locked();

// Fills with bytes from the operating system's generator. Stops the process when there is none: no key may be guessed.
void fill_random(std::span<std::byte> out);
template <std::size_t N>
std::array<std::byte, N> random_array() {
    std::array<std::byte, N> bytes;
    fill_random(bytes);
    return bytes;
}

template <std::size_t N, class Tag>
Secret<N, Tag> Secret<N, Tag>::random() {
    Secret secret;
    fill_random(secret.fill());
    return secret;
}

}  // namespace cloister::crypto
