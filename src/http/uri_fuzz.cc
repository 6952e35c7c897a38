// Paths and queries from the network: what is accepted is UTF-8 without NUL.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"
#include "http/server.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto decoded = cloister::http::percent_decode(text);
    if (decoded) {
        CLOISTER_ASSERT(cloister::is_valid_utf8(*decoded) && decoded->find('\0') == std::string::npos);
    }
    const auto query = cloister::http::parse_query(text);
    if (query)
        for (const auto& [name, value] : *query) CLOISTER_ASSERT(cloister::is_valid_utf8(name + value));
    return 0;
}
