// The rows of an imported file, whatever its format: CSV or JSON Lines, decoded to UTF-8.
//
// JSON Lines: one object a line. Members of an object inside are named "outer.inner", an array of plain values is
// joined with commas, numbers keep their digits as written, null is an absent cell.
//
// Threads  Belongs to one thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "records/csv.h"
#include "records/encoding.h"

namespace cloister::records {

struct ImportRow {
    std::uint64_t line = 0;
    std::uint64_t end = 0;       // offset in the file after the row
    std::uint64_t end_line = 0;  // line number at that offset
    std::string_view problem;    // fixed words; empty when the row can be read
    // CSV: cells by position, `names` is empty. JSON Lines: `names` and `cells` side by side.
    std::vector<std::string_view> names;
    std::vector<std::string_view> cells;
};

struct RowSource {
    bool jsonl = false;
    char separator = ',';
    Encoding encoding = Encoding::utf8;
    std::uint64_t offset = 0;
    std::uint64_t line = 1;
};

class RowReader {
 public:
    using OnRow = FunctionRef<bool(const ImportRow&)>;

    static std::unique_ptr<RowReader> make(const RowSource& source);
    virtual ~RowReader() = default;
    // False when the callback stopped it; the reader must not be used after that. Views in a row are valid until the
    // callback returns.
    virtual bool feed(std::string_view bytes, OnRow on_row) = 0;
    virtual bool finish(OnRow on_row) = 0;
};

}  // namespace cloister::records
