// `cloister serve`: the vault behind HTTPS, health and metrics on a loopback port beside it.
#include <csignal>
#include <cstdio>

#include "api/rotation.h"
#include "api/route.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/metrics.h"
#include "app/vault.h"
#include "app/workers.h"
#include "http/server.h"
#include "log/log.h"

namespace cloister::app {
namespace {

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1" || address == "localhost";
}

// Blocks the signals in every thread made after it; wait() takes the first that comes.
class StopSignals {
 public:
    StopSignals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    }
    // The signal, or 0 after a second.
    int wait() const {
        const timespec second{1, 0};
        const int signal = sigtimedwait(&set_, nullptr, &second);
        return signal > 0 ? signal : 0;
    }

 private:
    sigset_t set_;
};

}  // namespace

Result<int> run_serve(const ServeOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(Config config, load_config(options.data));
    if (!options.listen.empty()) config.listen = options.listen;
    if (!options.metrics.empty()) config.metrics_listen = options.metrics == "off" ? "" : options.metrics;
    log::init({.level = config.log_level, .format = config.log_format});
    CLOISTER_ASSIGN_OR_RETURN(const Endpoint endpoint, parse_endpoint(config.listen));
    const StopSignals signals;
    CLOISTER_ASSIGN_OR_RETURN(const auto vault, Vault::open(options.data, config));

    Workers workers(config.workers);
    const api::Api api(vault->parts(),
                       [&workers](UniqueFunction<void()> work) { return workers.post(std::move(work)); });
    http::ServerOptions server_options{.address = endpoint.address, .port = endpoint.port, .threads = config.threads};
    server_options.tls = {
        .certificate_file = config.certificate, .key_file = config.certificate_key, .allow_tls12 = config.allow_tls12};
    server_options.body_limit_bytes = config.body_limit_bytes;
    server_options.connections_limit = config.connections_limit;
    server_options.connections_per_address = config.connections_per_address;
    CLOISTER_ASSIGN_OR_RETURN(const auto server, http::Server::start(server_options, [&api](http::Request request,
                                                                                            http::Responder responder) {
                                  api(std::move(request), std::move(responder));
                              }));
    Metrics metrics(vault->parts(), *server);
    std::unique_ptr<http::Server> side;
    if (!config.metrics_listen.empty()) {
        CLOISTER_ASSIGN_OR_RETURN(const Endpoint at, parse_endpoint(config.metrics_listen));
        if (!is_loopback(at.address))
            return Error(ErrorCode::invalid_argument,
                         "metrics_listen must be a loopback address: it has no TLS and no tokens");
        auto started = http::Server::start(
            {.address = at.address, .port = at.port, .threads = 1},
            [&metrics](http::Request request, http::Responder responder) { responder.send(metrics.answer(request)); });
        if (started)
            side = std::move(*started);
        else
            log::warn("health and metrics are off", {{"why", started.error().detail()}});
    }
    log::info("serving",
              {{"address", endpoint.address}, {"port", std::uint64_t{server->port()}}, {"vault", config.vault_name}});
    if (const auto resumed = vault->parts().rotation.resume(); !resumed)
        log::warn("an interrupted rotation of the key-encryption key was not taken up",
                  {{"why", resumed.error().detail()}});
    else if (*resumed)
        log::info("going on with an interrupted rotation of the key-encryption key");
    int signal = 0;
    while (signal == 0) {
        signal = signals.wait();
        if (const auto fatal = vault->parts().audit.fatal()) {
            log::error("the audit log contradicts itself; stopping", {{"why", fatal->detail()}});
            server->drain(std::chrono::milliseconds(0));
            return *fatal;
        }
    }
    log::info("stopping: finishing what was begun");
    metrics.set_draining();
    server->drain(config.drain_timeout);
    if (side) side->drain(std::chrono::milliseconds(100));
    log::info("stopped");
    return 0;
}

}  // namespace cloister::app
