#include "app/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace cloister::app {
namespace {

class ConfigTest : public testing::Test {
 protected:
    ConfigTest() : data_(testing::TempDir() + "/config_test_" + std::to_string(::getpid())) {
        std::filesystem::create_directories(data_);
    }
    ~ConfigTest() override { std::filesystem::remove_all(data_); }
    Result<Config> load(const std::string& more) {
        std::ofstream(data_ / "cloister.toml") << "[vault]\nid = \"0190b5a4-1f2e-7c3d-8a4b-5c6d7e8f9a0b\"\n[root_key]\n"
                                                  "passphrase_file = \"passphrase\"\n"
                                               << more;
        return load_config(data_);
    }
    std::filesystem::path data_;
};

TEST_F(ConfigTest, a_new_configuration_loads_with_its_vault) {
    const auto id = VaultId::parse("0190b5a4-1f2e-7c3d-8a4b-5c6d7e8f9a0b").value();
    std::ofstream(data_ / "cloister.toml") << new_config_text(id, "main");
    const auto config = load_config(data_).value();
    EXPECT_EQ(config.vault, id);
    EXPECT_EQ(config.root_key.file, data_ / "passphrase");
}

TEST_F(ConfigTest, unknown_keys_are_refused_with_the_nearest_known_one) {
    const auto wrong = load("[server]\nlisen = \"127.0.0.1:1\"\n");
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().detail().find(":6: unknown key \"lisen\", did you mean \"listen\"?"), std::string::npos)
        << wrong.error().detail();
    EXPECT_NE(load("[sever]\n").error().detail().find("did you mean \"server\"?"), std::string::npos);
}

TEST_F(ConfigTest, wrong_types_and_ranges_are_refused) {
    EXPECT_NE(load("[server]\nthreads = \"two\"\n").error().detail().find("wrong type"), std::string::npos);
    EXPECT_NE(load("[server]\nthreads = 0\n").error().detail().find("from 1 to 256"), std::string::npos);
    EXPECT_NE(load("[log]\nlevel = \"loud\"\n").error().code(), ErrorCode::internal);
    EXPECT_NE(load("key_file = \"k\"\n").error().detail().find("exactly one"), std::string::npos);
    EXPECT_FALSE(load("[server\n"));
}

TEST(Endpoint, is_an_address_and_a_port) {
    EXPECT_EQ(parse_endpoint("127.0.0.1:8443").value().port, 8443);
    EXPECT_EQ(parse_endpoint("[::1]:1").value().address, "::1");
    for (const char* bad : {"", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:8x"})
        EXPECT_FALSE(parse_endpoint(bad)) << bad;
}

}  // namespace
}  // namespace cloister::app
