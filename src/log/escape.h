// How one line of the log is written, without its time and level. Private to log.
#pragma once

#include <string>
#include <string_view>

#include "log/log.h"

namespace cloister::log {

// Text in double quotes, as JSON: control characters (C0, DEL, C1), quotes and backslashes are escaped, bytes that are
// not UTF-8 become '?', and text beyond kMaxTextBytes is cut at a character and ends in "...".
std::string quote(std::string_view text);
// `"message":"...","name":value,...`; a number that JSON cannot say (not finite) is null.
std::string json_members(Message message, Fields fields);
// `message name=value ...`; text of letters, digits and -_./:@ stands without quotes.
std::string console_text(Message message, Fields fields);

}  // namespace cloister::log
