// Arbitrary bytes as a segment file, as a header and as an index: no crash, and whatever is accepted encodes to the
// same bytes again.
#include "store/journal/format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cloister;
    using namespace cloister::store;
    const ByteView input = std::as_bytes(std::span(data, size));

    if (const auto header = parse_header(input))
        CLOISTER_ASSERT(header->first_position == parse_header(encode_header(*header)).value().first_position);
    if (const auto index = parse_index(input)) CLOISTER_ASSERT(as_text(encode_index(*index)) == as_text(input));
    (void)first_position_of(as_text(input));

    ByteView rest = input.subspan(std::min(size, kSegmentHeaderBytes));
    Frame frame;
    while (parse_frame(rest, frame) == FrameState::complete) {
        Bytes again;
        append_frame(again, frame.tag, frame.payload, frame.starts_group);
        CLOISTER_ASSERT(as_text(again) == as_text(rest.first(frame.size_bytes)));
        rest = rest.subspan(frame.size_bytes);
    }
    return 0;
}
