// Any bytes as import options: refused with a reason, or accepted and the same again after a round trip.
#include <cstdlib>

#include "records/imports.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace cloister::records;
    std::vector<FieldProblem> problems;
    const auto options = parse_import_options({reinterpret_cast<const char*>(data), size}, problems);
    if (!options) {
        if (problems.empty() || options.error().detail().empty()) std::abort();
        return 0;
    }
    const std::string json = to_json(*options);
    const auto again = parse_import_options(json, problems);
    if (!problems.empty() || !again || to_json(*again) != json) std::abort();
    return 0;
}
