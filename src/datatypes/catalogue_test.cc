// The catalogue as a whole, and its table in docs/datatypes.md. To write the table anew after a change:
//   CLOISTER_WRITE_DOCS=1 datatypes_test --gtest_filter=Catalogue.is_the_table_in_the_documentation
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "datatypes/datatype.h"
#include "datatypes/spec.h"

namespace cloister::datatypes {
namespace {

std::string_view name_of(Shape shape) {
    switch (shape) {
        case Shape::text: return "text";
        case Shape::integer: return "integer";
        case Shape::decimal: return "decimal";
        case Shape::boolean: return "boolean";
        case Shape::date: return "date";
        case Shape::time: return "time";
        case Shape::tags: return "tags";
    }
    return "";
}
std::string_view name_of(internal::Sensitive sensitive) {
    switch (sensitive) {
        case internal::Sensitive::no: return "no";
        case internal::Sensitive::in_context: return "in context";
        case internal::Sensitive::by_profile: return "yes (profile)";
        case internal::Sensitive::by_law: return "yes";
    }
    return "";
}

std::string in_code(std::string_view text) {
    std::string out = "`";
    for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out + "`";
}

std::string mask_column(const internal::TypeSpec& spec, const DataType& type) {
    if (!type.storable()) return "never stored";
    return spec.example.empty() ? in_code("***") : in_code(type.mask(spec.example));
}
std::string levels_column(const internal::TypeSpec& spec, const DataType& type) {
    if (spec.example.empty()) return in_code("*");
    std::string out;
    for (int level = 1; level < type.levels(); ++level)
        out += (level > 1 ? ", " : "") + in_code(type.generalise(spec.example, level));
    return out;
}

std::string render() {
    std::ostringstream out;
    out << "# Kinds of personal data\n\n"
           "Written by `catalogue_test.cc` from the rows in `src/datatypes`; do not edit. Examples are invented.\n\n"
           "- **Grade** 1 public, 2 ordinary, 3 direct identifier, 4 sensitive. **Sensitive** is PIPL Art. 28; `yes "
           "(profile)`\n"
           "  counts under the profile `strict`, `in context` only together with other data.\n"
           "- **Mask** of the example, and its **levels** of generalisation above the value itself.\n"
           "- **Retention** `RA` account life; `RP` until the purpose is met; `R0` verify and drop; `RT3` transaction "
           "+ 3 years;\n"
           "  `RAML` relation + 10 years where anti-money-laundering law applies; `RACC` accounting evidence; `RL6` at "
           "least six\n"
           "  months, then delete; `RC` relation + 3 years for evidence of consent. A starting rule; each purpose "
           "states its own.\n\n"
           "| key | English | 简体 | 繁體 | shape | grade | sensitive | example | mask | levels | retention |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|\n";
    for (const auto& spec : internal::all_specs()) {
        const DataType& type = *find_type(spec.titles.key);
        out << "| " << in_code(type.key()) << " | " << type.title_en() << " | " << type.title_zh_hans() << " | "
            << type.title_zh_hant() << " | " << name_of(type.shape()) << " | " << type.default_grade() << " | "
            << name_of(spec.sensitive) << " | " << (spec.example.empty() ? "" : in_code(spec.example)) << " | "
            << mask_column(spec, type) << " | " << levels_column(spec, type) << " | " << type.retention() << " |\n";
    }
    return out.str();
}

TEST(Catalogue, is_the_table_in_the_documentation) {
    const std::string path = CLOISTER_SOURCE_DIR "/docs/datatypes.md";
    if (std::getenv("CLOISTER_WRITE_DOCS") != nullptr) std::ofstream(path) << render();
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_TRUE(text.str() == render())
        << "docs/datatypes.md is out of step; the first lines of this test say how to write it";
}

// Every key of the reference catalogue, sections 1 to 6, and the general ones.
constexpr std::string_view kKeys =
    "name.full name.given name.family name.former name.alias name.latin sex birth.date age nationality ethnicity "
    "native_place marital education occupation employer job.title income.detail family.member photo.portrait "
    "customer.id "
    "customer.type id.any id.cn.resident id.cn.resident15 id.cn.hmt_residence id.cn.foreign_pr id.cn.hm_permit "
    "id.cn.tw_permit id.hk id.mo id.tw id.tw.arc id.passport id.driver.cn id.military.cn id.social_security tax.id "
    "org.uscc "
    "org.code9 plate.cn vin phone.any phone.mobile.cn phone.mobile.hk phone.mobile.mo phone.mobile.tw phone.landline "
    "phone.intl email address.full address.home address.delivery postcode im.wechat im.qq im.other contact.emergency "
    "contact.preference account.username secret.password ip mac imei device.adid cookie.id login.token order.id "
    "order.item "
    "order.amount order.time payment.method payment.ref card.pan card.expiry card.cvv card.track card.pin bank.account "
    "bank.name bank.cnaps ewallet.account balance statement invoice.no invoice.title contract.no logistics.no "
    "credit.score "
    "credit.report points tier pref.language pref.marketing pref.personalised pref.interest profile.tag "
    "profile.segment "
    "profile.value behaviour.browse behaviour.search pref.cookie pref.time pref.store pref.diet fb.rating fb.nps "
    "fb.comment "
    "fb.complaint fb.survey fb.call fb.chat fb.attachment fb.service bio.face bio.finger bio.palm bio.iris "
    "bio.voiceprint "
    "bio.gene health.record health.basic health.insurance health.disability belief.religion belief.political union "
    "sexual "
    "crime.record identity.special loc.precise loc.track loc.rough lodging travel property id.photo comm.content "
    "comm.contacts minor.flag minor.guardian minor.school text.short text.long number.integer number.decimal quantity "
    "flag "
    "date time code";

TEST(Catalogue, has_every_kind_and_no_other) {
    std::set<std::string_view> want;
    for (const std::string_view key : split(kKeys, ' ')) want.insert(key);
    std::set<std::string_view> have;
    for (const DataType* type : all_types()) have.insert(type->key());
    EXPECT_EQ(have, want);
}

TEST(Catalogue, gives_each_kind_titles_a_grade_and_a_known_retention) {
    const std::set<std::string_view> kRetention = {"RA", "RP", "R0", "RT3", "RAML", "RACC", "RL6", "RC"};
    for (const DataType* type : all_types()) {
        EXPECT_EQ(find_type(type->key()), type);
        EXPECT_FALSE(type->title_en().empty() || type->title_zh_hans().empty() || type->title_zh_hant().empty())
            << type->key();
        EXPECT_GE(type->default_grade(), 1);
        EXPECT_LE(type->default_grade(), 4);
        EXPECT_TRUE(kRetention.contains(type->retention())) << type->key();
        if (type->sensitive()) EXPECT_GE(type->default_grade(), 3) << type->key();
    }
}

TEST(Catalogue, refuses_what_may_never_be_stored) {
    for (const char* key : {"card.cvv", "card.track", "card.pin", "secret.password", "bio.gene", "sexual"}) {
        EXPECT_FALSE(find_type(key)->storable()) << key;
        EXPECT_FALSE(find_type(key)->canonical("123").has_value()) << key;
        EXPECT_EQ(find_type(key)->mask("123"), "***") << key;
    }
}

}  // namespace
}  // namespace cloister::datatypes
