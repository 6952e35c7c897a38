// Argon2id (RFC 9106): a pass phrase made into a key, at a cost an attacker pays for each guess.
//
// Threads  Any thread; a call uses `memory_kib` of memory and blocks for as long as the cost says.
#pragma once

#include <cstdint>

#include "crypto/secret.h"

namespace cloister::crypto {

struct Argon2Cost {
    std::uint32_t memory_kib = 64 * 1024;  // RFC 9106 second recommended option: t=3, p=4, 64 MiB
    std::uint32_t passes = 3;
    std::uint32_t lanes = 4;
};

// Optional inputs of RFC 9106 used by its test vectors; Cloister leaves them empty.
struct Argon2Extra {
    ByteView secret = {};
    ByteView associated_data = {};
};

// Fills `out` (4 bytes or more). The salt has at least 8 bytes. invalid_argument for parameters outside RFC 9106.
Result<void> argon2id(ByteView password, ByteView salt, const Argon2Cost& cost, std::span<std::byte> out,
                      const Argon2Extra& extra = {});

}  // namespace cloister::crypto
