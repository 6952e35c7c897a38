// Any bytes, in any pieces: the parser reads them to the end, and the pieces make no difference.
#include <cstdlib>

#include "records/csv.h"

namespace {

using cloister::records::CsvParser;
using cloister::records::RawRow;

std::string rows_of(std::string_view text, std::size_t piece, const CsvParser::Options& options) {
    std::string all;
    const auto keep = [&](const RawRow& row) {
        all.append(row.text)
            .append(row.problem)
            .append(std::to_string(row.line))
            .append("@")
            .append(std::to_string(row.end));
        all.append(":").append(std::to_string(row.end_line)).append("\n");
        return true;
    };
    CsvParser parser(options);
    for (std::size_t at = 0; at < text.size(); at += piece) parser.feed(text.substr(at, piece), keep);
    parser.finish(keep);
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size < 2) return 0;
    const CsvParser::Options options{.separator = ",;|\t"[data[0] % 4], .double_byte = data[0] >= 128};
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t piece = data[1] + 1u;
    if (rows_of(text, piece, options) != rows_of(text, text.size() + 1, options)) std::abort();
    return 0;
}
