// Packed keys come from a file that somebody may have edited: parsing must neither read outside it nor open anything.
#include "keys/packed_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cloister;
    const auto packed = keys::parse_packed(std::as_bytes(std::span(data, size)));
    if (!packed) return 0;
    CLOISTER_ASSERT(size == 40 + 66 * packed->count);
    static const crypto::KeyEncryptionKey secret = crypto::KeyEncryptionKey::random();
    const keys::Kek kek{packed->kek, secret.clone()};
    CLOISTER_ASSERT(!keys::unpack(VaultId(), CustomerId(), kek, *packed));
    return 0;
}
