// Every type over arbitrary bytes: no crash, canonical text is stable, everything that comes out is UTF-8.
#include <cstdint>

#include "base/bytes.h"
#include "datatypes/datatype.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cloister;
    using namespace cloister::datatypes;
    if (size == 0) return 0;
    const auto types = all_types();
    const DataType& type = *types[data[0] % types.size()];
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);

    const auto folded = fold_text(input);
    if (folded) {
        CLOISTER_ASSERT(is_valid_utf8(*folded) && fold_text(*folded).value() == *folded);
        for (const std::string& gram : ngrams(fold_for_index(*folded), 2)) CLOISTER_ASSERT(is_valid_utf8(gram));
    }
    static_cast<void>(seems_personal(input));
    CLOISTER_ASSERT(is_valid_utf8(type.mask(input)));

    const auto canonical = type.canonical(input);
    if (!canonical) return 0;
    CLOISTER_ASSERT(is_valid_utf8(*canonical) && type.canonical(*canonical).value() == *canonical);
    CLOISTER_ASSERT(is_valid_utf8(type.normalise(*canonical)));
    CLOISTER_ASSERT(is_valid_utf8(type.mask(*canonical)));
    for (int level = 0; level < type.levels(); ++level)
        CLOISTER_ASSERT(is_valid_utf8(type.generalise(*canonical, level)));
    return 0;
}
