#include "store/journal/crc32c.h"

namespace cloister::store {
namespace {

constexpr std::uint32_t kReversedPolynomial = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kReversedPolynomial : 0);
        table[i] = value;
    }
    return table;
}
constexpr std::array<std::uint32_t, 256> kTable = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(ByteView bytes) {
    std::uint64_t state = 0xffffffff;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof word);
        state = __builtin_ia32_crc32di(state, word);
    }
    auto narrow = static_cast<std::uint32_t>(state);
    for (const std::byte byte : bytes) narrow = __builtin_ia32_crc32qi(narrow, std::to_integer<unsigned char>(byte));
    return ~narrow;
}
#endif

}  // namespace

std::uint32_t internal::crc32c_by_table(ByteView bytes) {
    std::uint32_t state = 0xffffffff;
    for (const std::byte byte : bytes)
        state = (state >> 8) ^ kTable[(state ^ std::to_integer<std::uint32_t>(byte)) & 0xff];
    return ~state;
}

std::uint32_t crc32c(ByteView bytes) {
#if defined(__x86_64__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) return by_instruction(bytes);
#endif
    return internal::crc32c_by_table(bytes);
}

}  // namespace cloister::store
