#include "api/json.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "api/route.h"
#include "api/types.h"

namespace cloister::api {
namespace {

template <class T>
std::string first_problem(const char* text) {
    Problems problems;
    T value{};
    const auto parsed = parse_body(text, problems);
    if (parsed) read_json(*parsed, "", value, problems);
    return problems.empty() ? "" : problems.front().path + ": " + problems.front().reason;
}

TEST(DescribedJson, problems_carry_the_path_of_the_wrong_member) {
    EXPECT_EQ(first_problem<SearchBody>(R"({"where":[{"field":"a","op":"equals","value":"x"}]})"), "");
    EXPECT_EQ(first_problem<SearchBody>(R"({})"), "where: missing");
    EXPECT_EQ(first_problem<SearchBody>(R"({"where":[{"field":"a","op":7,"value":"x"}]})"),
              "where[0].op: must be a string");
    EXPECT_EQ(first_problem<SearchBody>(R"({"where":[],"limt":3})"), "limt: unknown member, did you mean \"limit\"?");
    EXPECT_EQ(first_problem<SearchBody>(R"({"where":[],"limit":-1})"), "limit: must be a whole number, zero or more");
    EXPECT_EQ(first_problem<SearchBody>(R"([])"), ": must be an object");
    EXPECT_EQ(first_problem<NewTokenBody>(R"({"name":"a","kind":"staff","roles":["r"]})"), "");
}

TEST(DescribedJson, refuses_bodies_that_are_not_json) {
    for (const char* bad : {"", "{", "\xff", "{\"a\":1e99999}x", "nul", "{\"where\":[}"})
        EXPECT_NE(first_problem<SearchBody>(bad), "") << bad;
    std::string deep(100, '[');
    EXPECT_EQ(first_problem<SearchBody>(deep.c_str()), ": the body is nested too deeply");
}

TEST(AppendJson, escapes_what_must_be_escaped) {
    std::string out;
    append_json(out, std::string_view("a\"\\\n\x01\0é", 8));
    EXPECT_EQ(json::parse(out).as_string(), std::string_view("a\"\\\n\x01\0é", 8));
}

TEST(OpenApi, document_in_the_repository_is_in_step) {
    std::ifstream in(std::string(CLOISTER_SOURCE_DIR) + "/api/openapi.yaml");
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_TRUE(text.str() == openapi_yaml()) << "run: cloister openapi > api/openapi.yaml";
}

TEST(Routes, every_route_under_a_vault_names_its_action) {  // R49
    for (const Route& route : all_routes()) {
        EXPECT_TRUE(route.pattern.starts_with("/v1/vaults/{v}/")) << route.pattern;
        EXPECT_FALSE(to_string(route.action).empty());
        EXPECT_FALSE(route.doc.summary.empty()) << route.pattern;
    }
}

}  // namespace
}  // namespace cloister::api
