// For tests: a log in a directory of its own, and entries that are easy to tell apart.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "audit/log.h"
#include "audit/note.h"

namespace cloister::audit {

class TempDirectory {
 public:
    TempDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "cloister-audit-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    ~TempDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

 private:
    std::filesystem::path path_;
};

inline CustomerId customer_number(std::uint64_t n) {
    std::array<std::byte, 16> bytes{};
    store_be(bytes.data() + 8, n);
    return CustomerId(bytes);
}

inline Entry numbered_entry(std::uint64_t n) {
    Entry entry;
    entry.time = from_unix_micros(static_cast<std::int64_t>(n) * 1'000'000);
    entry.actor = "staff:" + std::to_string(n % 3);
    entry.request = std::to_string(n);
    entry.action = n % 2 == 0 ? "customer.read" : "customer.write";
    entry.customers = {customer_number(n % 5)};
    entry.purpose = "purpose-" + std::to_string(n % 4);
    return entry;
}

inline std::string slurp(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}
inline void spit(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

// A vault's database and its log; both can be closed and opened again.
class TestLog {
 public:
    TestLog() : seed_(crypto::SigningSeed::zeroed()) { EXPECT_TRUE(open()); }
    ~TestLog() { close(); }

    Result<void> open() {
        CLOISTER_ASSIGN_OR_RETURN(data_, store::open_sqlite({.file = temp_.path() / "vault.db", .create = true}));
        CLOISTER_ASSIGN_OR_RETURN(log_, AuditLog::open(options(), crypto::SigningKey(seed_), *data_, clock_));
        return {};
    }
    void close() {
        log_ = nullptr;
        data_ = nullptr;
    }
    Result<void> reopen() {
        close();
        return open();
    }
    LogOptions options() const {
        return {.directory = directory(),
                .origin = "cloister/test",
                .segment_bytes = 256u << 10,
                .derive_every = derive_every};
    }
    std::filesystem::path directory() const { return temp_.path() / "audit"; }
    const std::filesystem::path& temp() const { return temp_.path(); }
    crypto::SigningKey key() const { return crypto::SigningKey(seed_); }

    AuditLog& log() { return *log_; }
    store::Database& data() { return *data_; }

    std::uint64_t append(std::uint64_t n) { return log_->append_and_wait(numbered_entry(n)).value(); }
    Result<void> record(std::uint64_t n) {
        return data_->write([&](store::Transaction& t) { return log_->record(t, numbered_entry(n)); });
    }
    // The numbers of the entries, in the order of the log.
    std::vector<std::uint64_t> numbers() {
        std::vector<std::uint64_t> numbers;
        for (std::uint64_t i = 0; i < log_->size(); ++i)
            numbers.push_back(std::stoull(log_->entry_at(i).value().request));
        return numbers;
    }
    Verification verify(const std::optional<std::string>& remembered = std::nullopt) {
        return audit::verify(directory(), key_text(), remembered, nullptr, nullptr).value();
    }
    std::string key_text() const {
        return format_verifier_key(make_verifier_key("cloister/test", key().public_key()).value());
    }

    std::chrono::milliseconds derive_every{0};

 private:
    TempDirectory temp_;
    crypto::SigningSeed seed_;
    ManualClock clock_{Time{}};
    std::unique_ptr<store::Database> data_;
    std::unique_ptr<AuditLog> log_;
};

}  // namespace cloister::audit
