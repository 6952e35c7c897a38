#include "records/schema.h"

#include <gtest/gtest.h>

namespace cloister::records {
namespace {

std::shared_ptr<const Schema> standard() { return Schema::parse(default_schema(), 1, nullptr).value(); }

TEST(Schema, default_has_the_five_kinds) {  // R9
    const auto schema = standard();
    for (const char* kind : {"basic", "contact", "transaction", "preference", "feedback"}) {
        bool found = false;
        for (const Collection& c : schema->collections()) found = found || c.kind == kind;
        EXPECT_TRUE(found) << kind;
    }
    EXPECT_EQ(schema->place("contact.mobile").field->type->key(), "phone.any");
    EXPECT_EQ(schema->place("contact.nothing").field, nullptr);
}

TEST(Schema, every_field_carries_a_grade) {  // R14, R20
    const auto schema = standard();
    for (const Collection& c : schema->collections())
        for (const FieldDef& f : c.fields) {
            EXPECT_GE(f.grade, 1) << f.name;
            EXPECT_LE(f.grade, 4) << f.name;
        }
}

TEST(Schema, stored_document_loads_with_the_same_numbers) {
    const auto schema = standard();
    const auto again = Schema::load(schema->document(), 1).value();
    EXPECT_EQ(again->document(), schema->document());
    EXPECT_TRUE(schema->same_indexes(*again));
}

TEST(Schema, numbers_stay_when_a_new_version_adds_and_reorders) {
    const auto first = Schema::parse(R"({"format":"cloister-schema/1","collections":[
        {"name":"basic","fields":[{"name":"a","type":"text.short","indexes":[{"kind":"exact"}]},{"name":"b","type":"text.short"}]}]})",
                                     1, nullptr)
                           .value();
    const auto second = Schema::parse(R"({"format":"cloister-schema/1","collections":[
        {"name":"loyalty","kind":"preference","many":true,"fields":[{"name":"c","type":"text.short","indexes":[{"kind":"exact"}]}]},
        {"name":"basic","fields":[{"name":"n","type":"text.short"},{"name":"b","type":"text.short"},
                                  {"name":"a","type":"text.short","indexes":[{"kind":"exact"}]}]}]})",
                                      2, first.get())
                            .value();
    EXPECT_EQ(second->find("basic")->number, first->find("basic")->number);
    EXPECT_EQ(second->place("basic.a").field->number, first->place("basic.a").field->number);
    EXPECT_EQ(second->place("basic.b").field->number, first->place("basic.b").field->number);
    EXPECT_EQ(second->place("basic.n").field->number, 3);
    EXPECT_EQ(second->place("basic.a").field->indexes[0].slot, first->place("basic.a").field->indexes[0].slot);
    EXPECT_NE(second->place("loyalty.c").field->indexes[0].slot, second->place("basic.a").field->indexes[0].slot);
    EXPECT_TRUE(first->same_indexes(*second));
}

struct Bad {
    const char* name;
    const char* json;
    const char* says;
};
class SchemaRefuses : public testing::TestWithParam<Bad> {};
TEST_P(SchemaRefuses, with_the_path_of_what_is_wrong) {
    const auto parsed = Schema::parse(GetParam().json, 2, standard().get());
    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.error().detail().find(GetParam().says), std::string::npos) << parsed.error().detail();
}
INSTANTIATE_TEST_SUITE_P(
    Schema, SchemaRefuses,
    testing::Values(
        Bad{"no_json", "{", "not well-formed"}, Bad{"format", R"({"format":"x","collections":[]})", "format"},
        Bad{"unknown_member", R"({"format":"cloister-schema/1","colections":[]})", "did you mean \"collections\""},
        Bad{"lost_collection",
            R"({"format":"cloister-schema/1","collections":[{"name":"basic","fields":[{"name":"x","type":"code"}]}]})",
            "is missing: mark it retired"},
        Bad{"unknown_type",
            R"({"format":"cloister-schema/1","collections":[{"name":"extra","kind":"basic","fields":[{"name":"x","type":"name.ful"}]}]})",
            "did you mean \"name.full\""},
        Bad{"changed_type",
            R"({"format":"cloister-schema/1","collections":[{"name":"basic","fields":[{"name":"name","type":"code"}]}]})",
            "collections[0].fields[0].type: cannot change"},
        Bad{"unstorable",
            R"({"format":"cloister-schema/1","collections":[{"name":"extra","kind":"basic","fields":[{"name":"x","type":"card.cvv"}]}]})",
            "must not be stored"},
        Bad{"grade",
            R"({"format":"cloister-schema/1","collections":[{"name":"extra","kind":"basic","fields":[{"name":"x","type":"code","grade":5}]}]})",
            "from 1 to 4"}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace cloister::records
