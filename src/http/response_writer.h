// How answers look on the wire: one buffer, formatted once, written once.
//
// Threads  A ResponseWriter belongs to one io thread (it keeps the text of the Date header for a second).
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "http/server.h"

namespace cloister::http {

// The reason phrase of RFC 9110, or "Error".
std::string_view reason_phrase(int status);

// An answer without details (RFC 9457), for what goes wrong before or beside a handler.
Response plain_problem(int status);

// Could this be written without breaking the framing? The status is final (200-599), header names are tokens and values
// have no CR, LF or NUL.
bool is_well_formed(const Response& response);

struct ResponseContext {
    bool is_head = false;  // the headers of the answer without its body
    bool close = false;
    bool tls = false;
};

class ResponseWriter {
 public:
    // Requires a well-formed response. Framing headers (Content-Length, Transfer-Encoding, Connection, Date) are ours:
    // a handler's are left out.
    void append(std::string& to, const Response& response, const ResponseContext& context);

 private:
    std::string_view date();

    std::time_t date_second_ = -1;
    char date_[40] = {};
    std::size_t date_length_ = 0;
};

}  // namespace cloister::http
