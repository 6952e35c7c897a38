// What both baseline servers share: the product's own network layer with a handler of a few lines, until SIGTERM.
//
// Arguments  --certificate FILE --key FILE --threads N. Prints the port and a line end once it listens.
#pragma once

#include <csignal>
#include <cstdio>

#include "arguments.h"
#include "http/server.h"

namespace cloister::bench {

inline int serve(const Arguments& arguments, http::Handler handler) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, nullptr);
    http::ServerOptions options;
    options.threads = static_cast<unsigned>(arguments.number("--threads"));
    options.tls.certificate_file = arguments.text("--certificate");
    options.tls.key_file = arguments.text("--key");
    const auto server = http::Server::start(options, std::move(handler));
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().detail().c_str());
        return 3;
    }
    std::printf("%u\n", unsigned{(*server)->port()});
    std::fflush(stdout);
    int signal = 0;
    sigwait(&stop, &signal);
    (*server)->drain(std::chrono::milliseconds(100));
    return 0;
}

}  // namespace cloister::bench
