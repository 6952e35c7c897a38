#include "keys/root_key.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "keys/keys_testing.h"

namespace cloister::keys {
namespace {

using testing::kCheap;
using testing::TempDir;
using testing::write_file;

constexpr std::string_view kHexKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

RootKeySource passphrase(const TempDir& dir) {
    return {.kind = RootKeySource::Kind::passphrase_file, .file = dir / "passphrase", .cost = kCheap};
}
RootKeySource key_file(const TempDir& dir) {
    return {.kind = RootKeySource::Kind::key_file, .file = dir / "key", .cost = kCheap};
}

Bytes wrap(const RootKeySource& source, const RootKeyParameters& parameters) {
    const auto root = load_root_key(source, parameters);
    if (!root) return {};
    return (*root)->wrap(as_bytes("context"), crypto::RootKeyBytes::zeroed().reveal()).value();
}

ErrorCode unwrap_code(const RootKeySource& source, const RootKeyParameters& parameters, ByteView wrapped,
                      std::string_view context = "context") {
    const auto root = load_root_key(source, parameters);
    if (!root) return root.error().code();
    auto key = crypto::RootKeyBytes::random();
    const auto opened = (*root)->unwrap(as_bytes(context), wrapped, key.fill());
    if (!opened) return opened.error().code();
    return key.equals(crypto::RootKeyBytes::zeroed()) ? ErrorCode::cancelled : ErrorCode::internal;
}
constexpr ErrorCode kOpened = ErrorCode::cancelled;

TEST(RootKey, of_a_pass_phrase_depends_on_phrase_salt_and_cost_but_not_on_the_line_end) {
    const TempDir dir;
    const RootKeySource source = passphrase(dir);
    const RootKeyParameters parameters = new_parameters(source);
    EXPECT_EQ(parameters.salt.size(), 16u);
    write_file(source.file, "twelve chars\n");
    const Bytes wrapped = wrap(source, parameters);
    write_file(source.file, "twelve chars\r\nsecond line");
    EXPECT_EQ(unwrap_code(source, parameters, wrapped), kOpened);
    EXPECT_EQ(unwrap_code(source, new_parameters(source), wrapped), ErrorCode::wrong_key);
    RootKeyParameters dearer = parameters;
    dearer.cost.passes = 2;
    EXPECT_EQ(unwrap_code(source, dearer, wrapped), ErrorCode::wrong_key);
    write_file(source.file, "twelve charz\n");
    EXPECT_EQ(unwrap_code(source, parameters, wrapped), ErrorCode::wrong_key);
}

TEST(RootKey, binds_what_it_wraps_to_its_context_and_refuses_every_flipped_bit) {
    const TempDir dir;
    const RootKeySource source = key_file(dir);
    write_file(source.file, kHexKey);
    const RootKeyParameters parameters = new_parameters(source);
    const Bytes wrapped = wrap(source, parameters);
    EXPECT_EQ(unwrap_code(source, parameters, wrapped), kOpened);
    EXPECT_EQ(unwrap_code(source, parameters, wrapped, "other"), ErrorCode::corrupt);
    for (std::size_t bit = 0; bit < wrapped.size() * 8; ++bit) {
        Bytes bent = wrapped;
        bent[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
        ASSERT_NE(unwrap_code(source, parameters, bent), kOpened) << bit;
    }
    for (std::size_t size = 0; size < wrapped.size(); ++size)
        ASSERT_EQ(unwrap_code(source, parameters, ByteView(wrapped).first(size)), ErrorCode::corrupt) << size;
}

TEST(RootKey, reads_a_key_raw_or_in_hexadecimal) {
    const TempDir dir;
    const RootKeySource source = key_file(dir);
    const RootKeyParameters parameters = new_parameters(source);
    write_file(source.file, kHexKey);
    const Bytes wrapped = wrap(source, parameters);
    write_file(source.file, std::string(kHexKey) + "\n");
    EXPECT_EQ(unwrap_code(source, parameters, wrapped), kOpened);
    write_file(source.file, as_text(*hex_decode(kHexKey)));
    EXPECT_EQ(unwrap_code(source, parameters, wrapped), kOpened);
}

TEST(RootKey, comes_from_a_systemd_credential_by_name) {
    const TempDir dir;
    const RootKeySource file = key_file(dir);
    write_file(file.file, kHexKey, 0400);
    const RootKeyParameters parameters = new_parameters(file);
    const Bytes wrapped = wrap(file, parameters);
    const RootKeySource credential{.kind = RootKeySource::Kind::systemd_credential, .file = "key", .cost = kCheap};
    ::unsetenv("CREDENTIALS_DIRECTORY");
    EXPECT_EQ(unwrap_code(credential, parameters, wrapped), ErrorCode::invalid_argument);
    ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
    EXPECT_EQ(unwrap_code(credential, parameters, wrapped), kOpened);
    RootKeySource outside = credential;
    outside.file = "../key";
    EXPECT_EQ(unwrap_code(outside, parameters, wrapped), ErrorCode::invalid_argument);
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

struct Refusal {
    const char* name;
    bool key;
    std::string content;
    ::mode_t mode;
    const char* advice;
};
using RootKeyRefuses = ::testing::TestWithParam<Refusal>;
TEST_P(RootKeyRefuses, and_says_what_to_do) {
    const Refusal& refusal = GetParam();
    const TempDir dir;
    const RootKeySource source = refusal.key ? key_file(dir) : passphrase(dir);
    write_file(source.file, refusal.content, refusal.mode);
    const auto root = load_root_key(source, new_parameters(source));
    ASSERT_FALSE(root);
    EXPECT_EQ(root.error().code(), ErrorCode::invalid_argument);
    EXPECT_NE(root.error().detail().find(refusal.advice), std::string::npos) << root.error().detail();
    EXPECT_NE(root.error().detail().find(source.file.string()), std::string::npos);
    if (refusal.content.size() > 4)
        EXPECT_EQ(root.error().detail().find(refusal.content.substr(0, 8)), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(
    Files, RootKeyRefuses,
    ::testing::Values(Refusal{"an_empty_pass_phrase_file", false, "", 0600, "empty"},
                      Refusal{"a_short_pass_phrase", false, "elevenchars\nmore than twelve", 0600,
                              "longer pass phrase"},
                      // Eleven characters, more than twelve bytes.
                      Refusal{"a_short_pass_phrase_in_chinese", false, "一二三四五六七八九十一", 0600, "longer"},
                      Refusal{"a_world_readable_file", false, "correct horse battery", 0604, "chmod 600"},
                      Refusal{"a_group_readable_file", true, std::string(kHexKey), 0640, "chmod 600"},
                      Refusal{"a_key_of_31_bytes", true, std::string(31, 'k'), 0600, "openssl rand"},
                      Refusal{"a_key_with_a_wrong_digit", true, std::string(63, 'a') + "g", 0600, "openssl rand"},
                      Refusal{"a_key_with_more_behind_it", true, std::string(kHexKey) + "\nmore", 0600, "64 hex"},
                      Refusal{"a_key_of_zeroes", true, std::string(64, '0'), 0600, "no key"},
                      Refusal{"something_else", true, std::string(5000, 'k'), 0600, "4096"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(RootKey, says_what_to_do_when_its_file_is_missing_or_a_directory) {
    const TempDir dir;
    RootKeySource source = passphrase(dir);
    const auto missing = load_root_key(source, new_parameters(source));
    EXPECT_EQ(missing.error().code(), ErrorCode::invalid_argument);
    EXPECT_NE(missing.error().detail().find("create it"), std::string::npos);
    source.file = dir.path();
    EXPECT_EQ(load_root_key(source, new_parameters(source)).error().code(), ErrorCode::invalid_argument);
    source.file.clear();
    EXPECT_EQ(load_root_key(source, new_parameters(source)).error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace cloister::keys
