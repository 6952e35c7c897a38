#include "log/escape.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/bytes.h"

namespace cloister::log {
namespace {

std::string_view cut_at_character(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    std::size_t end = max_bytes;
    for (int i = 0; i < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80; ++i) --end;
    return text.substr(0, end);
}

void append_escape(std::string& to, unsigned code) { to += fmt::format("\\u{:04x}", code); }

// Is text[i] the first byte of U+0080 ... U+009F? Terminals obey these as they obey ESC.
bool is_c1_control(std::string_view text, std::size_t i) {
    return static_cast<unsigned char>(text[i]) == 0xC2 && i + 1 < text.size() &&
           static_cast<unsigned char>(text[i + 1]) < 0xA0;
}

bool is_plain(std::string_view text) {
    return !text.empty() && text.size() <= kMaxTextBytes && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_./:@").find(c) != std::string_view::npos;
    });
}

std::string to_text(const Value& value) {
    return std::visit(
        [](const auto& held) -> std::string {
            using T = std::remove_cvref_t<decltype(held)>;
            if constexpr (std::is_same_v<T, std::string_view>) return quote(held);
            if constexpr (std::is_same_v<T, double>)
                if (!std::isfinite(held)) return "null";
            return fmt::format("{}", held);
        },
        value.held());
}

}  // namespace

std::string quote(std::string_view text) {
    const std::string_view shown = cut_at_character(text, kMaxTextBytes);
    const bool utf8 = is_valid_utf8(shown);
    std::string out = "\"";
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const auto c = static_cast<unsigned char>(shown[i]);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += shown[i];
        } else if (c < 0x20 || c == 0x7F) {
            append_escape(out, c);
        } else if (!utf8 && c >= 0x80) {
            out += '?';
        } else if (is_c1_control(shown, i)) {
            append_escape(out, static_cast<unsigned char>(shown[++i]));
        } else {
            out += shown[i];
        }
    }
    if (shown.size() < text.size()) out += "...";
    return out += '"';
}

std::string json_members(Message message, Fields fields) {
    std::string out = "\"message\":" + quote(message.text());
    for (const Field& field : fields) out += fmt::format(",\"{}\":{}", field.name.text(), to_text(field.value));
    return out;
}

std::string console_text(Message message, Fields fields) {
    std::string out(message.text());
    for (const Field& field : fields) {
        const auto* const text = std::get_if<std::string_view>(&field.value.held());
        const bool plain = text != nullptr && is_plain(*text);
        out += fmt::format(" {}={}", field.name.text(), plain ? std::string(*text) : to_text(field.value));
    }
    return out;
}

}  // namespace cloister::log
