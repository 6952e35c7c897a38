// Images inside a field, as base64.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

// Base64 of a JPEG, PNG, GIF or WebP file of at most 1 MiB, told by its first bytes. One that carries EXIF data (place,
// time, device) is refused: whoever sends it must take that out first.
Result<std::string> image(std::string_view input);
// Base64 of 1 to 64 KiB, for templates of biometric systems.
Result<std::string> template_bytes(std::string_view input);

}  // namespace cloister::datatypes::internal
