// Bytes from the network, cut into pieces of any size: no crash, and after a refusal nothing more is accepted. The
// first byte of the input chooses the size of the pieces.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "http/request_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using cloister::http::RequestReader;
    if (size == 0) return 0;
    const std::size_t step = data[0] + 1u;
    std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
    RequestReader reader({.header_bytes = 2048, .body_bytes = 4096});
    while (!rest.empty()) {
        std::string_view piece = rest.substr(0, step);
        rest.remove_prefix(piece.size());
        while (true) {
            const auto outcome = reader.next(piece);
            if (outcome == RequestReader::Outcome::refused) return 0;
            if (outcome == RequestReader::Outcome::need_more) break;
            const auto request = reader.take();
            CLOISTER_ASSERT(request.body.size() <= 4096 && !request.path.empty());
        }
        CLOISTER_ASSERT(piece.empty() && reader.body_bytes() <= 4096);
    }
    return 0;
}
