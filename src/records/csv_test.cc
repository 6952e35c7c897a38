#include "records/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace cloister::records {
namespace {

struct Row {
    std::vector<std::string> cells;
    std::string problem;
    std::uint64_t line = 0;
    std::uint64_t end = 0;
    std::uint64_t end_line = 0;
    bool operator==(const Row&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
    for (const std::string& cell : row.cells) out << "[" << cell << "]";
    return out << row.problem << " line " << row.line << ".." << row.end_line << " end " << row.end;
}

// Parses in pieces; `cut(at)` says how long the piece that begins at `at` is.
template <class Cut>
std::vector<Row> parse(std::string_view text, Cut cut, CsvParser::Options options = {}) {
    std::vector<Row> rows;
    const auto keep = [&](const RawRow& raw) {
        Row row{{}, std::string(raw.problem), raw.line, raw.end, raw.end_line};
        for (std::size_t start = 0; start < raw.text.size();) {
            const std::size_t end = raw.text.find('\0', start);
            row.cells.emplace_back(raw.text.substr(start, end - start));
            start = end + 1;
        }
        rows.push_back(std::move(row));
        return true;
    };
    CsvParser parser(options);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = cut(at);
        parser.feed(text.substr(at, length), keep);
        at += length;
    }
    parser.finish(keep);
    return rows;
}
std::vector<Row> parse(std::string_view text) {
    return parse(text, [](std::size_t) { return std::size_t{1} << 30; });
}

struct Case {
    const char* name;
    std::string text;
    std::vector<Row> want;
};
class Csv : public ::testing::TestWithParam<Case> {};
TEST_P(Csv, reads_in_every_split) {
    const Case& c = GetParam();
    EXPECT_EQ(parse(c.text), c.want);
    for (std::size_t piece = 1; piece <= c.text.size(); ++piece)
        EXPECT_EQ(parse(c.text, [&](std::size_t) { return piece; }), c.want) << piece;
    for (std::size_t first = 1; first < c.text.size(); ++first)
        EXPECT_EQ(parse(c.text, [&](std::size_t at) { return at == 0 ? first : c.text.size(); }), c.want) << first;
}
INSTANTIATE_TEST_SUITE_P(
    Rfc4180, Csv,
    ::testing::Values(
        Case{"empty", "", {}}, Case{"one_row", "a,b\n", {{{"a", "b"}, "", 1, 4, 2}}},
        Case{"no_line_end_at_the_end", "a,b", {{{"a", "b"}, "", 1, 3, 1}}},
        Case{"empty_cells", ",\n,", {{{"", ""}, "", 1, 2, 2}, {{"", ""}, "", 2, 3, 2}}},
        Case{"crlf", "a\r\nb\r\n", {{{"a"}, "", 1, 3, 2}, {{"b"}, "", 2, 6, 3}}},
        Case{"cr", "a\rb\r", {{{"a"}, "", 1, 2, 2}, {{"b"}, "", 2, 4, 3}}},
        Case{"blank_lines", "\r\n\r\na\n\n\rb", {{{"a"}, "", 3, 6, 4}, {{"b"}, "", 6, 9, 6}}},
        Case{"quotes", "\"a,b\",\"c\"\"d\"\n", {{{"a,b", "c\"d"}, "", 1, 13, 2}}},
        Case{"empty_quotes", "\"\",\"\"\"\"\n", {{{"", "\""}, "", 1, 8, 2}}},
        Case{"line_ends_in_quotes",
             "\"a\r\nb\nc\rd\",e\nf",
             {{{"a\r\nb\nc\rd", "e"}, "", 1, 13, 5}, {{"f"}, "", 5, 14, 5}}},
        Case{"quote_inside_a_plain_cell", "a\"b,c\n", {{{"a\"b", "c"}, "", 1, 6, 2}}},
        Case{
            "text_after_a_quote", "\"a\"b,c\nd\n", {{{}, "text after a closing quote", 1, 7, 2}, {{"d"}, "", 2, 9, 3}}},
        Case{"open_quote", "\"a\nb", {{{}, "a quote is not closed", 1, 4, 2}}},
        Case{"nul", std::string("a\0b\nc\n", 6), {{{}, "a NUL byte", 1, 4, 2}, {{"c"}, "", 2, 6, 3}}},
        Case{"nul_in_quotes", std::string("\"a\0b\"\nc\n", 8), {{{}, "a NUL byte", 1, 6, 2}, {{"c"}, "", 2, 8, 3}}}),
    [](const auto& info) { return info.param.name; });

TEST(Csv, a_row_that_is_too_long_is_one_problem_and_reading_goes_on_after_its_line) {
    for (const std::string start : {"", "\""}) {
        const std::string text = start + std::string(kMaxRowBytes + 5, 'x') + "\r\ngood,row\n";
        for (const std::size_t piece : {std::size_t{4096}, std::size_t{1} << 20, text.size()}) {
            const auto rows = parse(text, [&](std::size_t) { return piece; });
            ASSERT_EQ(rows.size(), 2u);
            EXPECT_EQ(rows[0].problem, "the row is longer than 1 MiB, or a quote is not closed");
            EXPECT_EQ(rows[1], (Row{{"good", "row"}, "", 2, text.size(), 3}));
        }
    }
}

TEST(Csv, more_than_a_thousand_columns_are_a_problem) {
    EXPECT_EQ(parse(std::string(kMaxCells - 1, ',') + "\n")[0].problem, "");
    EXPECT_EQ(parse(std::string(kMaxCells, ',') + "\n")[0].problem, "more than 1000 columns");
}

TEST(Csv, the_second_byte_of_a_gb18030_character_separates_nothing) {
    const std::string text = "\x81|\x81||b\n";  // two characters that end in 0x7c
    const auto rows = parse(text, [](std::size_t) { return std::size_t{1}; }, {.separator = '|', .double_byte = true});
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].cells, (std::vector<std::string>{"\x81|\x81|", "b"}));
}

std::string quoted(const std::string& cell, bool always) {
    if (!always && !cell.empty() && cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
    std::string out = "\"";
    for (const char c : cell) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

RC_GTEST_PROP(CsvProperty, what_was_written_is_read_back_from_any_pieces_and_from_any_row_on, ()) {
    const auto text_of =
        rc::gen::container<std::string>(rc::gen::element('a', 'b', ',', '"', '\n', '\r', ' ', '\xe4', '|'));
    const auto rows = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::string>>>(
        rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(text_of))));
    const std::string line_end = *rc::gen::element<std::string>("\n", "\r\n");
    std::string text;
    std::vector<std::uint64_t> ends;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            text += (i == 0 ? "" : ",") + quoted(row[i], *rc::gen::arbitrary<bool>());
        text += line_end;
        ends.push_back(text.size());
    }
    const auto cut = [](std::size_t) { return static_cast<std::size_t>(*rc::gen::inRange(1, 9)); };
    const auto got = parse(text, cut);
    RC_ASSERT(got == parse(text));
    RC_ASSERT(got.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        RC_ASSERT(got[i].cells == rows[i]);
        RC_ASSERT(got[i].end == ends[i]);
    }
    const auto from = static_cast<std::size_t>(*rc::gen::inRange<std::size_t>(0, rows.size()));
    const auto rest =
        parse(std::string_view(text).substr(ends[from]), cut, {.offset = ends[from], .line = got[from].end_line});
    RC_ASSERT(rest == std::vector<Row>(got.begin() + static_cast<std::ptrdiff_t>(from) + 1, got.end()));
}

}  // namespace
}  // namespace cloister::records
