// Section 5 of the catalogue: what somebody told us. Free text is masked by taking out what the scanner finds in it.
#include "datatypes/personal_text.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

std::string nps_band(std::string_view score) {
    if (score == "9" || score == "10") return "promoter";
    return score == "7" || score == "8" ? "passive" : "detractor";
}

}  // namespace

std::vector<TypeSpec> feedback_types() {
    using enum Sensitive;
    constexpr auto kText = Shape::text;
    return {
        {{"fb.rating", "rating", "评分", "評分"}, Shape::integer, 1, no, "RA", "4", integer<1, 5>},
        {{"fb.nps", "recommendation score", "净推荐值", "淨推薦值"},
         Shape::integer,
         1,
         no,
         "RA",
         "9",
         integer<0, 10>,
         nullptr,
         nullptr,
         {nps_band}},
        {{"fb.comment", "comment", "评价内容", "評價內容"},
         kText,
         2,
         in_context,
         "RA",
         "Please call 13800138000 about the parcel.",
         prose<10000>,
         redact,
         fold_for_index,
         {redact}},
        {{"fb.complaint", "complaint", "投诉", "申訴"},
         kText,
         3,
         in_context,
         "RT3",
         "The parcel came open.",
         prose<10000>,
         redact,
         fold_for_index,
         {redact}},
        {{"fb.survey", "survey answer", "问卷答案", "問卷答案"},
         kText,
         2,
         in_context,
         "RP",
         "Q3: often",
         prose<2000>,
         redact,
         fold_for_index,
         {redact}},
        {{"fb.call", "call transcript", "通话录音", "通話錄音"},
         kText,
         3,
         in_context,
         "RP",
         "Good morning, ...",
         prose<10000>,
         redact,
         nullptr,
         {redact}},
        {{"fb.chat", "chat record", "客服聊天记录", "客服對話紀錄"},
         kText,
         3,
         in_context,
         "RT3",
         "Hello, my mail is a@example.com",
         prose<10000>,
         redact,
         nullptr,
         {redact}},
        {{"fb.attachment", "attachment", "附件", "附件"}, kText, 3, in_context, "RP", "receipt.pdf", line<255>, hide},
        {{"fb.service", "service ticket", "工单", "服務工單"},
         kText,
         2,
         no,
         "RT3",
         "T-2026-0117 open",
         line<200>,
         redact,
         fold_for_index,
         {redact}},
    };
}

}  // namespace cloister::datatypes::internal
