#include "app/metrics.h"

#include <unistd.h>

#include <fstream>

#include "crypto/secret.h"

namespace cloister::app {
namespace {

void line(std::string& out, std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
    const std::string full = "cloister_" + std::string(name);
    out += "# HELP " + full + " " + std::string(help) + "\n# TYPE " + full + " " + std::string(type) + "\n" + full +
           " " + std::to_string(value) + "\n";
}

std::uint64_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

http::Response text(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(body);
    return response;
}

}  // namespace

http::Response Metrics::answer(const http::Request& request) const {
    if (request.method != "GET" && request.method != "HEAD") return text(405, "only GET\n");
    if (request.path == "/healthz") return vault_.audit.fatal() ? text(500, "audit log damaged\n") : text(200, "ok\n");
    if (request.path == "/readyz") {
        if (draining_) return text(503, "stopping\n");
        if (!vault_.audit.writable()) return text(503, "audit log not writable\n");
        return text(200, vault_.data.writable() ? "ok\n" : "ok, reads only: no writes are possible now\n");
    }
    if (request.path != "/metrics") return text(404, "paths: /healthz /readyz /metrics\n");
    std::string out;
    const http::ServerCounters s = server_.counters();
    const store::Counters d = vault_.data.counters();
    line(out, "connections_open", "gauge", "Open client connections", s.connections_open);
    line(out, "connections_total", "counter", "Client connections accepted", s.connections_total);
    line(out, "connections_refused_total", "counter", "Client connections refused by limits", s.connections_refused);
    line(out, "requests_total", "counter", "Requests handled", s.requests);
    line(out, "bad_requests_total", "counter", "Requests refused before any handler", s.bad_requests);
    line(out, "tls_failures_total", "counter", "TLS handshakes that failed", s.tls_failures);
    line(out, "store_commits_total", "counter", "Commits of the data store", d.commits);
    line(out, "store_writes_total", "counter", "Writes committed", d.writes);
    line(out, "store_failed_writes_total", "counter", "Writes that failed or were refused", d.failed_writes);
    line(out, "store_queue_length", "gauge", "Writes waiting", d.queue_length);
    line(out, "store_writable", "gauge", "1 when the last write found room", vault_.data.writable() ? 1 : 0);
    line(out, "audit_entries", "gauge", "Entries in the audit log", vault_.audit.size());
    line(out, "audit_writable", "gauge", "1 when the audit log can be written", vault_.audit.writable() ? 1 : 0);
    line(out, "keys_cached_customers", "gauge", "Customers whose keys are open in memory",
         vault_.keys.cached_customers());
    line(out, "secret_memory_locked", "gauge", "1 when all key memory is locked",
         crypto::secret_memory_locked() ? 1 : 0);
    line(out, "resident_memory_bytes", "gauge", "Resident memory", resident_bytes());
    http::Response response = text(200, std::move(out));
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
}

}  // namespace cloister::app
