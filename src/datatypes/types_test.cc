// Known answers per type: what is accepted and how it is written, what is refused, and what a mask shows.
#include <gtest/gtest.h>

#include "datatypes/datatype.h"

namespace cloister::datatypes {
namespace {

const DataType& type(std::string_view key) {
    const DataType* found = find_type(key);
    CLOISTER_ASSERT(found != nullptr);
    return *found;
}
std::string canonical(std::string_view key, std::string_view input) {
    const auto result = type(key).canonical(input);
    return result ? *result : "refused: " + result.error().detail();
}
bool refuses(std::string_view key, std::string_view input) { return !type(key).canonical(input).has_value(); }
std::string mask(std::string_view key, std::string_view input) {
    return type(key).mask(type(key).canonical(input).value());
}
std::string normal(std::string_view key, std::string_view input) {
    return type(key).normalise(type(key).canonical(input).value());
}

struct Sample {
    const char* key;
    const char* input;
    const char* canonical;
};
class Accepts : public testing::TestWithParam<Sample> {};
TEST_P(Accepts, and_writes_in_one_way) { EXPECT_EQ(canonical(GetParam().key, GetParam().input), GetParam().canonical); }

INSTANTIATE_TEST_SUITE_P(
    Values, Accepts,
    testing::Values(
        Sample{"sex", "男", "1"}, Sample{"sex", "F", "2"}, Sample{"sex", "unknown", "0"}, Sample{"sex", "９", "9"},
        Sample{"birth.date", "1985/3/7", "1985-03-07"}, Sample{"birth.date", "19850307", "1985-03-07"},
        Sample{"birth.date", "1985年3月7日", "1985-03-07"}, Sample{"birth.date", "1985.03.07", "1985-03-07"},
        Sample{"birth.date", "１９８５－０３－０７", "1985-03-07"}, Sample{"nationality", "cn", "CN"},
        Sample{"nationality", "gbr", "GBR"}, Sample{"nationality", "中国", "CHN"},
        Sample{"nationality", "中国香港", "HKG"}, Sample{"nationality", "EIRE", "IRL"}, Sample{"marital", "已婚", "20"},
        Sample{"marital", "離異", "40"}, Sample{"marital", "Separated", "separated"},
        Sample{"education", "tertiary", "20"}, Sample{"education", "中学", "secondary"},
        Sample{"ethnicity", "汉族", "01"}, Sample{"ethnicity", "土族", "30"}, Sample{"name.full", "李 军", "李军"},
        Sample{"name.full", "阿不都热合曼.依明", "阿不都热合曼·依明"},
        Sample{"name.full", "O'Brien,  Anne-Marie", "O'Brien, Anne-Marie"}, Sample{"flag", "是", "true"},
        Sample{"flag", "N", "false"}, Sample{"customer.type", "个人", "person"}, Sample{"age", "036", "36"},
        Sample{"id.any", "11010519491231002x", "11010519491231002X"},
        Sample{"id.any", "11010519491231002×", "11010519491231002X"},
        Sample{"id.any", "'110105 194912310 02X", "11010519491231002X"}, Sample{"id.any", "M305271(6)", "M305271(6)"},
        Sample{"id.any", "M3052716", "M305271(6)"}, Sample{"id.any", "A123456789", "A123456789"},
        Sample{"id.any", "WB831512A", "WB831512A"}, Sample{"id.any", "756.0633.9523.96", "7560633952396"},
        Sample{"id.any", "180870-204P", "180870204P"}, Sample{"id.any", "708 081 146", "708081146"},
        Sample{"id.hk", "g123456a", "G123456(A)"}, Sample{"id.mo", "12345678", "1234567(8)"},
        Sample{"id.cn.foreign_pr", "abc110012345678", "ABC110012345678"},
        Sample{"id.military.cn", "军字第1234567号", "军字第1234567号"}, Sample{"tax.id", "04595257", "04595257"},
        Sample{"org.code9", "d2143569x", "D2143569-X"}, Sample{"plate.cn", "京A·12345", "京A12345"},
        Sample{"plate.cn", "粤bd12345", "粤BD12345"}, Sample{"vin", "1m8gdm9axkp042788", "1M8GDM9AXKP042788"},
        Sample{"phone.any", "138-0013-8000", "+8613800138000"},
        Sample{"phone.any", "0086 13800138000", "+8613800138000"},
        Sample{"phone.any", "86-13800138000", "+8613800138000"}, Sample{"phone.any", "013800138000", "+8613800138000"},
        Sample{"phone.any", "＋４４７７００９００１２３", "+447700900123"},
        Sample{"phone.any", "(+44) 7700900123", "+447700900123"},
        Sample{"phone.any", "00447700900123", "+447700900123"}, Sample{"phone.any", "010-82760409", "+861082760409"},
        Sample{"phone.landline", "0755-82760409-123", "+8675582760409;ext=123"},
        Sample{"phone.mobile.hk", "9123 4567", "+85291234567"}, Sample{"phone.mobile.mo", "66123456", "+85366123456"},
        Sample{"phone.mobile.tw", "0912-345-678", "+886912345678"},
        Sample{"email", "Zhang@EXAMPLE.com", "Zhang@example.com"},
        Sample{"email", "a@bücher.example", "a@xn--bcher-kva.example"},
        Sample{"email", "用户@example.com", "用户@example.com"}, Sample{"postcode", "e10 6tw", "E10 6TW"},
        Sample{"im.qq", "123456789", "123456789"}, Sample{"ip", "2001:0DB8::0001", "2001:db8::1"},
        Sample{"mac", "00-00-5e-00-53-01", "00:00:5E:00:53:01"}, Sample{"order.amount", "12.5 gbp", "12.50 GBP"},
        Sample{"order.amount", "£12.50", "12.50 GBP"}, Sample{"order.amount", "12.5", "12.50"},
        Sample{"order.amount", "GBP 0012.5000", "12.50 GBP"}, Sample{"order.amount", "-0.0", "0.00"},
        Sample{"order.time", "2025-01-27T14:18:00", "2025-01-27T14:18:00Z"},
        Sample{"order.time", "2025-01-27 14:18", "2025-01-27T14:18:00Z"},
        Sample{"order.time", "2025-01-27T14:18:00.5+08:00", "2025-01-27T06:18:00.500000Z"},
        Sample{"payment.method", "微信支付", "wechat_pay"},
        Sample{"card.pan", "4111 1111 1111 1111", "4111111111111111"},
        Sample{"card.pan", "6226657095298496", "6226657095298496"}, Sample{"card.expiry", "11/2030", "11/30"},
        Sample{"card.expiry", "1/30", "01/30"},
        Sample{"bank.account", "de89 3704 0044 0532 0130 00", "DE89370400440532013000"},
        Sample{"pref.interest", "水果|家电、水果；书籍", "水果,家电,书籍"}, Sample{"pref.marketing", "Y", "granted"},
        Sample{"pref.marketing", "email, sms:拒绝", "email:granted,sms:refused"},
        Sample{"pref.language", "ZH_hans_cn", "zh-Hans-CN"}, Sample{"number.decimal", "+0012.500", "12.5"},
        Sample{"number.integer", "-7", "-7"}, Sample{"quantity", "-12", "-12"},
        Sample{"loc.precise", "39.9042, 116.4074", "39.904200,116.407400"}, Sample{"fb.comment", " a\r\nb ", "a\nb"}),
    [](const auto& param) { return "n" + std::to_string(param.index); });

struct Refusal {
    const char* key;
    const char* input;
};
class Refuses : public testing::TestWithParam<Refusal> {};
TEST_P(Refuses, with_a_reason) {
    const auto result = type(GetParam().key).canonical(GetParam().input);
    ASSERT_FALSE(result.has_value()) << *result;
    EXPECT_EQ(result.error().code(), ErrorCode::invalid_argument);
    EXPECT_FALSE(result.error().detail().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Values, Refuses,
    testing::Values(
        Refusal{"birth.date", "07/03/1985"}, Refusal{"birth.date", "08-16-88"}, Refusal{"birth.date", "34937"},
        Refusal{"birth.date", "1985-13-02"}, Refusal{"birth.date", "1985-02-29"}, Refusal{"birth.date", "1899-12-31"},
        Refusal{"birth.date", "2999-01-01"}, Refusal{"birth.date", ""}, Refusal{"name.full", "无"},
        Refusal{"name.full", "NULL"}, Refusal{"name.full", "¿ººé¹â"}, Refusal{"name.full", "GÃ¼nther"},
        Refusal{"name.full", "R2D2"}, Refusal{"name.latin", "张三"}, Refusal{"sex", "-"}, Refusal{"nationality", "XX"},
        Refusal{"nationality", "Atlantis"}, Refusal{"id.any", "110105194912310021"},
        Refusal{"id.any", "ID:11010519491231002X"}, Refusal{"id.any", "+447555171000"}, Refusal{"id.any", "A123456788"},
        Refusal{"id.any", "NULL"}, Refusal{"id.any", "N/A"}, Refusal{"id.any", "A123456(4)"},
        Refusal{"id.cn.resident", "01010519491231002X"}, Refusal{"id.cn.resident", "110105194913310027"},
        Refusal{"id.cn.hmt_residence", "11010519491231002X"}, Refusal{"id.passport", "ABCDEFG"},
        Refusal{"phone.any", "12370013800"}, Refusal{"phone.any", "1380013800"}, Refusal{"phone.any", "138001380001"},
        Refusal{"phone.any", "00000000000"}, Refusal{"phone.any", "123456"}, Refusal{"phone.any", "13800******"},
        Refusal{"phone.any", "138001380O0"}, Refusal{"phone.any", "+0447700900123"}, Refusal{"phone.any", "XM189420C"},
        Refusal{"phone.any", "370102198401307416"}, Refusal{"phone.any", "+8612300138000"},
        Refusal{"phone.intl", "13800138000"}, Refusal{"email", "che n@example.com"}, Refusal{"email", "a@b"},
        Refusal{"email", "a..b@example.com"}, Refusal{"email", "a@-b.example"}, Refusal{"email", "a@example.123"},
        Refusal{"card.pan", "4111111111111112"}, Refusal{"card.pan", "411111111111"},
        Refusal{"card.pan", "41111111111111111111"}, Refusal{"card.pan", "4111x11111111111"},
        Refusal{"card.expiry", "13/30"}, Refusal{"card.cvv", "123"}, Refusal{"card.pin", "1234"},
        Refusal{"secret.password", "hunter2"}, Refusal{"order.amount", "12.34567"}, Refusal{"order.amount", "1,234.50"},
        Refusal{"order.amount", "12 QQQ"}, Refusal{"order.time", "yesterday"}, Refusal{"fb.rating", "6"},
        Refusal{"fb.rating", "4.5"}, Refusal{"flag", "maybe"}, Refusal{"ip", "256.1.1.1"},
        Refusal{"mac", "00:00:00:00:00:00"}, Refusal{"mac", "02:00:5e:00:53:01"}, Refusal{"imei", "490154203237519"},
        Refusal{"im.wechat", "1abcdef"}, Refusal{"postcode", "NULL"},
        Refusal{"device.adid", "00000000-0000-0000-0000-000000000000"}, Refusal{"code", "a b"},
        Refusal{"number.integer", "+-5"}, Refusal{"number.integer", "99999999999999999999"},
        Refusal{"loc.precise", "91,0"}, Refusal{"photo.portrait", "aGVsbG8="}, Refusal{"text.short", "\xff"}),
    [](const auto& param) { return "n" + std::to_string(param.index); });

TEST(Mask, shows_what_the_catalogue_allows) {
    EXPECT_EQ(mask("name.full", "张三"), "张*");
    EXPECT_EQ(mask("name.full", "张小三"), "张*三");
    EXPECT_EQ(mask("name.full", "欧阳小明"), "欧**明");
    EXPECT_EQ(mask("name.full", "李𬸪"), "李*");
    EXPECT_EQ(mask("name.full", "阿不都热合曼·依明"), "阿***");
    EXPECT_EQ(mask("name.full", "John Smith"), "J*** S***");
    EXPECT_EQ(mask("birth.date", "1990-02-28"), "1990-**-**");
    EXPECT_EQ(mask("id.cn.resident", "11010519491231002X"), "110105********002X");
    EXPECT_EQ(mask("id.cn.resident15", "110105491231002"), "110105******002");
    EXPECT_EQ(mask("id.any", "11010519491231002X"), "1****************X");
    EXPECT_EQ(mask("id.hk", "A123456(3)"), "A12***(*)") << "the letter and two digits";
    EXPECT_EQ(mask("id.hk", "AB987654(3)"), "AB98***(*)");
    EXPECT_EQ(mask("id.mo", "1234567(8)"), "1******(*)");
    EXPECT_EQ(mask("id.tw", "A123456789"), "A12****789");
    EXPECT_EQ(mask("id.passport", "E12345678"), "E*****678");
    EXPECT_EQ(mask("plate.cn", "京A12345"), "京A·1***5");
    EXPECT_EQ(mask("phone.any", "13800138000"), "138****8000");
    EXPECT_EQ(mask("phone.mobile.hk", "91234567"), "9123****");
    EXPECT_EQ(mask("phone.mobile.tw", "0912345678"), "0912***678");
    EXPECT_EQ(mask("phone.landline", "010-55551234"), "010-****1234");
    EXPECT_EQ(mask("phone.intl", "+447700900123"), "+44******23");
    EXPECT_EQ(mask("email", "zhang@example.com"), "z****@example.com");
    EXPECT_EQ(mask("address.full", "北京市海淀区示范路88号5号楼301室"), "北京市海淀区********");
    EXPECT_EQ(mask("address.full", "四川省甘孜藏族自治州炉霍县下罗柯马乡星海路399号"),
              "四川省甘孜藏族自治州炉霍县********");
    EXPECT_EQ(mask("address.full", "86 Broad Lane, Sheffield S17 1AW"), "********, Sheffield");
    EXPECT_EQ(mask("address.home", "广东省深圳市南山区示范路88号"), "广东省深圳市********");
    EXPECT_EQ(mask("card.pan", "4111111111111111"), "411111******1111");
    EXPECT_EQ(mask("card.expiry", "11/30"), "**/**");
    EXPECT_EQ(mask("order.amount", "12.50 GBP"), "***");
    EXPECT_EQ(mask("ip", "203.0.113.7"), "203.0.113.*");
    EXPECT_EQ(mask("ip", "2001:db8:1:2::7"), "2001:db8:1::*");
    EXPECT_EQ(mask("fb.comment", "call 138 0013 8000 or a@b.example, order 536365"), "call *** or ***, order 536365");
    EXPECT_EQ(mask("contact.emergency", "张小三 13800138000"), "张*三 138****8000");
}

TEST(Mask, hides_everything_that_is_not_canonical) {
    for (const DataType* one : all_types())
        for (const char* text : {"", "\xff", " x ", "\n\n", "\x01"}) EXPECT_EQ(one->mask(text), "***") << one->key();
}

TEST(Normalise, makes_spellings_of_the_same_person_equal) {
    EXPECT_EQ(normal("name.full", "張國華"), normal("name.full", "张国华"));
    EXPECT_EQ(normal("email", "Zhang@Example.com"), normal("email", "zhang@example.com"));
    EXPECT_EQ(normal("phone.any", "+86 138 0013 8000"), normal("phone.any", "13800138000"));
    EXPECT_EQ(normal("id.any", "110105491231002"), normal("id.any", "11010519491231002X"));
    EXPECT_EQ(normal("id.any", "A123456(3)"), normal("id.any", "A1234563"));
    EXPECT_EQ(normal("nationality", "CN"), normal("nationality", "CHN"));
    EXPECT_EQ(normal("address.full", "臺北市 中正區88號"), normal("address.full", "台北市中正区８８号"));
    EXPECT_EQ(normal("pref.interest", "b,a"), normal("pref.interest", "a|b"));
}

TEST(Generalise, climbs_the_ladder) {
    const auto level = [](const char* key, const char* value, int at) {
        return type(key).generalise(type(key).canonical(value).value(), at);
    };
    EXPECT_EQ(level("birth.date", "1987-03-07", 1), "1987-03");
    EXPECT_EQ(level("birth.date", "1987-03-07", 3), "1985..1989");
    EXPECT_EQ(level("birth.date", "1987-03-07", 5), "*");
    EXPECT_EQ(level("name.full", "欧阳小明", 1), "欧阳");
    EXPECT_EQ(level("id.cn.resident", "11010519491231002X", 1), "1949/F/11");
    EXPECT_EQ(level("nationality", "DE", 1), "Europe");
    EXPECT_EQ(level("address.full", "海南省临高县临城镇先光13组25号", 2), "海南省临高县");
    EXPECT_EQ(level("address.full", "海南省临高县临城镇先光13组25号", 3), "海南省");
    EXPECT_EQ(level("order.amount", "37.20 GBP", 1), "20..50 GBP");
    EXPECT_EQ(level("order.amount", "37.20 GBP", 2), "10..100 GBP");
    EXPECT_EQ(level("age", "17", 3), "minor");
    EXPECT_EQ(level("loc.precise", "39.904234,116.407412", 3), "39.90,116.40");
    EXPECT_EQ(type("loc.precise").normalise("39.904200,116.407400").substr(0, 5), "wx4g0");
}

TEST(Refusal, of_an_ambiguous_date_says_so) {
    EXPECT_NE(type("birth.date").canonical("07/03/1985").error().detail().find("ambiguous"), std::string::npos);
    EXPECT_NE(type("id.any").canonical("110105194912310021").error().detail().find("check digit"), std::string::npos);
}

TEST(FindType, knows_no_others) {
    EXPECT_EQ(find_type("no.such"), nullptr);
    EXPECT_EQ(find_type(""), nullptr);
    EXPECT_TRUE(refuses("card.track", "anything"));
}

}  // namespace
}  // namespace cloister::datatypes
