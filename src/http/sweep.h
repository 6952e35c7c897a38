// For tests: lets the time-outs of a server happen without waiting for them.
#pragma once

#include <chrono>

#include "http/server.h"

namespace cloister::http {

// Runs the sweep that normally happens every second, as if it were `now`. Must not be called from a handler.
void sweep_as_if(Server& server, std::chrono::steady_clock::time_point now);

}  // namespace cloister::http
