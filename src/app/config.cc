#include "app/config.h"

#include <toml++/toml.h>

#include <charconv>
#include <sstream>

#include "base/text.h"

namespace cloister::app {
namespace {

// The known keys, section by section; the one list that reading, and messages about unknown keys, go by.
const std::vector<std::pair<std::string, std::vector<std::string>>>& known_keys() {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> kKnown = {
        {"vault", {"id", "name"}},
        {"root_key", {"passphrase_file", "key_file", "systemd_credential"}},
        {"server",
         {"listen", "metrics_listen", "threads", "workers", "certificate", "certificate_key", "allow_tls12",
          "body_limit_bytes", "connections_limit", "connections_per_address", "drain_seconds"}},
        {"keys", {"cached_customers"}},
        {"log", {"level", "format"}},
    };
    return kKnown;
}

class Reader {
 public:
    Reader(const toml::table& root, std::string file) : root_(root), file_(std::move(file)) {}

    Result<void> check_keys() const {
        std::vector<std::string> sections;
        for (const auto& [section, keys] : known_keys()) sections.push_back(section);
        for (const auto& [name, node] : root_) {
            const auto found = std::find_if(known_keys().begin(), known_keys().end(),
                                            [&n = name](const auto& known) { return known.first == n.str(); });
            if (found == known_keys().end()) return unknown(node, std::string(name.str()), sections);
            const toml::table* table = node.as_table();
            if (table == nullptr) return bad(node, std::string(name.str()) + " must be a section");
            for (const auto& [key, value] : *table)
                if (std::find(found->second.begin(), found->second.end(), key.str()) == found->second.end())
                    return unknown(value, std::string(key.str()), found->second);
        }
        return {};
    }

    template <class T>
    Result<T> get(std::string_view section, std::string_view key, T fallback) const {
        const auto node = root_[section][key];
        if (!node) return fallback;
        const auto value = node.value<T>();
        if (!value) return bad(*node.node(), std::string(section) + "." + std::string(key) + " has the wrong type");
        return *value;
    }
    Result<std::int64_t> number(std::string_view section, std::string_view key, std::int64_t fallback, std::int64_t low,
                                std::int64_t high) const {
        CLOISTER_ASSIGN_OR_RETURN(const std::int64_t value, get<std::int64_t>(section, key, fallback));
        if (value < low || value > high)
            return Error(ErrorCode::invalid_argument, file_ + ": " + std::string(section) + "." + std::string(key) +
                                                          " must be from " + std::to_string(low) + " to " +
                                                          std::to_string(high));
        return value;
    }

 private:
    Error bad(const toml::node& node, const std::string& what) const {
        return Error(ErrorCode::invalid_argument, file_ + ":" + std::to_string(node.source().begin.line) + ": " + what);
    }
    Error unknown(const toml::node& node, const std::string& key, const std::vector<std::string>& known) const {
        const std::string close = nearest(key, known);
        return bad(node, "unknown key \"" + key + "\"" + (close.empty() ? "" : ", did you mean \"" + close + "\"?"));
    }
    const toml::table& root_;
    std::string file_;
};

Result<keys::RootKeySource> read_root_key(const Reader& reader, const std::filesystem::path& data) {
    keys::RootKeySource source;
    int given = 0;
    const std::pair<const char*, keys::RootKeySource::Kind> kinds[] = {
        {"passphrase_file", keys::RootKeySource::Kind::passphrase_file},
        {"key_file", keys::RootKeySource::Kind::key_file},
        {"systemd_credential", keys::RootKeySource::Kind::systemd_credential}};
    for (const auto& [key, kind] : kinds) {
        CLOISTER_ASSIGN_OR_RETURN(const std::string value, reader.get<std::string>("root_key", key, ""));
        if (value.empty()) continue;
        ++given;
        source.kind = kind;
        source.file =
            kind == keys::RootKeySource::Kind::systemd_credential ? std::filesystem::path(value) : data / value;
    }
    if (given != 1)
        return Error(ErrorCode::invalid_argument,
                     "cloister.toml: [root_key] needs exactly one of passphrase_file, key_file, systemd_credential");
    return source;
}

}  // namespace

Result<Config> load_config(const std::filesystem::path& data) {
    const std::filesystem::path file = data / "cloister.toml";
    std::error_code ec;
    if (!std::filesystem::exists(file, ec))
        return Error(ErrorCode::not_found,
                     data.string() +
                         " is not a Cloister data directory (no cloister.toml). Make one with: cloister init --data " +
                         data.string());
    toml::table root;
    try {
        root = toml::parse_file(file.string());
    } catch (const toml::parse_error& e) {
        return Error(ErrorCode::invalid_argument,
                     file.string() + ":" + std::to_string(e.source().begin.line) + ": " + std::string(e.description()));
    }
    const Reader reader(root, file.string());
    CLOISTER_RETURN_IF_ERROR(reader.check_keys());
    Config c;
    CLOISTER_ASSIGN_OR_RETURN(const std::string id, reader.get<std::string>("vault", "id", ""));
    const auto vault = VaultId::parse(id);
    if (!vault) return vault.error().within(file.string() + ": vault.id");
    c.vault = *vault;
    CLOISTER_ASSIGN_OR_RETURN(c.vault_name, reader.get<std::string>("vault", "name", "main"));
    CLOISTER_ASSIGN_OR_RETURN(c.root_key, read_root_key(reader, data));
    CLOISTER_ASSIGN_OR_RETURN(c.listen, reader.get<std::string>("server", "listen", c.listen));
    CLOISTER_ASSIGN_OR_RETURN(c.metrics_listen, reader.get<std::string>("server", "metrics_listen", c.metrics_listen));
    CLOISTER_ASSIGN_OR_RETURN(const auto threads, reader.number("server", "threads", c.threads, 1, 256));
    CLOISTER_ASSIGN_OR_RETURN(const auto workers, reader.number("server", "workers", c.workers, 1, 256));
    c.threads = static_cast<unsigned>(threads);
    c.workers = static_cast<unsigned>(workers);
    CLOISTER_ASSIGN_OR_RETURN(const std::string certificate,
                              reader.get<std::string>("server", "certificate", "tls/certificate.pem"));
    CLOISTER_ASSIGN_OR_RETURN(const std::string key,
                              reader.get<std::string>("server", "certificate_key", "tls/key.pem"));
    c.certificate = data / certificate;
    c.certificate_key = data / key;
    CLOISTER_ASSIGN_OR_RETURN(c.allow_tls12, reader.get<bool>("server", "allow_tls12", false));
    CLOISTER_ASSIGN_OR_RETURN(const auto body,
                              reader.number("server", "body_limit_bytes", 16 << 20, 64 << 10, 256 << 20));
    CLOISTER_ASSIGN_OR_RETURN(const auto connections,
                              reader.number("server", "connections_limit", 10'000, 1, 1'000'000));
    CLOISTER_ASSIGN_OR_RETURN(const auto per_address,
                              reader.number("server", "connections_per_address", 1'000, 1, 1'000'000));
    CLOISTER_ASSIGN_OR_RETURN(const auto drain, reader.number("server", "drain_seconds", 30, 0, 3'600));
    c.body_limit_bytes = static_cast<std::size_t>(body);
    c.connections_limit = static_cast<std::size_t>(connections);
    c.connections_per_address = static_cast<std::size_t>(per_address);
    c.drain_timeout = std::chrono::seconds(drain);
    CLOISTER_ASSIGN_OR_RETURN(const auto cached, reader.number("keys", "cached_customers", 20'000, 16, 10'000'000));
    c.cached_customers = static_cast<std::size_t>(cached);
    CLOISTER_ASSIGN_OR_RETURN(const std::string level, reader.get<std::string>("log", "level", "info"));
    CLOISTER_ASSIGN_OR_RETURN(c.log_level, log::parse_level(level));
    CLOISTER_ASSIGN_OR_RETURN(const std::string format, reader.get<std::string>("log", "format", "console"));
    if (format != "console" && format != "json")
        return Error(ErrorCode::invalid_argument, file.string() + ": log.format is console or json");
    c.log_format = format == "json" ? log::Format::json : log::Format::console;
    return c;
}

std::string new_config_text(VaultId vault, const std::string& vault_name) {
    return R"(# Cloister configuration. Every key with its default is described in docs/configuration.md.

[vault]
id = ")" + vault.to_string() +
           R"("
name = ")" +
           vault_name +
           R"("

[root_key]
# The root key wraps all other keys. Keep this file apart from the data and its backups: whoever has both has everything,
# and without it nothing can be read.
passphrase_file = "passphrase"
# key_file = "/etc/cloister/root.key"
# systemd_credential = "cloister-root-key"

[server]
listen = "127.0.0.1:8443"
metrics_listen = "127.0.0.1:9443"
certificate = "tls/certificate.pem"
certificate_key = "tls/key.pem"

[log]
level = "info"
format = "console"
)";
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const Error bad(ErrorCode::invalid_argument, "an address is written like 127.0.0.1:8443 or [::1]:8443");
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return bad;
    Endpoint endpoint;
    std::string_view address = text.substr(0, colon);
    if (address.size() > 2 && address.front() == '[' && address.back() == ']')
        address = address.substr(1, address.size() - 2);
    const std::string_view port = text.substr(colon + 1);
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (ec != std::errc() || end != port.data() + port.size() || address.empty()) return bad;
    endpoint.address = address;
    return endpoint;
}

}  // namespace cloister::app
