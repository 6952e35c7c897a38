// Whatever the bytes, parsing and opening end; and whatever the text, it comes back from its sealed form.
#include <cstddef>
#include <cstdint>

#include "records/sealed_record.h"

namespace {

using namespace cloister;

void check_round_trip(crypto::Aead& aead, const records::RecordAddress& address, ByteView input) {
    constexpr std::array<std::byte, 10> kNonce{std::byte{9}};
    std::vector<records::PlainField> fields;
    fields.push_back({1, Personal(std::string(as_text(input)))});
    fields.push_back({7, Personal(std::string())});
    const Bytes bytes = records::seal_record(aead, address, 42, fields, kNonce);
    const auto sealed = records::SealedRecord::parse(bytes);
    if (!sealed) __builtin_trap();
    const auto opened = sealed->open_all(aead, address);
    if (!opened || opened->size() != 2 || opened->front().text.reveal() != as_text(input)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input = std::as_bytes(std::span(data, size));
    crypto::Aead aead(crypto::DataKey::copy_of(std::array<std::byte, 32>{std::byte{7}}));
    const records::RecordAddress address{{}, {}, 3, {}, 5};
    if (const auto sealed = records::SealedRecord::parse(input)) {
        const auto opened = sealed->open_all(aead, address);
        for (const std::uint16_t number : sealed->numbers()) {
            const auto field = sealed->open(aead, address, number);
            if (opened && !field) __builtin_trap();
        }
    }
    if (size <= 4096) check_round_trip(aead, address, input);
    return 0;
}
