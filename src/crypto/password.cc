#include "crypto/password.h"

#include <argon2.h>

namespace cloister::crypto {
namespace {

// libargon2 has no const in its inputs; without ARGON2_FLAG_CLEAR_* it does not write to them.
std::uint8_t* input(ByteView bytes) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::uint32_t length_of(ByteView bytes) { return static_cast<std::uint32_t>(bytes.size()); }

bool fits(ByteView bytes) { return bytes.size() <= UINT32_MAX; }

Result<void> to_result(int status) {
    switch (status) {
        case ARGON2_OK: return {};
        case ARGON2_MEMORY_ALLOCATION_ERROR:
            return Error(ErrorCode::unavailable, "not enough memory for this Argon2id cost");
        case ARGON2_THREAD_FAIL: return Error(ErrorCode::unavailable, "no threads for Argon2id");
        default:  // a library's numbers, not an enum of ours
            return Error(ErrorCode::invalid_argument, std::string("Argon2id: ") + argon2_error_message(status));
    }
}

}  // namespace

Result<void> argon2id(ByteView password, ByteView salt, const Argon2Cost& cost, std::span<std::byte> out,
                      const Argon2Extra& extra) {
    if (!fits(password) || !fits(salt) || !fits(out) || !fits(extra.secret) || !fits(extra.associated_data))
        return Error(ErrorCode::invalid_argument, "Argon2id: an input is longer than 2^32 - 1 bytes");
    argon2_context context{};
    context.out = reinterpret_cast<std::uint8_t*>(out.data());
    context.outlen = length_of(out);
    context.pwd = input(password);
    context.pwdlen = length_of(password);
    context.salt = input(salt);
    context.saltlen = length_of(salt);
    context.secret = input(extra.secret);
    context.secretlen = length_of(extra.secret);
    context.ad = input(extra.associated_data);
    context.adlen = length_of(extra.associated_data);
    context.t_cost = cost.passes;
    context.m_cost = cost.memory_kib;
    context.lanes = cost.lanes;
    context.threads = cost.lanes;
    context.version = ARGON2_VERSION_13;
    context.flags = ARGON2_DEFAULT_FLAGS;

    int status = argon2id_ctx(&context);
    if (status == ARGON2_THREAD_FAIL) {  // the same value, one lane after the other
        context.threads = 1;
        status = argon2id_ctx(&context);
    }
    return to_result(status);
}

}  // namespace cloister::crypto
