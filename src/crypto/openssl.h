// How this folder holds OpenSSL objects: owners for handles, algorithms fetched once, and contexts that are reused.
// Not for other modules, except where http holds TLS.
//
// Why fetched  EVP_aes_256_gcm() and its like are looked up again at every use; that costs more than sealing a field.
// Why pooled   A context is three allocations. A thread keeps a few idle ones, with their keys overwritten.
// Threads      A pool is per thread. A context may be given back on another thread than the one that took it.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"

namespace cloister::crypto {

template <auto Free>
struct FreeWith {
    void operator()(auto* p) const noexcept { Free(p); }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;

// Calls that fail only when memory is short or the library is broken.
inline void require(int status) { CLOISTER_ASSERT(status == 1); }

inline unsigned char* as_uchar(std::byte* p) { return reinterpret_cast<unsigned char*>(p); }
// Never null: OpenSSL takes a null pointer for an argument left out, not for empty bytes.
inline const unsigned char* as_uchar(ByteView bytes) {
    static constexpr unsigned char kNothing = 0;
    return bytes.empty() ? &kNothing : reinterpret_cast<const unsigned char*>(bytes.data());
}

// The idle contexts of this thread. Context() makes one; forget_key() overwrites what it knows before it is kept.
template <class Context>
class ContextPool {
 public:
    static std::unique_ptr<Context> take() {
        Idle* const idle = idle_contexts();
        if (idle == nullptr || idle->contexts.empty()) return std::make_unique<Context>();
        auto context = std::move(idle->contexts.back());
        idle->contexts.pop_back();
        return context;
    }

    static void give_back(std::unique_ptr<Context> context) noexcept {
        if (context == nullptr) return;  // moved from
        Idle* const idle = idle_contexts();
        if (idle == nullptr || idle->contexts.size() == kMaxIdle || !context->forget_key()) return;
        idle->contexts.push_back(std::move(context));
    }

 private:
    static constexpr std::size_t kMaxIdle = 16;  // more than one request uses at a time

    struct Idle {
        Idle() { contexts.reserve(kMaxIdle); }
        ~Idle() { gone() = true; }
        std::vector<std::unique_ptr<Context>> contexts;
    };

    // Objects that outlive their thread's pool still work, without it.
    static bool& gone() {
        thread_local bool gone = false;
        return gone;
    }
    static Idle* idle_contexts() {
        if (gone()) return nullptr;
        thread_local Idle idle;
        return &idle;
    }
};

}  // namespace cloister::crypto
