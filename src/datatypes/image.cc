#include "datatypes/image.h"

#include "base/bytes.h"
#include "base/text.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

constexpr std::size_t kMaxImage = std::size_t{1} << 20;
constexpr std::size_t kMaxTemplate = std::size_t{1} << 16;

Result<Bytes> decode(std::string_view text, std::size_t max) {
    if (text.size() > max / 3 * 4 + 4) return refused("is too long");
    auto bytes = base64_decode(text);
    if (!bytes || bytes->empty()) return refused("is not base64");
    if (bytes->size() > max) return refused("is too long");
    return bytes;
}

bool is_image(std::string_view file) {
    using namespace std::string_view_literals;
    return file.starts_with("\xFF\xD8\xFF"sv) || file.starts_with("\x89PNG\r\n\x1A\n"sv) ||
           file.starts_with("GIF87a"sv) || file.starts_with("GIF89a"sv) ||
           (file.starts_with("RIFF"sv) && file.substr(0, 12).ends_with("WEBP"sv));
}

bool has_exif(std::string_view file) {
    using namespace std::string_view_literals;
    return file.find("Exif\0\0"sv) != std::string_view::npos || file.find("eXIf"sv) != std::string_view::npos ||
           (file.starts_with("RIFF"sv) && file.find("EXIF"sv) != std::string_view::npos);
}

}  // namespace

Result<std::string> image(std::string_view input) {
    const std::string_view text = trim(input);
    CLOISTER_ASSIGN_OR_RETURN(const Bytes bytes, decode(text, kMaxImage));
    if (!is_image(as_text(bytes))) return refused("is not a JPEG, PNG, GIF or WebP image");
    if (has_exif(as_text(bytes))) return refused("carries EXIF data; remove it first");
    return std::string(text);
}

Result<std::string> template_bytes(std::string_view input) {
    const std::string_view text = trim(input);
    CLOISTER_ASSIGN_OR_RETURN(const Bytes bytes, decode(text, kMaxTemplate));
    return std::string(text);
}

}  // namespace cloister::datatypes::internal
