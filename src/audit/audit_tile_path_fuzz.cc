// Tile paths come from the network. A path has one spelling; bundles are cut only at their own lengths.
#include "audit/tiles.h"
#include "base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cloister;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t slash = text.find('/');
    if (slash != std::string_view::npos) {
        if (const auto tile = audit::parse_tile_path(text.substr(0, slash), text.substr(slash + 1)))
            CLOISTER_ASSERT(audit::tile_path(*tile) == "tile/" + std::string(text));
    }
    if (const auto bundle = audit::parse_bundle_path(text))
        CLOISTER_ASSERT(audit::bundle_path(bundle->index, bundle->width) == "tile/entries/" + std::string(text));
    if (const auto entries = audit::parse_bundle(as_bytes(text))) {
        Bytes again;
        for (const ByteView entry : *entries) audit::append_to_bundle(again, entry);
        CLOISTER_ASSERT(as_text(again) == text);
    }
    return 0;
}
