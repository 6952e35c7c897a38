// CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds torn and decayed bytes. No protection against intent; the audit
// log's Merkle tree has that.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace cloister::store {

std::uint32_t crc32c(ByteView bytes);

namespace internal {
// The fallback where the processor has no instruction for it; exposed so that a test can hold both to the same values.
std::uint32_t crc32c_by_table(ByteView bytes);
}  // namespace internal

}  // namespace cloister::store
