// The encoding of an imported file: UTF-8, or GB18030 as Chinese spreadsheet programs write it.
//
// Threads  A TextDecoder belongs to one thread.
#pragma once

#include <iconv.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::records {

enum class Encoding { utf8, gb18030 };
std::string_view to_string(Encoding encoding);
std::optional<Encoding> parse_encoding(std::string_view name);

constexpr std::size_t kDetectBytes = 64u << 10;

struct Detected {
    Encoding encoding = Encoding::utf8;
    std::size_t skip = 0;  // bytes of a byte order mark
};
// Looks at the beginning of a file. Well-formed UTF-8 is UTF-8; else GB18030, if more lines are ill-formed than are
// well-formed beyond ASCII and everything decodes as it; else UTF-8, whose ill-formed rows will be rejected one by one.
// `whole`: the piece does not end in the middle of a character. unsupported for UTF-16.
Result<Detected> detect_encoding(std::string_view beginning, bool whole);

class TextDecoder {
 public:
    explicit TextDecoder(Encoding encoding);
    ~TextDecoder();
    TextDecoder(const TextDecoder&) = delete;
    TextDecoder& operator=(const TextDecoder&) = delete;

    // The text in UTF-8, valid until the next call; nothing when it is ill-formed.
    std::optional<std::string_view> decode(std::string_view bytes);
    // Fixed words for a row that is.
    std::string_view problem() const;

 private:
    Encoding encoding_;
    ::iconv_t converter_ = nullptr;
    std::string converted_;
};

}  // namespace cloister::records
