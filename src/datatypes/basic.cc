// Section 1 of the catalogue: who somebody is.
#include <unicode/uchar.h>

#include "datatypes/codes.h"
#include "datatypes/dates.h"
#include "datatypes/image.h"
#include "datatypes/names.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

std::string five_years(std::string_view age) {
    const int first = std::stoi(std::string(age)) / 5 * 5;
    return std::to_string(first) + ".." + std::to_string(first + 4);
}
std::string ten_years(std::string_view age) {
    const int first = std::stoi(std::string(age)) / 10 * 10;
    return std::to_string(first) + ".." + std::to_string(first + 9);
}
std::string adult_or_minor(std::string_view age) { return std::stoi(std::string(age)) >= 18 ? "adult" : "minor"; }

Result<std::string> division_code(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, digit_identifier(input, {6, 6}));
    if (text[0] < '1' || text[0] > '8') return refused("is not a division code of GB/T 2260");
    return text;
}

Result<std::string> money_detail(std::string_view input) { return decimal(input, {.scale = 4, .least_scale = 2}); }

// "10000..19999": bands of ten thousand; the sign stays.
std::string ten_thousands(std::string_view amount) {
    const bool negative = amount.starts_with('-');
    if (negative) amount.remove_prefix(1);
    const auto whole = amount.substr(0, amount.find('.'));
    const std::string head = whole.size() > 4 ? std::string(whole.substr(0, whole.size() - 4)) : "";
    return (negative ? "-" : "") + (head.empty() ? "0..9999" : head + "0000.." + head + "9999");
}

}  // namespace

std::vector<TypeSpec> basic_types() {
    using enum Sensitive;
    return {
        {{"name.full", "full name", "姓名", "姓名"},
         Shape::text,
         3,
         no,
         "RA",
         "欧阳小明",
         name,
         mask_name,
         fold_for_index,
         {surname_of}},
        {{"name.given", "given name", "名", "名"},
         Shape::text,
         3,
         no,
         "RA",
         "小明",
         name,
         mask_given_name,
         fold_for_index},
        {{"name.family", "family name", "姓", "姓"}, Shape::text, 2, no, "RA", "欧阳", name, nullptr, fold_for_index},
        {{"name.former", "former name", "曾用名", "曾用名"},
         Shape::text,
         3,
         no,
         "RA",
         "张小三",
         name,
         mask_name,
         fold_for_index},
        {{"name.alias", "alias", "别名", "別名"}, Shape::text, 3, no, "RA", "阿明", name, mask_name, fold_for_index},
        {{"name.latin", "romanised name", "拼音姓名", "羅馬拼音姓名"},
         Shape::text,
         3,
         no,
         "RA",
         "Ouyang Xiaoming",
         latin_name,
         mask_name,
         latin_name_key,
         {latin_initial}},
        {{"sex", "sex", "性别", "性別"}, Shape::text, 2, no, "RA", "2", sex},
        {{"birth.date", "date of birth", "出生日期", "出生日期"},
         Shape::date,
         3,
         no,
         "RA",
         "1990-02-28",
         birth_date,
         mask_birth_date,
         nullptr,
         {month_of, year_of, five_years_of, decade_of}},
        {{"age", "age", "年龄", "年齡"},
         Shape::integer,
         2,
         no,
         "RA",
         "36",
         integer<0, 130>,
         nullptr,
         nullptr,
         {five_years, ten_years, adult_or_minor}},
        {{"nationality", "nationality", "国籍", "國籍"},
         Shape::text,
         2,
         no,
         "RA",
         "CHN",
         nationality,
         nullptr,
         country_alpha3,
         {region_of}},
        {{"ethnicity", "ethnic group", "民族", "民族"},
         Shape::text,
         3,
         in_context,
         "RP",
         "01",
         ethnicity,
         hide,
         nullptr,
         {majority_or_not}},
        {{"native_place", "native place", "籍贯", "籍貫"},
         Shape::text,
         2,
         no,
         "RP",
         "440304",
         division_code,
         head_tail<2, 0, 4>,
         nullptr,
         {first_characters<4>, first_characters<2>}},
        {{"marital", "marital status", "婚姻状况", "婚姻狀況"},
         Shape::text,
         3,
         by_profile,
         "RP",
         "20",
         marital,
         hide,
         nullptr,
         {married_or_not}},
        {{"education", "education", "学历", "學歷"},
         Shape::text,
         2,
         no,
         "RP",
         "20",
         education,
         nullptr,
         nullptr,
         {tertiary_or_not}},
        {{"occupation", "occupation", "职业", "職業"},
         Shape::text,
         2,
         in_context,
         "RA",
         "technician",
         line<100>,
         nullptr,
         fold_for_index},
        {{"employer", "employer", "单位", "任職機構"},
         Shape::text,
         2,
         in_context,
         "RA",
         "示例科技有限公司",
         line<100>,
         head_tail<2, 0, 3>,
         fold_for_index},
        {{"job.title", "job title", "职务", "職稱"},
         Shape::text,
         2,
         in_context,
         "RA",
         "engineer",
         line<100>,
         nullptr,
         fold_for_index},
        {{"income.detail", "income detail", "收入明细", "收入明細"},
         Shape::decimal,
         4,
         by_law,
         "RP",
         "18500.00",
         money_detail,
         hide,
         nullptr,
         {ten_thousands, wide_band}},
        {{"family.member", "family relation", "家庭关系", "家庭關係"},
         Shape::text,
         3,
         in_context,
         "RP",
         "张小三",
         line<100>,
         mask_name,
         fold_for_index},
        {{"photo.portrait", "portrait photo", "照片", "照片"}, Shape::text, 3, in_context, "RA", "", image, hide},
        {{"customer.id", "customer number", "客户编号", "客戶編號"},
         Shape::text,
         2,
         no,
         "RA",
         "C000000017",
         code<1, 64>},
        {{"customer.type", "person, firm or sole trader", "客户类型", "客戶類型"},
         Shape::text,
         1,
         no,
         "RA",
         "person",
         customer_type},
    };
}

}  // namespace cloister::datatypes::internal
