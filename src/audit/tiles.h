// Names and shapes of tiles: how a log's tree is cut into files of 256 hashes, and its entries into bundles of 256.
//
// Threads  Free functions of their arguments.
// Specs    C2SP tlog-tiles
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/merkle.h"
#include "base/bytes.h"
#include "base/result.h"

namespace cloister::audit {

struct TileId {
    unsigned level = 0;  // 0 to 63
    std::uint64_t index = 0;
    unsigned width = kTileWidth;  // hashes in it: 256, or 1 to 255 of a partial tile

    auto operator<=>(const TileId&) const = default;
};

// "tile/0/x001/x234/067.p/89"
std::string tile_path(const TileId& tile);
// "tile/entries/x001/x234/067.p/89"
std::string bundle_path(std::uint64_t index, unsigned width = kTileWidth);

// From the parts after "tile/": the level as decimal digits, and the index with an optional ".p/<width>".
// invalid_argument for anything but the one canonical spelling.
Result<TileId> parse_tile_path(std::string_view level, std::string_view index);
// The same for a bundle: what follows "tile/entries/". The level of the answer is 0.
Result<TileId> parse_bundle_path(std::string_view index);

// How many hashes level `level` of a tree of `size` entries has; and how many of those lie in the partial tile at its
// end (0: there is none).
std::uint64_t hashes_at_level(unsigned level, std::uint64_t size);
unsigned partial_width(unsigned level, std::uint64_t size);
// Does a tree of `size` entries have all hashes of this tile?
bool is_within(const TileId& tile, std::uint64_t size);

// Appends one entry of at most 65,535 bytes to a bundle.
void append_to_bundle(Bytes& bundle, ByteView entry);
// The entries of a bundle; views into `bundle`. invalid_argument when it ends within an entry.
Result<std::vector<ByteView>> parse_bundle(ByteView bundle);

}  // namespace cloister::audit
