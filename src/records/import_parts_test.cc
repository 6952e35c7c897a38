// The parts of an import that need no vault: encodings, options, guesses, JSON Lines.
#include <gtest/gtest.h>

#include "records/encoding.h"
#include "records/import_json.h"
#include "records/import_mapping.h"

namespace cloister::records {
namespace {

constexpr std::string_view kGbName = "\xd5\xc5\xc8\xfd";  // 张三

TEST(Encoding, tells_utf8_from_gb18030) {
    EXPECT_EQ(detect_encoding("name\nAnn\n", true)->encoding, Encoding::utf8);
    EXPECT_EQ(detect_encoding("name\n张三\n", true)->encoding, Encoding::utf8);
    EXPECT_EQ(detect_encoding("name\n" + std::string(kGbName) + "\n", true)->encoding, Encoding::gb18030);
    EXPECT_EQ(detect_encoding("\xef\xbb\xbfname\n", true)->skip, 3u);
    EXPECT_EQ(detect_encoding(std::string_view("\xff\xfen\0", 4), true).error().code(), ErrorCode::unsupported);
}

TEST(Encoding, one_damaged_row_does_not_turn_a_utf8_file_into_gb18030) {
    EXPECT_EQ(detect_encoding("name\n张三\n李四\n" + std::string(kGbName) + "\n", true)->encoding, Encoding::utf8);
}

TEST(Encoding, a_character_cut_by_the_end_of_the_piece_does_no_harm) {
    const std::string text = "a张";
    for (std::size_t cut = 1; cut <= text.size(); ++cut)
        EXPECT_EQ(detect_encoding(text.substr(0, cut), false)->encoding, Encoding::utf8) << cut;
    EXPECT_EQ(detect_encoding("n\n" + std::string(kGbName) + "\n\xd5", false)->encoding, Encoding::gb18030);
}

TEST(Encoding, decodes_gb18030_with_four_byte_characters_and_refuses_what_is_not) {
    TextDecoder decoder(Encoding::gb18030);
    EXPECT_EQ(decoder.decode(kGbName), "张三");
    EXPECT_EQ(decoder.decode("\x95\x32\x82\x36"), "\xf0\xa0\x80\x80");  // U+20000
    EXPECT_EQ(decoder.decode("\xd5"), std::nullopt);
    EXPECT_EQ(decoder.decode("\xff,"), std::nullopt);
    EXPECT_EQ(decoder.decode("a"), "a");
    EXPECT_EQ(TextDecoder(Encoding::utf8).decode("\xd5"), std::nullopt);
}

TEST(ImportOptions, names_every_wrong_member_with_its_path) {
    struct Case {
        const char* json;
        const char* path;
        const char* reason;
    };
    const Case cases[] = {
        {"[1]", "", "must be a JSON object"},
        {R"({"fromat": "csv"})", "fromat", "no such option, did you mean \"format\"?"},
        {R"({"format": "xls"})", "format", "csv or jsonl"},
        {R"({"format": 1})", "format", "must be a text"},
        {R"({"columns": {"a": 5}})", "columns.a", "must be a field path such as contact.mobile, or null"},
        {R"({"link": {"column": "a"}})", "link.field", "required: the field it is looked up by"},
        {R"({"link": {"column": "a", "field": "b", "x": 1}})", "link.x", "no such option"},
        {R"({"duplicate_keys": ["a", 1]})", "duplicate_keys[1]", "must be a field path"},
        {R"({"duplicates": "drop"})", "duplicates", "keep, report or merge"},
        {R"({"separator": ",,"})", "separator", "one of , ; | and tab"},
    };
    for (const Case& c : cases) {
        std::vector<FieldProblem> problems;
        const auto options = parse_import_options(c.json, problems);
        EXPECT_FALSE(options) << c.json;
        ASSERT_EQ(problems.size(), 1u) << c.json;
        EXPECT_EQ(problems[0].path, c.path);
        EXPECT_EQ(problems[0].reason, c.reason);
    }
}

TEST(ImportOptions, checks_them_against_the_schema) {
    const auto schema = Schema::parse(default_schema(), 1, nullptr).value();
    const auto problem_of = [&](std::string_view json) {
        std::vector<FieldProblem> problems;
        const auto options = parse_import_options(json, problems);
        EXPECT_TRUE(options) << json;
        EXPECT_FALSE(check_options(*options, *schema, problems)) << json;
        return problems.empty() ? std::string() : problems[0].path;
    };
    EXPECT_EQ(problem_of(R"({"columns": {"a": "basic.nam"}})"), "columns.a");
    EXPECT_EQ(problem_of(R"({"columns": {"a": "basic.name", "b": "basic.name"}})"), "columns.b");
    EXPECT_EQ(problem_of(R"({"collection": "transaction"})"), "link");
    EXPECT_EQ(problem_of(R"({"collection": "transactoin"})"), "collection");
    EXPECT_EQ(problem_of(R"({"collection": "contact", "link": {"column": "a", "field": "basic.customer_no"}})"),
              "collection");
    EXPECT_EQ(problem_of(R"({"collection": "transaction", "link": {"column": "a", "field": "basic.sex"}})"),
              "link.field");
    EXPECT_EQ(problem_of(R"({"link": {"column": "a", "field": "basic.customer_no"}})"), "link");
    EXPECT_EQ(problem_of(R"({"duplicates": "report"})"), "duplicate_keys");
    EXPECT_EQ(problem_of(R"({"duplicate_keys": ["basic.sex"]})"), "duplicate_keys[0]");
    EXPECT_EQ(problem_of(R"({"label": "calls of 13812345678"})"), "label");
}

TEST(ImportMapping, guesses_fields_from_names_in_english_and_chinese) {
    const auto schema = Schema::parse(default_schema(), 1, nullptr).value();
    const std::pair<const char*, const char*> cases[] = {
        {"姓名", "basic.name"},
        {"手机", "contact.mobile"},
        {"手机号", "contact.mobile"},
        {"电话", "contact.mobile"},
        {"身份证", "basic.id_number"},
        {"身份证号码", "basic.id_number"},
        {"邮箱", "contact.email"},
        {"地址", "contact.address"},
        {"生日", "basic.birth_date"},
        {"出生日期", "basic.birth_date"},
        {"性别", "basic.sex"},
        {"Full Name", "basic.name"},
        {"E-Mail", "contact.email"},
        {"Date of Birth", "basic.birth_date"},
        {"ZIP code", "contact.postal_code"},
        {"gender", "basic.sex"},
        {"basic.name", "basic.name"},
        {"customer_key", "basic.customer_no"},
        {"ｅｍａｉｌ", "contact.email"},
        {"registered_at", ""},
        {"transaction.item", "transaction.item"},
        {"quantity", ""},
        {"", ""},
    };
    for (const auto& [column, field] : cases) EXPECT_EQ(guess_field(column, *schema, ""), field) << column;
    EXPECT_EQ(guess_field("订单号", *schema, "transaction"), "transaction.order_no");
    EXPECT_EQ(guess_field("姓名", *schema, "transaction"), "");
}

TEST(ImportMapping, cells_that_say_nothing_are_absent) {
    for (const char* cell : {"", "  ", "NULL", "null", "N/A", "n/a", "-", "无", "unknown", " Unknown ", "\\N"})
        EXPECT_TRUE(is_absent(cell)) << cell;
    for (const char* cell : {"0", "--", "无锡", "nil", "unknown person"}) EXPECT_FALSE(is_absent(cell)) << cell;
}

std::string flat(std::string_view text) {
    FlatJson json;
    if (const auto problem = json.parse(text); !problem.empty()) return std::string(problem);
    std::string all;
    for (const FlatJson::Member& member : json.members()) all += member.name + "=" + member.value + ";";
    return all;
}

TEST(FlatJson, keeps_digits_and_names_nested_members) {
    EXPECT_EQ(flat(R"({"a": 12.50, "b": 123456789012345678901234567890, "c": -1e3, "d": true})"),
              "a=12.50;b=123456789012345678901234567890;c=-1e3;d=true;");
    EXPECT_EQ(flat(R"({"a": {"b": "x", "c": null}, "d": ["p", 2, null, "q"], "e": [], "f": {}})"), "a.b=x;d=p,2,q;e=;");
    EXPECT_EQ(flat(R"({"a": "\u5f20\n"})"), "a=张\n;");
}

TEST(FlatJson, refuses_what_is_not_one_flat_object) {
    for (const char* text : {"", "1", "null", "[]", "[{}]", "{", "{}}", R"({"a":1}{"b":2})", R"({"a":1,"a":2})",
                             R"({"a":{"b":{"c":1}}})", R"({"a":[[1]]})", R"({"a":[{}]})", R"({"a":"\u0000"})", "\"x\""})
        EXPECT_EQ(flat(text).find('='), std::string::npos) << text;
    EXPECT_EQ(flat(R"({"a": 1} x)"), "not one JSON object");
    EXPECT_EQ(flat("{}"), "");
    EXPECT_EQ(flat(R"({"a": 1})"), "a=1;") << "still works after the failures";
}

}  // namespace
}  // namespace cloister::records
