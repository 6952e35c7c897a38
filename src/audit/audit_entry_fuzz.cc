// Whatever decode() accepts is exactly what encode() writes.
#include "audit/entry.h"
#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cloister;
    const ByteView bytes = std::as_bytes(std::span(data, size));
    if (const auto entry = audit::decode(bytes)) CLOISTER_ASSERT(audit::encode(*entry).value() == to_bytes(bytes));
    return 0;
}
