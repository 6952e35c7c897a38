// Verification of an audit log, and its baseline: bare SHA-256 over the bytes of the same entries, in memory. One
// thread each, taking turns.
//
//   verify_log --directory DATA/audit --verifier-key KEY --repetitions N
//
// Prints {"entries":N,"bytes":N,"verify_seconds":[...],"hash_seconds":[...]}; exits 1 when the log does not verify.
#include <chrono>

#include "arguments.h"
#include "audit/log.h"
#include "crypto/hash.h"

namespace {

using namespace cloister;

template <class Work>
double seconds_of(Work work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void print(const char* name, const std::vector<double>& values) {
    std::printf(",\"%s\":[", name);
    for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%.6f", i == 0 ? "" : ",", values[i]);
    std::printf("]");
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Arguments arguments(argc, argv);
    const std::string directory = arguments.text("--directory");
    const std::string key = arguments.text("--verifier-key");
    Bytes content;
    std::uint64_t entries = 0;
    bool good = true;
    const auto collect = [&](const store::JournalEntry& entry) {
        content.insert(content.end(), entry.payload.begin(), entry.payload.end());
        ++entries;
    };
    const auto verify = [&](const std::function<void(const store::JournalEntry&)>& on_entry) {
        const auto log = audit::verify(directory, key, std::nullopt, on_entry, [](std::uint64_t, std::uint64_t) {});
        if (log && log->problems.empty()) return;
        std::fprintf(stderr, "%s\n", log ? log->problems.front().c_str() : log.error().detail().c_str());
        good = false;
    };
    verify(collect);
    std::vector<double> verified;
    std::vector<double> hashed;
    for (std::uint64_t i = 0; good && i < arguments.number("--repetitions"); ++i) {
        verified.push_back(seconds_of([&] { verify([](const store::JournalEntry&) {}); }));
        hashed.push_back(seconds_of([&] { (void)crypto::sha256(content); }));
    }
    std::printf("{\"entries\":%llu,\"bytes\":%zu", static_cast<unsigned long long>(entries), content.size());
    print("verify_seconds", verified);
    print("hash_seconds", hashed);
    std::printf("}\n");
    return good ? 0 : 1;
}
