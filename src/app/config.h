// The configuration of a data directory: DATA/cloister.toml. Unknown keys are refused with the nearest known one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "keys/root_key.h"
#include "log/log.h"

namespace cloister::app {

struct Config {
    VaultId vault;
    std::string vault_name = "main";
    keys::RootKeySource root_key;

    std::string listen = "127.0.0.1:8443";
    std::string metrics_listen = "127.0.0.1:9443";  // loopback only; health and metrics without TLS; empty: off
    unsigned threads = 2;                           // of the network layer
    unsigned workers = 8;                           // for long and blocking work
    std::filesystem::path certificate;
    std::filesystem::path certificate_key;
    bool allow_tls12 = false;
    std::size_t body_limit_bytes = 16u << 20;
    std::size_t connections_limit = 10'000;
    std::size_t connections_per_address = 1'000;
    std::chrono::seconds drain_timeout{30};

    std::size_t cached_customers = 20'000;
    log::Level log_level = log::Level::info;
    log::Format log_format = log::Format::console;
};

// Paths in the file are relative to the data directory. invalid_argument names file, line and key.
Result<Config> load_config(const std::filesystem::path& data);
// The text of a new configuration file, with comments.
std::string new_config_text(VaultId vault, const std::string& vault_name);

// "127.0.0.1:8443" or "[::1]:8443". invalid_argument for others.
struct Endpoint {
    std::string address;
    std::uint16_t port = 0;
};
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace cloister::app
