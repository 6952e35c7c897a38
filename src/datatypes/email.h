// E-mail addresses: the part of RFC 5321 and 5322 that is in use, with internationalised local parts (RFC 6531) and
// domains (IDNA, UTS 46).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloister::datatypes::internal {

// The domain comes out in lower case and as ASCII; the local part as written.
Result<std::string> email(std::string_view input);
std::string email_key(std::string_view canonical);  // local part in lower case
std::string email_domain(std::string_view canonical);
std::string mask_email(std::string_view canonical);

}  // namespace cloister::datatypes::internal
