#include "app/remote.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "app/commands.h"
#include "audit/merkle.h"
#include "base/text.h"
#include "http/client.h"

namespace cloister::app {
namespace {

namespace json = boost::json;

Error unreadable(std::string_view what) {
    return Error(ErrorCode::unavailable, "the server's answer cannot be read: " + std::string(what));
}

Result<std::vector<Digest>> hashes_of(std::string_view body) {
    boost::system::error_code ec;
    const json::value value = json::parse(body, ec);
    const json::object* object = ec ? nullptr : value.if_object();
    const json::value* proof = object == nullptr ? nullptr : object->if_contains("proof");
    if (proof == nullptr || !proof->is_array()) return unreadable("the consistency proof");
    std::vector<Digest> hashes;
    for (const json::value& item : proof->as_array()) {
        const auto bytes = item.is_string() ? base64_decode(item.as_string()) : Result<Bytes>(unreadable("a hash"));
        if (!bytes || bytes->size() != sizeof(Digest)) return unreadable("a hash of the consistency proof");
        std::copy(bytes->begin(), bytes->end(), hashes.emplace_back().begin());
    }
    return hashes;
}

std::string entries(std::uint64_t n) { return std::to_string(n) + (n == 1 ? " entry" : " entries"); }

// What is wrong between the two checkpoints, or nothing.
Result<std::optional<std::string>> contradiction(const FetchLog& fetch, const audit::Checkpoint& old,
                                                 const audit::Checkpoint& now) {
    using Problem = std::optional<std::string>;
    if (now.size < old.size)
        return Problem("the log has become shorter: " + entries(old.size) + " were remembered, the server has " +
                       entries(now.size));
    if (old.size == 0) return Problem();
    if (now.size == old.size)
        return now.root == old.root ? Problem() : Problem("another log of the same size stands in its place");
    CLOISTER_ASSIGN_OR_RETURN(const std::string body, fetch("consistency?from=" + std::to_string(old.size) +
                                                            "&to=" + std::to_string(now.size)));
    CLOISTER_ASSIGN_OR_RETURN(const std::vector<Digest> proof, hashes_of(body));
    if (audit::verify_consistency(old.size, now.size, proof, old.root, now.root)) return Problem();
    return Problem("the log does not begin with the " + entries(old.size) + " that were remembered");
}

Result<std::string> read_text(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return Error(ErrorCode::not_found, "cannot read " + file.string());
    return text.str();
}

FetchLog fetch_over_https(http::HttpsUrl url, http::ClientOptions options, std::string vault, std::string token) {
    return [url = std::move(url), options = std::move(options), vault = std::move(vault),
            token = std::move(token)](const std::string& what) -> Result<std::string> {
        CLOISTER_ASSIGN_OR_RETURN(const http::ClientAnswer answer,
                                  http::get(url, "/v1/vaults/" + vault + "/audit/log/" + what, token, options));
        if (answer.status == 200) return answer.body;
        boost::system::error_code ec;
        const json::value problem = json::parse(answer.body, ec);
        const json::value* detail = !ec && problem.is_object() ? problem.as_object().if_contains("detail") : nullptr;
        return Error(answer.status == 401 || answer.status == 403 ? ErrorCode::forbidden : ErrorCode::unavailable,
                     "the server answers " + std::to_string(answer.status) +
                         (detail != nullptr && detail->is_string() ? ": " + std::string(detail->as_string()) : ""));
    };
}

bool is_vault_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
}

void print(const RemoteVerification& found, bool as_json) {
    const std::string root = base64_encode(found.checkpoint.root);
    if (as_json) {
        json::array problems;
        for (const std::string& p : found.problems) problems.emplace_back(p);
        std::cout << json::serialize(json::object{{"good", found.problems.empty()},
                                                  {"origin", found.checkpoint.origin},
                                                  {"checkpoint_size", found.checkpoint.size},
                                                  {"root", root},
                                                  {"remembered_size", found.remembered_size},
                                                  {"problems", std::move(problems)},
                                                  {"proven", found.proven}})
                  << "\n";
        return;
    }
    std::cout << found.checkpoint.origin << ": checkpoint over " << entries(found.checkpoint.size) << ", root " << root
              << "\n";
    for (const std::string& problem : found.problems) std::cout << "  PROBLEM " << problem << "\n";
    if (!found.proven.empty()) std::cout << found.proven << "\n";
}

}  // namespace

Result<RemoteVerification> verify_remote_log(const FetchLog& fetch, const std::optional<std::string>& remembered) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string key_text, fetch("key"));
    CLOISTER_ASSIGN_OR_RETURN(const audit::VerifierKey key, audit::parse_verifier_key(trim(key_text)));
    RemoteVerification found;
    // Before the newest, which can only be later: a log that grows meanwhile does not look as if it had shrunk.
    std::optional<audit::Checkpoint> old;
    if (remembered) {
        auto opened = audit::open_checkpoint(*remembered, key);
        if (opened) {
            found.remembered_size = opened->size;
            old = std::move(*opened);
        } else if (opened.error().code() == ErrorCode::wrong_key) {
            found.problems.emplace_back(
                "the remembered checkpoint is signed by another key than the server's: it is another log, or somebody "
                "made the log anew");
        } else if (opened.error().code() == ErrorCode::corrupt) {
            found.problems.emplace_back("the signature of the remembered checkpoint does not hold");
        } else {
            return opened.error().within("the remembered checkpoint");
        }
    }
    CLOISTER_ASSIGN_OR_RETURN(found.note, fetch("checkpoint"));
    auto now = audit::open_checkpoint(found.note, key);
    if (!now) {
        if (now.error().code() != ErrorCode::wrong_key && now.error().code() != ErrorCode::corrupt)
            return now.error().within("the server's checkpoint");
        found.problems.emplace_back("the server's checkpoint is not signed by the server's own key");
        return found;
    }
    found.checkpoint = std::move(*now);
    if (old) {
        CLOISTER_ASSIGN_OR_RETURN(const auto problem, contradiction(fetch, *old, found.checkpoint));
        if (problem) found.problems.push_back(*problem);
    }
    if (!found.problems.empty()) return found;
    found.proven = old ? "Proven: the " + entries(old->size) +
                             " you remembered stand unchanged at the beginning of this log; it has only grown."
                       : "The checkpoint is signed by the key that this server gives. That shows neither that the key "
                         "is the right one nor that nothing was changed before: remember the checkpoint with --save "
                         "FILE on another machine, and give it with --checkpoint FILE the next time.";
    return found;
}

Result<void> save_text(const std::filesystem::path& file, std::string_view text) {
    const std::string temporary = file.string() + ".new";
    const auto failed = [&](std::string_view what) {
        const std::string why = std::strerror(errno);
        ::unlink(temporary.c_str());
        return Error(ErrorCode::unavailable, "cannot " + std::string(what) + " " + file.string() + ": " + why);
    };
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) return failed("write");
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    ::close(fd);
    if (!written) return failed("write");
    if (::rename(temporary.c_str(), file.c_str()) != 0) return failed("replace");
    return {};
}

Result<int> run_audit_verify_remote(const AuditOptions& options) {
    CLOISTER_ASSIGN_OR_RETURN(http::HttpsUrl url, http::parse_https_url(options.url));
    if (!is_vault_name(options.vault)) return Error(ErrorCode::invalid_argument, "not the name of a vault");
    CLOISTER_ASSIGN_OR_RETURN(const std::string token, read_text(options.token_file));
    std::optional<std::string> remembered;
    if (!options.checkpoint.empty()) {
        CLOISTER_ASSIGN_OR_RETURN(remembered, read_text(options.checkpoint));
    }
    const FetchLog fetch =
        fetch_over_https(std::move(url), {.ca_file = options.ca}, options.vault, std::string(trim(token)));
    CLOISTER_ASSIGN_OR_RETURN(const RemoteVerification found, verify_remote_log(fetch, remembered));
    const bool good = found.problems.empty();
    if (good && !options.save.empty()) CLOISTER_RETURN_IF_ERROR(save_text(options.save, found.note));
    print(found, options.json);
    if (!good && !options.json) std::cout << "The log is NOT what it was.\n";
    return good ? 0 : 1;
}

}  // namespace cloister::app
