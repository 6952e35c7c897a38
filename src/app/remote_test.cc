#include "app/remote.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>

#include "audit/merkle.h"

namespace cloister::app {
namespace {

// A log as a server would show it; every test lies in its own way.
class FakeLog {
 public:
    explicit FakeLog(std::byte seed = std::byte{1})
        : key_([&] {
              std::array<std::byte, 32> bytes{};
              bytes.fill(seed);
              return crypto::SigningSeed::copy_of(bytes);
          }()) {}

    void add(int count, std::string_view what = "entry") {
        for (int i = 0; i < count; ++i)
            leaves_.push_back(audit::leaf_hash(as_bytes(std::string(what) + std::to_string(leaves_.size()))));
    }
    void cut(std::size_t size) { leaves_.resize(size); }
    std::string note() const {
        const audit::Checkpoint checkpoint{.origin = kOrigin, .size = leaves_.size(), .root = root()};
        return audit::sign_note(audit::format_checkpoint(checkpoint), kOrigin, key_).value();
    }
    FetchLog fetch() const {
        return [this](const std::string& what) -> Result<std::string> {
            if (what == "checkpoint") return note();
            if (what == "key")
                return audit::format_verifier_key(audit::make_verifier_key(kOrigin, key_.public_key()).value()) + "\n";
            const std::size_t from = std::stoull(what.substr(what.find("from=") + 5));
            boost::json::array hashes;
            const auto proof = audit::consistency_proof(reader(), from, leaves_.size());
            if (!proof) return proof.error();
            for (const Digest& hash : *proof) hashes.emplace_back(base64_encode(hash));
            return boost::json::serialize(boost::json::object{{"proof", hashes}});
        };
    }
    Result<RemoteVerification> verify(const std::optional<std::string>& remembered = std::nullopt) const {
        return verify_remote_log(fetch(), remembered);
    }

 private:
    static constexpr const char* kOrigin = "cloister/test";
    // Fewer than 256 entries: all hashes are leaves.
    std::function<Result<std::vector<Digest>>(unsigned, std::uint64_t, std::uint64_t)> reader() const {
        return [this](unsigned, std::uint64_t first, std::uint64_t count) -> Result<std::vector<Digest>> {
            const auto begin = leaves_.begin() + static_cast<std::ptrdiff_t>(first);
            return std::vector<Digest>(begin, begin + static_cast<std::ptrdiff_t>(count));
        };
    }
    Digest root() const {
        return leaves_.empty() ? audit::empty_root() : audit::tree_root(reader(), leaves_.size()).value();
    }
    crypto::SigningKey key_;
    std::vector<Digest> leaves_;
};

TEST(RemoteLog, says_what_a_first_look_does_not_prove) {
    FakeLog log;
    log.add(5);
    const auto found = log.verify().value();
    EXPECT_TRUE(found.problems.empty());
    EXPECT_EQ(found.checkpoint.size, 5u);
    EXPECT_NE(found.proven.find("--save"), std::string::npos);
    EXPECT_EQ(found.note, log.note());
}

TEST(RemoteLog, proves_that_it_has_only_grown) {  // R32
    FakeLog log;
    for (const int more : {0, 1, 6, 100}) {
        const std::string remembered = log.note();
        log.add(more);
        const auto found = log.verify(remembered).value();
        EXPECT_TRUE(found.problems.empty()) << more;
        EXPECT_NE(found.proven.find("only grown"), std::string::npos);
    }
}

TEST(RemoteLog, finds_a_log_that_was_cut) {  // R32
    FakeLog log;
    log.add(9);
    const std::string remembered = log.note();
    log.cut(8);
    EXPECT_NE(log.verify(remembered).value().problems.at(0).find("shorter"), std::string::npos);
}

TEST(RemoteLog, finds_a_log_that_was_written_anew) {  // R32
    FakeLog log;
    log.add(9);
    const std::string remembered = log.note();
    log.cut(4);
    log.add(5, "forged");
    EXPECT_FALSE(log.verify(remembered).value().problems.empty());  // the same size
    log.add(3);
    EXPECT_FALSE(log.verify(remembered).value().problems.empty());  // and grown since
}

TEST(RemoteLog, finds_another_key) {  // R32
    FakeLog log;
    log.add(3);
    FakeLog other(std::byte{2});
    other.add(3);
    EXPECT_EQ(other.verify(log.note()).value().problems.size(), 1u);
    const auto mixed = [&](const std::string& what) { return (what == "key" ? other : log).fetch()(what); };
    EXPECT_FALSE(verify_remote_log(mixed, std::nullopt).value().problems.empty());
}

TEST(RemoteLog, fails_when_answers_cannot_be_had_or_read) {
    FakeLog log;
    log.add(3);
    EXPECT_FALSE(log.verify("not a note"));
    const std::string remembered = log.note();
    log.add(1);
    for (const char* bad : {"", "{}", R"({"proof":[1]})", R"({"proof":["AAAA"]})", R"({"proof":"x"})"})
        EXPECT_FALSE(verify_remote_log(
            [&](const std::string& what) -> Result<std::string> {
                if (what.starts_with("consistency")) return std::string(bad);
                return log.fetch()(what);
            },
            remembered))
            << bad;
    EXPECT_FALSE(verify_remote_log(
        [](const std::string&) -> Result<std::string> { return Error(ErrorCode::unavailable, "no server"); },
        std::nullopt));
}

TEST(SaveText, replaces_the_whole_file) {
    const auto file = std::filesystem::temp_directory_path() / ("cloister-save-" + std::to_string(::getpid()));
    ASSERT_TRUE(save_text(file, "a longer first text"));
    ASSERT_TRUE(save_text(file, "second"));
    std::ifstream in(file);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "second");
    EXPECT_FALSE(std::filesystem::exists(file.string() + ".new"));
    std::filesystem::remove(file);
    EXPECT_FALSE(save_text(file / "below", "x"));
}

}  // namespace
}  // namespace cloister::app
