#include "identity/tokens.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace cloister::identity {
namespace {

using namespace std::chrono_literals;

class TokensTest : public testing::Test {
 protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "cloister-identity-XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
        reopen();
    }
    void TearDown() override {
        tokens_.reset();
        data_.reset();
        std::filesystem::remove_all(directory_);
    }
    void reopen() {
        tokens_.reset();
        data_.reset();
        data_ = store::open_sqlite({.file = directory_ / "data.db", .create = true}).value();
        tokens_ = Tokens::open(*data_, clock_).value();
    }
    Result<CreatedToken> create(const NewToken& token) {
        std::optional<CreatedToken> created;
        CLOISTER_RETURN_IF_ERROR(data_->write([&](store::Transaction& transaction) -> Result<void> {
            CLOISTER_ASSIGN_OR_RETURN(created, tokens_->create(transaction, token, "staff:root"));
            return {};
        }));
        return *created;
    }
    Result<void> revoke(TokenId id) {
        return data_->write([&](store::Transaction& transaction) { return tokens_->revoke(transaction, id); });
    }
    static NewToken agent() {
        return {.kind = CallerKind::staff, .name = "agent-lin", .roles = {"support-agent", "auditor"}, .lifetime = 1h};
    }
    void expect_refused(std::string_view secret) {
        const auto who = tokens_->authenticate(secret);
        ASSERT_FALSE(who.has_value());
        EXPECT_EQ(who.error().code(), ErrorCode::unauthenticated);
        EXPECT_EQ(who.error().detail(), "no valid access token");
    }

    ManualClock clock_{parse_rfc3339("2026-11-23T12:00:00Z").value()};
    std::filesystem::path directory_;
    std::unique_ptr<store::Database> data_;
    std::unique_ptr<Tokens> tokens_;
};

TEST_F(TokensTest, a_new_token_names_its_caller_and_his_roles) {
    const CreatedToken created = create(agent()).value();
    EXPECT_TRUE(created.secret.starts_with("clst_"));
    EXPECT_EQ(created.secret.size(), 48u);
    const Principal who = tokens_->authenticate(created.secret).value();
    EXPECT_EQ(who.subject.id, "staff:agent-lin");
    EXPECT_EQ(who.subject.roles, (std::vector<std::string>{"support-agent", "auditor"}));
    EXPECT_EQ(who.token, created.view.id);
    EXPECT_EQ(who.expires, clock_.now() + 1h);
}

TEST_F(TokensTest, a_secret_with_any_character_changed_is_refused_in_the_same_words) {
    const std::string secret = create(agent()).value().secret;
    for (std::size_t i = 0; i < secret.size(); ++i) {
        std::string other = secret;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        expect_refused(other);
        expect_refused(secret.substr(0, i));
    }
    expect_refused(secret + "A");
}

TEST_F(TokensTest, a_token_ends_at_its_time) {
    const std::string secret = create(agent()).value().secret;
    clock_.advance(1h - 1us);
    EXPECT_TRUE(tokens_->authenticate(secret).has_value());
    clock_.advance(1us);
    expect_refused(secret);
}

TEST_F(TokensTest, a_revoked_token_is_refused_at_the_next_request_and_after_a_restart) {
    const CreatedToken created = create(agent()).value();
    const CreatedToken other = create({.name = "shop", .roles = {"application"}, .lifetime = 1h}).value();
    ASSERT_TRUE(revoke(created.view.id).has_value());
    expect_refused(created.secret);
    reopen();
    expect_refused(created.secret);
    EXPECT_EQ(tokens_->authenticate(other.secret).value().subject.id, "service:shop");
}

TEST_F(TokensTest, revoking_again_keeps_the_first_time) {
    const CreatedToken created = create(agent()).value();
    const Time first = clock_.now();
    ASSERT_TRUE(revoke(created.view.id).has_value());
    clock_.advance(1min);
    ASSERT_TRUE(revoke(created.view.id).has_value());
    EXPECT_EQ(tokens_->list().at(0).revoked, first);
    reopen();
    EXPECT_EQ(tokens_->list().at(0).revoked, first);
}

TEST_F(TokensTest, revoking_an_unknown_token_is_not_found) {
    EXPECT_EQ(revoke(TokenId()).error().code(), ErrorCode::not_found);
}

TEST_F(TokensTest, a_token_of_a_transaction_that_failed_does_not_work) {
    std::string secret;
    const auto failed = data_->write([&](store::Transaction& transaction) -> Result<void> {
        secret = tokens_->create(transaction, agent(), "staff:root").value().secret;
        return Error(ErrorCode::unavailable, "the audit entry was not written");
    });
    ASSERT_FALSE(failed.has_value());
    expect_refused(secret);
    EXPECT_TRUE(tokens_->list().empty());
}

TEST_F(TokensTest, everything_but_the_secret_is_there_after_a_restart) {
    const CreatedToken created = create(agent()).value();
    reopen();
    const TokenView view = tokens_->list().at(0);
    EXPECT_EQ(view.id, created.view.id);
    EXPECT_EQ(view.kind, CallerKind::staff);
    EXPECT_EQ(view.name, "agent-lin");
    EXPECT_EQ(view.roles, created.view.roles);
    EXPECT_EQ(view.created, created.view.created);
    EXPECT_EQ(view.expires, created.view.expires);
    EXPECT_EQ(view.created_by, "staff:root");
    EXPECT_TRUE(tokens_->authenticate(created.secret).has_value());
}

TEST_F(TokensTest, a_token_without_a_proper_name_role_or_lifetime_is_refused) {
    const auto refused = [&](auto change) {
        NewToken token = agent();
        change(token);
        const auto created = create(token);
        return !created.has_value() && created.error().code() == ErrorCode::invalid_argument;
    };
    EXPECT_TRUE(refused([](NewToken& t) { t.name = ""; }));
    EXPECT_TRUE(refused([](NewToken& t) { t.name = "-lin"; }));
    EXPECT_TRUE(refused([](NewToken& t) { t.name = "Lin Agent"; }));
    EXPECT_TRUE(refused([](NewToken& t) { t.name = std::string(64, 'a'); }));
    EXPECT_TRUE(refused([](NewToken& t) { t.roles = {}; }));
    EXPECT_TRUE(refused([](NewToken& t) { t.roles = {"auditor admin"}; }));
    EXPECT_TRUE(refused([](NewToken& t) { t.roles.assign(17, "auditor"); }));
    EXPECT_TRUE(refused([](NewToken& t) { t.lifetime = 0s; }));
    EXPECT_TRUE(refused([](NewToken& t) { t.lifetime = 366 * 24h + 1us; }));
    EXPECT_TRUE(tokens_->list().empty());
}

}  // namespace
}  // namespace cloister::identity
