#include "store/journal/format.h"

#include <charconv>

#include "store/journal/crc32c.h"

namespace cloister::store {
namespace {

constexpr std::string_view kSegmentMagic = "cl-jrnl\n";
constexpr std::string_view kIndexMagic = "cl-jidx\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kGroupBit = 0x8000'0000;
constexpr std::size_t kTagBytes = 8;
constexpr std::size_t kNameDigits = 20;  // of the largest 64-bit number, so that names sort as positions do
constexpr std::string_view kSegmentSuffix = ".seg";
constexpr std::string_view kIndexSuffix = ".idx";

std::string numbered(std::uint64_t number, std::string_view suffix) {
    const std::string digits = std::to_string(number);
    return std::string(kNameDigits - digits.size(), '0') + digits + std::string(suffix);
}

// Takes the checksum off the end of `bytes`; false when it does not match.
bool strip_checksum(ByteView& bytes) {
    if (bytes.size() < sizeof(std::uint32_t)) return false;
    const ByteView body = bytes.first(bytes.size() - sizeof(std::uint32_t));
    if (load_be<std::uint32_t>(bytes.data() + body.size()) != crc32c(body)) return false;
    bytes = body;
    return true;
}

}  // namespace

Bytes encode_header(const SegmentHeader& header) {
    Bytes out = to_bytes(kSegmentMagic);
    append_be(out, kVersion);
    append_be(out, std::uint32_t{0});
    append_be(out, header.first_position);
    append_be(out, header.highest_tag_before);
    out.resize(kSegmentHeaderBytes - sizeof(std::uint32_t));
    append_be(out, crc32c(out));
    return out;
}

Result<SegmentHeader> parse_header(ByteView bytes) {
    if (bytes.size() < kSegmentHeaderBytes || as_text(bytes.first(kSegmentMagic.size())) != kSegmentMagic)
        return Error(ErrorCode::corrupt, "not a journal segment");
    bytes = bytes.first(kSegmentHeaderBytes);
    if (!strip_checksum(bytes)) return Error(ErrorCode::corrupt, "the header's checksum does not match");
    ByteReader reader(bytes.subspan(kSegmentMagic.size()));
    if (reader.be<std::uint32_t>() != kVersion)
        return Error(ErrorCode::unsupported, "a journal version this program does not know");
    reader.be<std::uint32_t>();
    SegmentHeader header;
    header.first_position = reader.be<std::uint64_t>();
    header.highest_tag_before = reader.be<std::uint64_t>();
    return header;
}

std::string segment_name(std::uint64_t first_position) { return numbered(first_position, kSegmentSuffix); }
std::string index_name(std::uint64_t first_position) { return numbered(first_position, kIndexSuffix); }

std::optional<std::uint64_t> first_position_of(std::string_view name) {
    if (name.size() != kNameDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix)) return std::nullopt;
    std::uint64_t number = 0;
    const char* end = name.data() + kNameDigits;
    const auto parsed = std::from_chars(name.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return number;
}

void append_frame(Bytes& to, std::uint64_t tag, ByteView payload, bool starts_group) {
    const std::size_t start = to.size();
    const std::size_t body = sizeof(std::uint32_t) + kTagBytes + payload.size();
    to.resize(start + body + sizeof(std::uint32_t));
    std::byte* const frame = to.data() + start;
    store_be(frame, static_cast<std::uint32_t>(kTagBytes + payload.size()) | (starts_group ? kGroupBit : 0));
    store_be(frame + sizeof(std::uint32_t), tag);
    if (!payload.empty()) std::memcpy(frame + sizeof(std::uint32_t) + kTagBytes, payload.data(), payload.size());
    store_be(frame + body, crc32c(ByteView(frame, body)));
}

FrameState parse_frame(ByteView bytes, Frame& frame) {
    if (bytes.size() < sizeof(std::uint32_t)) return FrameState::incomplete;
    const auto word = load_be<std::uint32_t>(bytes.data());
    if (word == 0) return FrameState::end;
    const std::size_t length = word & ~kGroupBit;
    if (length < kTagBytes || length > kTagBytes + kMaxPayloadBytes) return FrameState::damaged;
    const std::size_t size = sizeof(std::uint32_t) + length + sizeof(std::uint32_t);
    if (bytes.size() < size) return FrameState::incomplete;
    ByteView body = bytes.first(size);
    if (!strip_checksum(body)) return FrameState::damaged;
    frame.tag = load_be<std::uint64_t>(body.data() + sizeof(std::uint32_t));
    frame.payload = body.subspan(sizeof(std::uint32_t) + kTagBytes);
    frame.starts_group = (word & kGroupBit) != 0;
    frame.size_bytes = size;
    return FrameState::complete;
}

Bytes encode_index(const SegmentIndex& index) {
    Bytes out = to_bytes(kIndexMagic);
    append_be(out, kVersion);
    append_be(out, index.count);
    for (const std::uint32_t offset : index.offsets) append_be(out, offset);
    append_be(out, crc32c(out));
    return out;
}

Result<SegmentIndex> parse_index(ByteView bytes) {
    const Error damaged(ErrorCode::corrupt, "a damaged journal index");
    if (!strip_checksum(bytes)) return damaged;
    ByteReader reader(bytes);
    SegmentIndex index;
    const bool known =
        as_text(reader.take(kIndexMagic.size())) == kIndexMagic && reader.be<std::uint32_t>() == kVersion;
    index.count = reader.be<std::uint64_t>();
    if (!known || !reader.ok()) return damaged;
    const std::uint64_t offsets = index.count / SegmentIndex::kStride + (index.count % SegmentIndex::kStride != 0);
    if (reader.rest().size() / sizeof(std::uint32_t) != offsets) return damaged;
    while (reader.ok() && index.offsets.size() < offsets) index.offsets.push_back(reader.be<std::uint32_t>());
    if (!reader.done()) return damaged;
    return index;
}

}  // namespace cloister::store
