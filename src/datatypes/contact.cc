// Section 2 of the catalogue: how somebody is reached.
#include <algorithm>

#include "datatypes/addresses.h"
#include "datatypes/email.h"
#include "datatypes/phones.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

Result<std::string> wechat(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, bounded_code(input, {6, 20}, "_-"));
    if (!is_letter(text[0])) return refused("does not begin with a letter");
    return text;
}
Result<std::string> qq(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, digit_identifier(input, {5, 12}));
    if (text[0] == '0') return refused("begins with a zero");
    return text;
}
Result<std::string> handle(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, bounded_line(input, {2, 100}));
    if (is_placeholder(text)) return refused("is a placeholder, not a handle");
    return text;
}
// The platform of "telegram:somebody"; a bare handle does not say.
std::string platform(std::string_view handle) {
    return handle.find(':') == std::string_view::npos ? "*" : lower_text(first_tag_kind(handle));
}
std::string mask_handle(std::string_view handle) { return mask_head_tail(handle, 2, 0, 3); }

// Name first, then the number: "张小三 138****1234".
std::string mask_emergency(std::string_view text) {
    const auto number = text.find_first_of("+0123456789");
    if (number == std::string_view::npos) return mask_name(text);
    std::string_view who = text.substr(0, number);
    while (who.ends_with(' ') || who.ends_with(',') || who.ends_with(':')) who.remove_suffix(1);
    const auto phone = any_phone(text.substr(number));
    const std::string masked = phone ? mask_phone(*phone) : "***";
    return who.empty() ? masked : mask_name(who) + " " + masked;
}

std::string mask_postcode(std::string_view text) { return mask_head_tail(text, 2, 0, 4); }

}  // namespace

std::vector<TypeSpec> contact_types() {
    using enum Sensitive;
    constexpr auto kText = Shape::text;
    const std::vector<TextFunction> to_country = {phone_country};
    const std::vector<TextFunction> places = {address_street, address_district, address_city, address_province,
                                              address_country};
    return {
        {{"phone.any", "telephone number", "电话号码", "電話號碼"},
         kText,
         3,
         no,
         "RA",
         "+8613800138000",
         any_phone,
         mask_phone,
         nullptr,
         to_country},
        {{"phone.mobile.cn", "mainland mobile", "手机号码", "手機號碼"},
         kText,
         3,
         no,
         "RA",
         "+8613800138000",
         mainland_mobile,
         mask_phone,
         nullptr,
         {phone_carrier_prefix}},
        {{"phone.mobile.hk", "Hong Kong mobile", "香港手机", "手提電話"},
         kText,
         3,
         no,
         "RA",
         "+85291234567",
         hong_kong_mobile,
         mask_phone},
        {{"phone.mobile.mo", "Macao mobile", "澳门手机", "手提電話"},
         kText,
         3,
         no,
         "RA",
         "+85366123456",
         macao_mobile,
         mask_phone},
        {{"phone.mobile.tw", "Taiwan mobile", "台湾手机", "行動電話"},
         kText,
         3,
         no,
         "RA",
         "+886912345678",
         taiwan_mobile,
         mask_phone},
        {{"phone.landline", "fixed line", "固定电话", "市話"},
         kText,
         3,
         no,
         "RA",
         "+861055551234",
         mainland_landline,
         mask_phone,
         nullptr,
         {phone_area}},
        {{"phone.intl", "international telephone number", "国际电话", "國際電話"},
         kText,
         3,
         no,
         "RA",
         "+447700900123",
         international_phone,
         mask_phone,
         nullptr,
         to_country},
        {{"email", "e-mail address", "电子邮箱", "電子郵件"},
         kText,
         3,
         no,
         "RA",
         "zhang.xiaosan@example.com",
         email,
         mask_email,
         email_key,
         {email_domain}},
        {{"address.full", "postal address", "通讯地址", "通訊地址"},
         kText,
         3,
         no,
         "RA",
         "北京市海淀区示范路88号5号楼301室",
         address,
         mask_to_district,
         letters_and_digits,
         places},
        {{"address.home", "home address", "家庭住址", "住家地址"},
         kText,
         3,
         in_context,
         "RA",
         "广东省深圳市南山区示范路88号",
         address,
         mask_to_city,
         letters_and_digits,
         places},
        {{"address.delivery", "delivery address", "收货地址", "收貨地址"},
         kText,
         3,
         no,
         "RT3",
         "广东省深圳市南山区示范路88号",
         address,
         mask_to_district,
         letters_and_digits,
         places},
        {{"postcode", "postal code", "邮政编码", "郵遞區號"},
         kText,
         2,
         no,
         "RA",
         "100080",
         postcode,
         mask_postcode,
         without_separators,
         {first_characters<4>, first_characters<2>}},
        {{"im.wechat", "WeChat ID", "微信号", "微信號"},
         kText,
         3,
         no,
         "RA",
         "wxid_example1",
         wechat,
         head_tail<2, 1, 3>,
         lower_text},
        {{"im.qq", "QQ number", "QQ号", "QQ號"}, kText, 3, no, "RA", "123456789", qq, head_tail<2, 2, 3>},
        {{"im.other", "social handle", "社交账号", "社群帳號"},
         kText,
         3,
         no,
         "RA",
         "telegram:zhang_example",
         handle,
         mask_handle,
         lower_text,
         {platform}},
        {{"contact.emergency", "emergency contact", "紧急联系人", "緊急聯絡人"},
         kText,
         3,
         no,
         "RP",
         "张小三 13800138000",
         line<100>,
         mask_emergency,
         letters_and_digits},
        {{"contact.preference", "preferred channel and hours", "联系偏好", "聯絡偏好"},
         kText,
         2,
         no,
         "RA",
         "email",
         word<60>},
    };
}

}  // namespace cloister::datatypes::internal
