// For this module's tests: a whole vault in a directory of its own, removed at the end. close() and open() stand for a
// restart.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "audit/log.h"
#include "identity/tokens.h"
#include "keys/keyring.h"
#include "records/imports.h"
#include "records/records.h"
#include "records/rulebook.h"

namespace cloister::records::testing {

class TestVault {
 public:
    TestVault() {
        std::string name = (std::filesystem::temp_directory_path() / "cloister-records-XXXXXX").string();
        CLOISTER_ASSERT(::mkdtemp(name.data()) != nullptr);
        directory_ = name;
        root_ = {.kind = keys::RootKeySource::Kind::passphrase_file,
                 .file = directory_ / "passphrase",
                 .cost = {.memory_kib = 8, .passes = 1, .lanes = 1}};
        std::ofstream(root_.file) << "correct horse battery staple\n";
        ::chmod(root_.file.c_str(), 0600);
        std::array<std::byte, 16> bytes{};
        bytes[15] = std::byte{1};
        id = VaultId(bytes);
        must(keys::Keyring::create(keyring_options(), id, root_, clock));
        must(store::open_sqlite({.file = directory_ / "data.db", .create = true}));
        open();
    }
    ~TestVault() {
        close();
        std::error_code error;
        std::filesystem::remove_all(directory_, error);
    }
    TestVault(const TestVault&) = delete;
    TestVault& operator=(const TestVault&) = delete;

    // As the command line opens it for an import.
    bool exclusive = false;

    void open() {
        keys = must(keys::Keyring::open(keyring_options(), id, root_, clock));
        data = must(store::open_sqlite({.file = directory_ / "data.db"}));
        const auto seed = must(keys->signing_seed("audit-signing"));
        signing_key = std::make_unique<crypto::SigningKey>(seed);
        audit = must(audit::AuditLog::open({.directory = directory_ / "audit",
                                            .origin = "cloister/" + id.to_string(),
                                            .segment_bytes = 1u << 20,
                                            .derive_every = std::chrono::milliseconds(0)},
                                           crypto::SigningKey(seed), *data, clock));
        rules = must(Rulebook::open(*data, clock));
        must(identity::Tokens::open(*data, clock));  // makes its table, which verification reads
        records = must(Records::open({.vault = id,
                                      .data = *data,
                                      .keys = *keys,
                                      .audit = *audit,
                                      .rules = *rules,
                                      .signing_key = *signing_key,
                                      .clock = clock,
                                      .exclusive = exclusive}));
        imports = must(Imports::open(*records, *data, *audit, clock));
    }
    void close() {
        imports.reset();
        records.reset();
        rules.reset();
        audit.reset();
        signing_key.reset();
        keys.reset();
        data.reset();
    }
    void reopen() {
        close();
        open();
    }

    // A call of the data steward of the default policy, who may import.
    Call call(std::string purpose = "record-keeping", std::string role = "data-steward") const {
        Call call;
        call.subject = {"staff:lin", {std::move(role)}};
        call.token = "token";
        call.request = "request";
        call.purpose = std::move(purpose);
        return call;
    }

    std::int64_t count(std::string_view sql) const {
        std::int64_t n = -1;
        must_do(data->read([&](store::Snapshot& snapshot) {
            return snapshot.query(sql, {}, [&](const store::Row& row) {
                n = row.integer(0);
                return false;
            });
        }));
        return n;
    }
    std::int64_t customers() const { return count("SELECT COUNT(*) FROM customers"); }
    std::vector<CustomerId> find(std::string_view path, std::string_view value) const {
        const auto schema = rules->schema();
        const Schema::Place place = schema->place(path);
        return must(records->match(place, must(place.field->type->canonical(value)), 100));
    }
    // The clear text of a single record's field, or "" when the customer has none.
    std::string value(CustomerId customer, const std::string& path) const {
        Call reader = call();
        const auto view = must(records->read(reader, customer, {{path}}, [](Result<std::uint64_t>) {}));
        for (const CollectionView& collection : view.collections)
            for (const RecordView& record : collection.records)
                for (const FieldView& field : record.fields)
                    if (collection.collection->name + "." + field.field->name == path)
                        return std::string(field.text.reveal());
        return {};
    }

    template <class T>
    static T must(Result<T> result) {
        if (!result) ADD_FAILURE() << to_string(result.error().code()) << ": " << result.error().detail();
        return std::move(result).value();
    }
    static void must_do(Result<void> result) {
        if (!result) ADD_FAILURE() << to_string(result.error().code()) << ": " << result.error().detail();
    }

    ManualClock clock{Time(std::chrono::hours(24 * 365 * 50))};
    VaultId id;
    std::unique_ptr<keys::Keyring> keys;
    std::unique_ptr<store::Database> data;
    std::unique_ptr<crypto::SigningKey> signing_key;
    std::unique_ptr<audit::AuditLog> audit;
    std::unique_ptr<Rulebook> rules;
    std::unique_ptr<Records> records;
    std::unique_ptr<Imports> imports;

 private:
    keys::KeyringOptions keyring_options() const { return {.file = directory_ / "keys.db", .cache_customers = 1'000}; }

    std::filesystem::path directory_;
    keys::RootKeySource root_;
};

}  // namespace cloister::records::testing
