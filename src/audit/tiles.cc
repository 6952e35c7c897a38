#include "audit/tiles.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "base/assert.h"

namespace cloister::audit {
namespace {

constexpr unsigned kMaxLevel = 63;
constexpr std::string_view kPartial = ".p/";

// Decimal digits without sign or leading zeroes.
template <class Int>
bool parse_decimal(std::string_view text, Int& value) {
    if (text.empty() || (text.size() > 1 && text[0] == '0') || text[0] < '0' || text[0] > '9') return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

std::string format_index(std::uint64_t index) {
    std::array<char, 8> group{};
    std::snprintf(group.data(), group.size(), "%03u", static_cast<unsigned>(index % 1000));
    std::string text = group.data();
    for (index /= 1000; index != 0; index /= 1000) {
        std::snprintf(group.data(), group.size(), "x%03u/", static_cast<unsigned>(index % 1000));
        text.insert(0, group.data());
    }
    return text;
}

std::string format_partial(unsigned width) {
    CLOISTER_ASSERT(width >= 1 && width <= kTileWidth);
    return width == kTileWidth ? "" : std::string(kPartial) + std::to_string(width);
}

Error bad_path() { return Error(ErrorCode::invalid_argument, "not the path of a tile"); }

// The digits of "x001/x234/067" as a number; whether they were spelled canonically is checked by spelling them again.
Result<std::uint64_t> parse_index(std::string_view text) {
    constexpr std::size_t kMaxDigits = 18;  // six groups: 10^18 tiles, and no overflow
    std::uint64_t index = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == 'x' || c == '/') continue;
        if (c < '0' || c > '9' || ++digits > kMaxDigits) return bad_path();
        index = index * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (format_index(index) != text) return bad_path();
    return index;
}

}  // namespace

std::string tile_path(const TileId& tile) {
    return "tile/" + std::to_string(tile.level) + "/" + format_index(tile.index) + format_partial(tile.width);
}

std::string bundle_path(std::uint64_t index, unsigned width) {
    return "tile/entries/" + format_index(index) + format_partial(width);
}

Result<TileId> parse_tile_path(std::string_view level, std::string_view index) {
    TileId tile;
    if (!parse_decimal(level, tile.level) || tile.level > kMaxLevel) return bad_path();
    CLOISTER_ASSIGN_OR_RETURN(const TileId rest, parse_bundle_path(index));
    tile.index = rest.index;
    tile.width = rest.width;
    return tile;
}

Result<TileId> parse_bundle_path(std::string_view index) {
    TileId tile;
    if (const std::size_t partial = index.find(kPartial); partial != std::string_view::npos) {
        const std::string_view width = index.substr(partial + kPartial.size());
        if (!parse_decimal(width, tile.width) || tile.width == 0 || tile.width >= kTileWidth) return bad_path();
        index = index.substr(0, partial);
    }
    CLOISTER_ASSIGN_OR_RETURN(tile.index, parse_index(index));
    return tile;
}

std::uint64_t hashes_at_level(unsigned level, std::uint64_t size) {
    return level >= kTileLevels ? 0 : size >> (kTileHeight * level);
}

unsigned partial_width(unsigned level, std::uint64_t size) {
    return static_cast<unsigned>(hashes_at_level(level, size) % kTileWidth);
}

bool is_within(const TileId& tile, std::uint64_t size) {
    if (tile.width < 1 || tile.width > kTileWidth) return false;
    const std::uint64_t hashes = hashes_at_level(tile.level, size);
    return hashes >= tile.width && tile.index <= (hashes - tile.width) / kTileWidth;
}

void append_to_bundle(Bytes& bundle, ByteView entry) {
    CLOISTER_ASSERT(entry.size() <= 0xffff);
    append_be(bundle, static_cast<std::uint16_t>(entry.size()));
    append(bundle, entry);
}

Result<std::vector<ByteView>> parse_bundle(ByteView bundle) {
    std::vector<ByteView> entries;
    ByteReader reader(bundle);
    while (!reader.done()) {
        const auto length = reader.be<std::uint16_t>();
        const ByteView entry = reader.take(length);
        if (!reader.ok()) return Error(ErrorCode::invalid_argument, "the bundle ends within an entry");
        entries.push_back(entry);
    }
    return entries;
}

}  // namespace cloister::audit
