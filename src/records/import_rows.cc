#include "records/import_rows.h"

#include <algorithm>

#include "records/import_json.h"

namespace cloister::records {
namespace {

class CsvReader final : public RowReader {
 public:
    explicit CsvReader(const RowSource& source)
        : parser_({.separator = source.separator,
                   .double_byte = source.encoding == Encoding::gb18030,
                   .offset = source.offset,
                   .line = source.line}),
          decoder_(source.encoding) {}

    bool feed(std::string_view bytes, OnRow on_row) override {
        return parser_.feed(bytes, [&](const RawRow& raw) { return on_row(read(raw)); });
    }
    bool finish(OnRow on_row) override {
        return parser_.finish([&](const RawRow& raw) { return on_row(read(raw)); });
    }

 private:
    const ImportRow& read(const RawRow& raw) {
        row_.line = raw.line;
        row_.end = raw.end;
        row_.end_line = raw.end_line;
        row_.problem = raw.problem;
        row_.cells.clear();
        if (!raw.problem.empty()) return row_;
        const auto text = decoder_.decode(raw.text);
        if (!text) {
            row_.problem = decoder_.problem();
            return row_;
        }
        for (std::size_t start = 0; start < text->size();) {
            const std::size_t end = text->find('\0', start);
            row_.cells.push_back(text->substr(start, end - start));
            start = end + 1;
        }
        return row_;
    }

    CsvParser parser_;
    TextDecoder decoder_;
    ImportRow row_;
};

class JsonLinesReader final : public RowReader {
 public:
    explicit JsonLinesReader(const RowSource& source)
        : decoder_(source.encoding), offset_(source.offset), line_(source.line) {}

    bool feed(std::string_view bytes, OnRow on_row) override {
        while (!bytes.empty()) {
            const std::size_t end = bytes.find('\n');
            const std::string_view piece = bytes.substr(0, end);
            const std::size_t taken = std::min(piece.size() + 1, bytes.size());
            offset_ += taken;
            bytes.remove_prefix(taken);
            keep(piece);
            if (end == std::string_view::npos) return true;
            ++line_;
            if (!finish_line(line_ - 1, on_row)) return false;
        }
        return true;
    }
    bool finish(OnRow on_row) override { return finish_line(line_, on_row); }

 private:
    // Past the limit by one byte is enough to know.
    void keep(std::string_view piece) {
        const std::size_t room = kMaxRowBytes + 1 - std::min(text_.size(), kMaxRowBytes + 1);
        text_.append(piece.substr(0, room));
    }

    bool finish_line(std::uint64_t line, OnRow& on_row) {
        if (text_.find_first_not_of(" \t\r") == std::string::npos) {
            text_.clear();
            return true;
        }
        row_.line = line;
        row_.end = offset_;
        row_.end_line = line_;
        read();
        const bool go_on = on_row(row_);
        text_.clear();
        return go_on;
    }

    void read() {
        row_.names.clear();
        row_.cells.clear();
        row_.problem = {};
        if (text_.size() > kMaxRowBytes) {
            row_.problem = "the row is longer than 1 MiB";
            return;
        }
        const auto text = decoder_.decode(text_);
        row_.problem = text ? members_.parse(*text) : decoder_.problem();
        if (!row_.problem.empty()) return;
        for (const FlatJson::Member& member : members_.members()) {
            row_.names.push_back(member.name);
            row_.cells.push_back(member.value);
        }
    }

    TextDecoder decoder_;
    FlatJson members_;
    std::uint64_t offset_;
    std::uint64_t line_;
    std::string text_;
    ImportRow row_;
};

}  // namespace

std::unique_ptr<RowReader> RowReader::make(const RowSource& source) {
    if (source.jsonl) return std::make_unique<JsonLinesReader>(source);
    return std::make_unique<CsvReader>(source);
}

}  // namespace cloister::records
