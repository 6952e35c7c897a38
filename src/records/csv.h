// CSV, pushed in pieces: rows come out as soon as they are complete, whatever the pieces.
//
// RFC 4180, and what files in the wild do: lines end with LF, CRLF or CR; blank lines are skipped; a quote inside a
// cell that did not begin with one is an ordinary character. Text after a closing quote, a NUL byte, or more than
// kMaxRowBytes or kMaxCells make a row with a problem; after a row that is too long, reading goes on after the next
// line end, quoted or not.
//
// Works on the bytes as they are in the file. In GB18030 the second byte of a character may be a separator such as '|',
// so the parser has to know (`double_byte`).
//
// Threads  Belongs to one thread.
// Specs    RFC 4180, docs/import.md
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/function.h"

namespace cloister::records {

constexpr std::size_t kMaxRowBytes = 1u << 20;  // a row of customer data has a few hundred
constexpr std::size_t kMaxCells = 1'000;

// A row as it is in the file. Views are valid until the callback returns.
struct RawRow {
    std::uint64_t line = 0;      // where it begins, from 1
    std::uint64_t end = 0;       // offset of the byte after its line end
    std::uint64_t end_line = 0;  // line number at that offset
    std::string_view problem;    // why it cannot be read; fixed words; empty when it can
    std::string_view text;       // the cells' contents, each followed by a NUL byte
    std::size_t cells = 0;
};

class CsvParser {
 public:
    struct Options {
        char separator = ',';
        bool double_byte = false;
        std::uint64_t offset = 0;  // of the first byte that will be fed
        std::uint64_t line = 1;
    };
    // Return false to stop; the parser must not be used after that.
    using OnRow = FunctionRef<bool(const RawRow&)>;

    explicit CsvParser(const Options& options);

    // False when the callback stopped it.
    bool feed(std::string_view bytes, OnRow on_row);
    // The end of the file: the last row may lack its line end.
    bool finish(OnRow on_row);

 private:
    enum class State { row_start, cell_start, plain, quoted, quote_in_quoted, junk, after_cr, skip };

    bool step(std::string_view& rest, OnRow& on_row);
    void plain(std::string_view& rest);
    void quoted(std::string_view& rest);
    void skip(std::string_view& rest);
    void separator_or_line_end(char c);
    void end_cell();
    bool emit(OnRow& on_row);
    void take(std::string_view& rest, std::size_t count);

    Options options_;
    std::array<bool, 256> stops_{};
    State state_ = State::row_start;
    bool trail_ = false;      // double_byte: the next byte belongs to the character before it
    bool quoted_cr_ = false;  // in quotes: the last byte was CR, so an LF is part of the same line end
    bool blank_cr_ = false;   // between rows: the last byte was CR
    std::uint64_t offset_ = 0;
    std::uint64_t row_offset_ = 0;
    std::uint64_t line_ = 1;
    std::uint64_t row_line_ = 1;
    std::string text_;
    std::size_t cells_ = 0;
    std::string_view problem_;
};

}  // namespace cloister::records
