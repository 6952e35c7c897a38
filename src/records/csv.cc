#include "records/csv.h"

#include <algorithm>
#include <cstring>

namespace cloister::records {
namespace {

bool is_lead_byte(char c) { return static_cast<unsigned char>(c) >= 0x81 && static_cast<unsigned char>(c) != 0xff; }
bool is_trail_byte(char c) { return static_cast<unsigned char>(c) >= 0x30; }

}  // namespace

CsvParser::CsvParser(const Options& options) : options_(options), offset_(options.offset), row_offset_(options.offset) {
    line_ = row_line_ = options.line;
    for (const char c : {options.separator, '\n', '\r', '\0'}) stops_[static_cast<unsigned char>(c)] = true;
    // Only separators that can be the second byte of a character need the slow way.
    options_.double_byte = options.double_byte && is_trail_byte(options.separator);
}

bool CsvParser::feed(std::string_view bytes, OnRow on_row) {
    while (!bytes.empty())
        if (!step(bytes, on_row)) return false;
    return true;
}

bool CsvParser::finish(OnRow on_row) {
    switch (state_) {
        case State::row_start: return true;
        case State::quoted: problem_ = "a quote is not closed"; break;
        case State::cell_start:
        case State::plain:
        case State::quote_in_quoted:
        case State::junk:
        case State::after_cr:
        case State::skip: break;
    }
    if (state_ != State::after_cr) end_cell();
    return emit(on_row);
}

// Consumes at least one byte or changes the state.
bool CsvParser::step(std::string_view& rest, OnRow& on_row) {
    const char c = rest.front();
    if (state_ == State::after_cr) {
        if (c == '\n') take(rest, 1);
        return emit(on_row);
    }
    if (state_ == State::row_start) {
        row_offset_ = offset_;
        row_line_ = line_;
        if (c == '\n' || c == '\r') {  // a blank line
            if (c == '\r' || !blank_cr_) ++line_;
            blank_cr_ = c == '\r';
            take(rest, 1);
            return true;
        }
        blank_cr_ = false;
        state_ = State::cell_start;
    }
    if (offset_ - row_offset_ >= kMaxRowBytes && state_ != State::skip) {
        problem_ = "the row is longer than 1 MiB, or a quote is not closed";
        state_ = State::skip;
    }
    switch (state_) {
        case State::cell_start:
            if (c == '"') {
                take(rest, 1);
                state_ = State::quoted;
                quoted_cr_ = false;
            } else {
                state_ = State::plain;
            }
            break;
        case State::plain: plain(rest); break;
        case State::quoted: quoted(rest); break;
        case State::quote_in_quoted:
            if (c == '"') {
                text_.push_back('"');
                take(rest, 1);
                state_ = State::quoted;
            } else if (c == options_.separator || c == '\n' || c == '\r') {
                take(rest, 1);
                separator_or_line_end(c);
            } else {
                problem_ = "text after a closing quote";
                state_ = State::junk;
            }
            break;
        case State::junk: plain(rest); break;
        case State::skip: skip(rest); break;
        case State::row_start:
        case State::after_cr: break;
    }
    if (state_ == State::row_start) return emit(on_row);
    return true;
}

// Up to the end of the cell, of the piece, or of the longest row.
void CsvParser::plain(std::string_view& rest) {
    const std::size_t room = std::min<std::uint64_t>(rest.size(), kMaxRowBytes - (offset_ - row_offset_));
    std::size_t n = 0;
    if (options_.double_byte) {
        for (; n < room; ++n) {
            const bool second = trail_ && is_trail_byte(rest[n]);
            trail_ = !second && is_lead_byte(rest[n]);
            if (!second && stops_[static_cast<unsigned char>(rest[n])]) break;
        }
    } else {
        while (n < room && !stops_[static_cast<unsigned char>(rest[n])]) ++n;
    }
    text_.append(rest.substr(0, n));
    take(rest, n);
    if (n == room) return;
    const char c = rest.front();
    take(rest, 1);
    if (c != '\0') return separator_or_line_end(c);
    problem_ = "a NUL byte";
}

void CsvParser::quoted(std::string_view& rest) {
    const std::size_t room = std::min<std::uint64_t>(rest.size(), kMaxRowBytes - (offset_ - row_offset_));
    const void* quote = std::memchr(rest.data(), '"', room);
    const std::size_t n =
        quote == nullptr ? room : static_cast<std::size_t>(static_cast<const char*>(quote) - rest.data());
    const std::string_view run = rest.substr(0, n);
    if (run.find('\0') != std::string_view::npos) problem_ = "a NUL byte";
    for (const char c : run) {
        if (c == '\r' || (c == '\n' && !quoted_cr_)) ++line_;
        quoted_cr_ = c == '\r';
    }
    text_.append(run);
    take(rest, n);
    if (n == room) return;
    quoted_cr_ = false;
    take(rest, 1);
    state_ = State::quote_in_quoted;
}

void CsvParser::skip(std::string_view& rest) {
    const std::size_t n = std::min(rest.find_first_of("\r\n"), rest.size());
    take(rest, n);
    if (rest.empty()) return;
    const char c = rest.front();
    take(rest, 1);
    separator_or_line_end(c);
}

void CsvParser::separator_or_line_end(char c) {
    trail_ = false;
    end_cell();
    if (c == '\n') {
        ++line_;
        state_ = State::row_start;  // step() emits
    } else if (c == '\r') {
        ++line_;
        state_ = State::after_cr;  // an LF may follow, which belongs to this row
    } else {
        state_ = State::cell_start;
    }
}

void CsvParser::end_cell() {
    if (++cells_ > kMaxCells) problem_ = "more than 1000 columns";
    text_.push_back('\0');
}

bool CsvParser::emit(OnRow& on_row) {
    RawRow row{
        .line = row_line_, .end = offset_, .end_line = line_, .problem = problem_, .text = text_, .cells = cells_};
    if (!problem_.empty()) {
        row.text = {};
        row.cells = 0;
    }
    const bool go_on = on_row(row);
    text_.clear();
    cells_ = 0;
    problem_ = {};
    trail_ = false;
    state_ = State::row_start;
    blank_cr_ = false;
    return go_on;
}

void CsvParser::take(std::string_view& rest, std::size_t count) {
    rest.remove_prefix(count);
    offset_ += count;
}

}  // namespace cloister::records
