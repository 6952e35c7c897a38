// Folding. Imports run every value through fold_text, so pure ASCII never reaches ICU, and neither do the code points
// that normalisation is known to leave alone (most names and addresses in Chinese or a Latin script).
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "datatypes/datatype.h"
#include "datatypes/text_tools.h"

namespace cloister::datatypes {
namespace internal {
namespace {

bool is_blank(char32_t c) {
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}
bool is_control(char32_t c) { return (c < 0x20 && !(c >= 9 && c <= 13)) || (c >= 0x7F && c < 0xA0 && c != 0x85); }
bool is_bidi_control(char32_t c) {
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x206F);
}
// Shows nothing, yet makes two equal words differ.
bool is_invisible(char32_t c) {
    return is_bidi_control(c) || (c >= 0x200B && c <= 0x200D) || (c >= 0x2060 && c <= 0x2065) || c == 0xFEFF ||
           c == 0x00AD || c == 0x180E || (c >= 0xE0000 && c <= 0xE007F);
}
// NFKC neither changes this code point nor composes it with a neighbour that is also settled.
bool is_settled(char32_t c) {
    if (c < 0x80) return true;
    if (c >= 0x4E00 && c <= 0x9FFF) return true;
    if (c >= 0x00C0 && c <= 0x017E) return c != 0x132 && c != 0x133 && c != 0x13F && c != 0x140 && c != 0x149;
    return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) || c == 0xB7 || c == 0x3001 || c == 0x3002;
}
char32_t unify(char32_t c) {
    if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212) return '-';
    if (c == 0x2022 || c == 0x2027 || c == 0x30FB) return 0xB7;
    return c;
}

void normalise_with_icu(std::string& text, bool compatibility) {
    UErrorCode status = U_ZERO_ERROR;
    const auto* normalizer =
        compatibility ? icu::Normalizer2::getNFKCInstance(status) : icu::Normalizer2::getNFCInstance(status);
    CLOISTER_ASSERT(U_SUCCESS(status));
    const icu::StringPiece piece(text.data(), static_cast<std::int32_t>(text.size()));
    if (normalizer->isNormalizedUTF8(piece, status) && U_SUCCESS(status)) return;
    status = U_ZERO_ERROR;
    std::string out;
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
    normalizer->normalizeUTF8(0, piece, sink, nullptr, status);
    CLOISTER_ASSERT(U_SUCCESS(status));
    text = std::move(out);
}

// Blanks become single spaces, none at the ends; dashes and dots become one kind.
std::string tidy(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool pending = false;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (is_blank(c)) {
            pending = !out.empty();
            continue;
        }
        if (pending) out.push_back(' ');
        pending = false;
        append_code_point(out, unify(c));
    }
    return out;
}

enum class Ascii { clean, untidy, control, no };

// One pass: is it ASCII, and does tidy() have anything to do?
Ascii classify(std::string_view text) {
    bool untidy = false;
    bool control = false;
    char before = ' ';
    for (const char c : text) {
        if (static_cast<signed char>(c) < 0) return Ascii::no;
        if (c <= ' ') {
            untidy |= c != ' ' || before == ' ';
            control |= c < 9 || (c > 13 && c != ' ');
        }
        control |= c == 0x7F;
        before = c;
    }
    if (control) return Ascii::control;
    return untidy || (before == ' ' && !text.empty()) ? Ascii::untidy : Ascii::clean;
}

Error control_character() { return Error(ErrorCode::invalid_argument, "contains a control character"); }
Error ill_formed() { return Error(ErrorCode::invalid_argument, "is not well-formed UTF-8"); }

constexpr std::size_t kMaxInput = std::size_t{1} << 26;  // ICU counts in 32 bits; no field comes near

}  // namespace

bool is_ascii(std::string_view text) {
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, 8);
        if ((word & 0x8080808080808080ULL) != 0) return false;
    }
    for (; i < text.size(); ++i)
        if (static_cast<signed char>(text[i]) < 0) return false;
    return true;
}
bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }
bool all_alnum(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_alnum); }

char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) & 0x3Fu : 0u;  // total, even for broken text
    };
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) return static_cast<char32_t>(text[at++]);
    char32_t c = 0;
    std::size_t length = 2;
    if (lead < 0xE0) {
        c = ((lead & 0x1Fu) << 6) | byte(at + 1);
    } else if (lead < 0xF0) {
        length = 3;
        c = ((lead & 0x0Fu) << 12) | (byte(at + 1) << 6) | byte(at + 2);
    } else {
        length = 4;
        c = ((lead & 0x07u) << 18) | (byte(at + 1) << 12) | (byte(at + 2) << 6) | byte(at + 3);
    }
    at = std::min(at + length, text.size());
    return c;
}

void append_code_point(std::string& to, char32_t c) {
    const auto put = [&](char32_t byte) { to.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

std::u32string to_code_points(std::string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) out.push_back(next_code_point(text, at));
    return out;
}
std::string to_utf8(std::u32string_view code_points) {
    std::string out;
    out.reserve(code_points.size() * 3);
    for (const char32_t c : code_points) append_code_point(out, c);
    return out;
}

bool is_han(char32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x323AF) ||
           (c >= 0xF900 && c <= 0xFAFF) || c == 0x3007;
}

std::string upper_ascii(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

std::string lower_text(std::string_view text) {
    if (is_ascii(text)) {
        std::string out(text);
        for (char& c : out)
            if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
        return out;
    }
    std::string out;
    out.reserve(text.size());
    bool settled = true;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        const auto lower = static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
        settled = settled && is_settled(lower);
        append_code_point(out, lower);
    }
    if (!settled) normalise_with_icu(out, true);  // a lower-case letter may compose where its capital did not
    return out;
}

Result<std::string> fold_prose(std::string_view input) {
    if (input.size() > kMaxInput) return Error(ErrorCode::too_large, "is too long");
    if (!is_ascii(input) && !is_valid_utf8(input)) return ill_formed();
    std::string kept;
    kept.reserve(input.size());
    bool settled = true;
    for (std::size_t at = 0; at < input.size();) {
        char32_t c = next_code_point(input, at);
        if (c == '\r') {
            if (at < input.size() && input[at] == '\n') continue;
            c = '\n';
        }
        if (is_control(c) || c == 0x0B || c == 0x0C) return control_character();
        if (is_bidi_control(c) || c == 0xFEFF || c == 0x200B) continue;
        settled = settled && is_settled(c);
        append_code_point(kept, c);
    }
    if (!settled) normalise_with_icu(kept, false);
    const auto first = kept.find_first_not_of(" \t\n");
    if (first == std::string::npos) return std::string();
    return kept.substr(first, kept.find_last_not_of(" \t\n") + 1 - first);
}

bool is_placeholder(std::string_view folded) {
    static constexpr std::string_view kWords[] = {"-",       "--", "null", "n/a",  "na",   "none", "nil",
                                                  "unknown", "无", "無",   "不详", "未知", "暂无", "没有"};
    if (folded.size() > 10) return false;
    const std::string lower = lower_text(folded);
    return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
}

}  // namespace internal

Result<std::string> fold_text(std::string_view input) {
    using namespace internal;
    switch (classify(input)) {
        case Ascii::clean: return std::string(input);
        case Ascii::untidy: return tidy(input);
        case Ascii::control: return control_character();
        case Ascii::no: break;
    }
    if (input.size() > kMaxInput) return Error(ErrorCode::too_large, "is too long");
    if (!is_valid_utf8(input)) return ill_formed();
    std::string kept;
    kept.reserve(input.size());
    bool settled = true;
    for (std::size_t at = 0; at < input.size();) {
        const char32_t c = next_code_point(input, at);
        if (is_control(c)) return control_character();
        if (is_invisible(c)) continue;
        settled = settled && is_settled(c);
        append_code_point(kept, c);
    }
    if (!settled) normalise_with_icu(kept, true);
    return tidy(kept);
}

std::string fold_for_index(std::string_view folded) {
    using namespace internal;
    if (is_ascii(folded)) return lower_text(folded);
    if (!is_valid_utf8(folded)) return {};
    std::string out;
    out.reserve(folded.size());
    for (std::size_t at = 0; at < folded.size();) append_code_point(out, simplified(next_code_point(folded, at)));
    return lower_text(out);
}

std::size_t count_code_points(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string first_code_points(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    while (count-- > 0 && at < text.size()) internal::next_code_point(text, at);
    return std::string(text.substr(0, at));
}

std::string last_code_points(std::string_view text, std::size_t count) {
    std::size_t at = text.size();
    while (count > 0 && at > 0) {
        --at;
        if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) --count;
    }
    return std::string(text.substr(at));
}

std::vector<std::string> ngrams(std::string_view normalised, std::size_t count) {
    std::vector<std::size_t> starts;
    for (std::size_t at = 0; at < normalised.size(); internal::next_code_point(normalised, at)) starts.push_back(at);
    starts.push_back(normalised.size());
    std::vector<std::string> out;
    if (count == 0 || starts.size() <= count) return out;
    out.reserve(starts.size() - count);
    for (std::size_t i = 0; i + count < starts.size(); ++i)
        out.emplace_back(normalised.substr(starts[i], starts[i + count] - starts[i]));
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace cloister::datatypes
