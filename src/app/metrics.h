// Health and metrics for the operator: /healthz, /readyz, /metrics (Prometheus text). Counts only, nothing personal.
#pragma once

#include <atomic>

#include "api/vault.h"
#include "http/server.h"

namespace cloister::app {

// Threads  Any thread.
class Metrics {
 public:
    Metrics(const api::Vault& vault, const http::Server& server) : vault_(vault), server_(server) {}
    http::Response answer(const http::Request& request) const;
    void set_draining() { draining_ = true; }

 private:
    const api::Vault& vault_;
    const http::Server& server_;
    std::atomic<bool> draining_{false};
};

}  // namespace cloister::app
