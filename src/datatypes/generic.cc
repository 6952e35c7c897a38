// Types without a meaning of their own, for fields that the catalogue does not know.
#include <limits>

#include "datatypes/dates.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {

std::vector<TypeSpec> generic_types() {
    using enum Sensitive;
    constexpr long long kMin = std::numeric_limits<long long>::min();
    constexpr long long kMax = std::numeric_limits<long long>::max();
    return {
        {{"text.short", "short text", "短文本", "短文字"},
         Shape::text,
         2,
         no,
         "RA",
         "blue label",
         line<200>,
         nullptr,
         fold_for_index},
        {{"text.long", "long text", "长文本", "長文字"},
         Shape::text,
         2,
         in_context,
         "RA",
         "a longer remark",
         prose<10000>,
         hide,
         fold_for_index},
        {{"number.integer", "whole number", "整数", "整數"},
         Shape::integer,
         2,
         no,
         "RA",
         "42",
         integer<kMin, kMax>,
         nullptr,
         nullptr,
         {narrow_band, wide_band}},
        {{"number.decimal", "decimal number", "小数", "小數"},
         Shape::decimal,
         2,
         no,
         "RA",
         "12.5",
         plain_decimal,
         nullptr,
         nullptr,
         {narrow_band, wide_band}},
        {{"quantity", "quantity", "数量", "數量"},
         Shape::integer,
         1,
         no,
         "RT3",
         "12",
         integer<kMin, kMax>,
         nullptr,
         nullptr,
         {narrow_band, wide_band}},
        {{"flag", "yes or no", "是否", "是否"}, Shape::boolean, 1, no, "RA", "true", flag},
        {{"date", "date", "日期", "日期"},
         Shape::date,
         2,
         no,
         "RA",
         "2026-02-28",
         date,
         nullptr,
         nullptr,
         {month_of, year_of, decade_of}},
        {{"time", "point in time", "时间", "時間"},
         Shape::time,
         2,
         no,
         "RA",
         "2026-01-31T08:15:00Z",
         date_time,
         nullptr,
         nullptr,
         {day_of, month_of, year_of}},
        {{"code", "code", "代码", "代碼"}, Shape::text, 1, no, "RA", "A-17", code<1, 64>},
    };
}

}  // namespace cloister::datatypes::internal
