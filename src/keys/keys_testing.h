// For this module's tests: a directory of its own with a pass phrase file and a key store, removed at the end.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "keys/keyring.h"

namespace cloister::keys::testing {

constexpr crypto::Argon2Cost kCheap = {.memory_kib = 8, .passes = 1, .lanes = 1};
constexpr CollectionNumber kFive[] = {1, 2, 3, 4, 5};

class TempDir {
 public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "cloister-keys-XXXXXX").string();
        CLOISTER_ASSERT(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TempDir() {
        std::error_code error;
        std::filesystem::remove_all(path_, error);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    std::filesystem::path operator/(const char* name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

 private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& path, std::string_view content, ::mode_t mode = 0600) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    ::chmod(path.c_str(), mode);
}

// The n-th customer: ids in order of n, with a tail that differs.
inline CustomerId customer(std::uint64_t n) {
    std::array<std::byte, 10> tail{};
    store_be(tail.data() + 2, n * 0x9E3779B97F4A7C15u);
    return CustomerId::make_v7(1'700'000'000'000 + n, tail);
}

inline VaultId vault(unsigned char n) {
    std::array<std::byte, 16> bytes{};
    bytes[15] = std::byte{n};
    return VaultId(bytes);
}

struct Fixture {
    TempDir dir;
    ManualClock clock{Time(std::chrono::hours(24 * 365 * 50))};
    KeyringOptions options{.file = dir / "keys.db", .cache_customers = 100};
    RootKeySource root{.kind = RootKeySource::Kind::passphrase_file, .file = dir / "passphrase", .cost = kCheap};
    std::unique_ptr<Keyring> keyring;

    Fixture() {
        write_file(root.file, "correct horse battery staple\n");
        auto made = Keyring::create(options, vault(1), root, clock);
        if (!made) ADD_FAILURE() << made.error().detail();
        keyring = std::move(made).value();
    }
    Result<std::unique_ptr<Keyring>> open() { return Keyring::open(options, vault(1), root, clock); }
    void reopen() {
        keyring.reset();
        auto opened = open();
        if (!opened) ADD_FAILURE() << opened.error().detail();
        keyring = std::move(opened).value();
    }
    std::vector<CustomerKeysPtr> make(std::uint64_t first, std::uint64_t count,
                                      std::span<const CollectionNumber> collections = kFive) {
        std::vector<Keyring::NewCustomer> wanted;
        for (std::uint64_t n = first; n < first + count; ++n) wanted.push_back({customer(n), collections});
        auto made = keyring->create(std::move(wanted));
        if (!made) ADD_FAILURE() << made.error().detail();
        return std::move(made).value();
    }
    // Changes the closed or open store behind the keyring's back.
    void tamper(std::string_view sql, std::initializer_list<store::Param> params) {
        auto database = store::open_sqlite({.file = options.file, .secure_delete = true});
        ASSERT_TRUE(database) << database.error().detail();
        const auto done = (*database)->write([&](store::Transaction& transaction) -> Result<void> {
            CLOISTER_RETURN_IF_ERROR(transaction.execute(sql, params));
            return {};
        });
        ASSERT_TRUE(done) << done.error().detail();
    }
    Bytes packed_row(CustomerId id) {
        auto database = store::open_sqlite({.file = options.file, .secure_delete = true});
        Bytes packed;
        CLOISTER_ASSERT((*database)->read([&](store::Snapshot& snapshot) -> Result<void> {
            return snapshot.query("select packed from customer_keys where customer = $1", {id.bytes()},
                                  [&](const store::Row& row) {
                                      packed = to_bytes(row.blob(0));
                                      return false;
                                  });
        }));
        return packed;
    }
    Bytes kek_row(std::int64_t number) {
        auto database = store::open_sqlite({.file = options.file, .secure_delete = true});
        Bytes wrapped;
        CLOISTER_ASSERT((*database)->read([&](store::Snapshot& snapshot) -> Result<void> {
            return snapshot.query("select wrapped from kek_bytes where number = $1", {number},
                                  [&](const store::Row& row) {
                                      wrapped = to_bytes(row.blob(0));
                                      return false;
                                  });
        }));
        return wrapped;
    }
    // Everything on disk, the log and its index included.
    std::string all_files() const {
        std::string all;
        for (const auto& entry : std::filesystem::directory_iterator(dir.path())) all += read_file(entry.path());
        return all;
    }
};

inline bool same_keys(const CustomerKeys& a, const CustomerKeys& b, std::span<const CollectionNumber> collections) {
    for (const CollectionNumber c : collections) {
        if (a.find(c) == nullptr || b.find(c) == nullptr || !a.find(c)->equals(*b.find(c))) return false;
    }
    return a.epoch() == b.epoch();
}

}  // namespace cloister::keys::testing
