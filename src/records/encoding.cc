#include "records/encoding.h"

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "base/bytes.h"

namespace cloister::records {
namespace {

const auto kNoConverter = reinterpret_cast<::iconv_t>(-1);  // what iconv_open gives when it fails

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Without a character that the end of the piece cut off: at most three bytes.
std::string_view without_cut_character(std::string_view text) {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte >= 0xc0)
            return is_valid_utf8(text.substr(text.size() - back)) ? text : text.substr(0, text.size() - back);
        if (byte < 0x80) break;
    }
    return text;
}

// Ill-formed lines against lines that are well-formed and hold more than ASCII. Chance makes few GB18030 lines look
// like UTF-8.
bool mostly_ill_formed(std::string_view text) {
    std::size_t ill = 0;
    std::size_t well = 0;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        if (!is_valid_utf8(line))
            ++ill;
        else if (!is_ascii(line))
            ++well;
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return ill > well;
}

}  // namespace

std::string_view to_string(Encoding encoding) { return encoding == Encoding::utf8 ? "utf-8" : "gb18030"; }

std::optional<Encoding> parse_encoding(std::string_view name) {
    if (name == "utf-8") return Encoding::utf8;
    if (name == "gb18030") return Encoding::gb18030;
    return std::nullopt;
}

Result<Detected> detect_encoding(std::string_view beginning, bool whole) {
    if (beginning.starts_with("\xff\xfe") || beginning.starts_with("\xfe\xff"))
        return Error(ErrorCode::unsupported, "the file is UTF-16; save it as UTF-8 or GB18030");
    if (beginning.starts_with("\xef\xbb\xbf")) return Detected{Encoding::utf8, 3};
    if (is_valid_utf8(whole ? beginning : without_cut_character(beginning))) return Detected{};
    // Whole lines only: where a GB18030 character ends cannot be told from the last bytes.
    const std::string_view lines = whole ? beginning : beginning.substr(0, beginning.find_last_of('\n') + 1);
    TextDecoder decoder(Encoding::gb18030);
    if (mostly_ill_formed(lines) && decoder.decode(lines)) return Detected{Encoding::gb18030, 0};
    return Detected{};
}

TextDecoder::TextDecoder(Encoding encoding) : encoding_(encoding) {
    if (encoding != Encoding::gb18030) return;
    converter_ = ::iconv_open("UTF-8", "GB18030");
    CLOISTER_ASSERT(converter_ != kNoConverter);  // part of the C library's data files
}

TextDecoder::~TextDecoder() {
    if (converter_ != nullptr) ::iconv_close(converter_);
}

std::optional<std::string_view> TextDecoder::decode(std::string_view bytes) {
    if (encoding_ == Encoding::utf8) return is_valid_utf8(bytes) ? std::optional(bytes) : std::nullopt;
    converted_.resize(bytes.size() * 2 + 4);  // two bytes become at most three, four become at most four
    ::iconv(converter_, nullptr, nullptr, nullptr, nullptr);
    char* in = const_cast<char*>(bytes.data());  // iconv does not write to it
    char* out = converted_.data();
    std::size_t in_left = bytes.size();
    std::size_t out_left = converted_.size();
    if (::iconv(converter_, &in, &in_left, &out, &out_left) == static_cast<std::size_t>(-1)) return std::nullopt;
    return std::string_view(converted_.data(), converted_.size() - out_left);
}

std::string_view TextDecoder::problem() const {
    return encoding_ == Encoding::utf8 ? "not well-formed UTF-8" : "not well-formed GB18030";
}

}  // namespace cloister::records
