// Section 4 of the catalogue: what somebody likes and has agreed to.
#include <algorithm>

#include "base/text.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

// BCP 47: language, then script, region and variants, each in its usual case.
Result<std::string> language_tag(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, bounded_line(input, {2, 35}));
    std::replace(text.begin(), text.end(), '_', '-');
    std::string out;
    for (const std::string_view part : split(text, '-')) {
        if (!all_alnum(part) || part.size() > 8) return refused("is not a language tag of BCP 47");
        std::string sub = to_lower_ascii(part);
        const bool letters = std::all_of(sub.begin(), sub.end(), is_letter);
        if (out.empty() && (!letters || sub.size() < 2)) return refused("is not a language tag of BCP 47");
        const bool after_singleton = out.size() >= 2 && out[out.size() - 2] == '-';
        if (!out.empty() && !after_singleton && letters && sub.size() == 2) sub = upper_ascii(sub);
        if (!out.empty() && !after_singleton && letters && sub.size() == 4)
            sub[0] = static_cast<char>(sub[0] - 'a' + 'A');
        out += (out.empty() ? "" : "-") + sub;
    }
    return out;
}
std::string language_of(std::string_view tag) { return std::string(tag.substr(0, tag.find('-'))); }

constexpr std::string_view kGranted[] = {"true", "yes", "y", "1", "是", "同意"};
constexpr std::string_view kRefused[] = {"false", "no", "n", "0", "否", "不同意", "拒绝"};
constexpr std::string_view kWithdrawn[] = {"撤回", "已撤回"};
constexpr std::string_view kNeverAsked[] = {"never asked", "未询问"};
constexpr CodeRow kPermissions[] = {
    {"granted", kGranted}, {"refused", kRefused}, {"withdrawn", kWithdrawn}, {"never_asked", kNeverAsked}};

// One answer for everything, or per channel: "email:granted,sms:refused". A channel alone means granted.
Result<std::string> marketing(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_word(input, {1, 200}));
    if (const auto code = find_code(kPermissions, text)) return std::string(*code);
    CLOISTER_ASSIGN_OR_RETURN(const std::string joined, tags(text));
    std::string out;
    for (const std::string_view item : split(joined, ',')) {
        const auto colon = item.find(':');
        CLOISTER_ASSIGN_OR_RETURN(const std::string channel, bounded_code(item.substr(0, colon), {1, 30}, "_-"));
        const auto state =
            colon == std::string_view::npos ? "granted" : find_code(kPermissions, item.substr(colon + 1));
        if (!state) return refused("has an answer other than granted, refused, withdrawn or never_asked");
        out += (out.empty() ? "" : ",") + channel + ":" + std::string(*state);
    }
    return out;
}

// "category:choice" pairs, for example "analytics:refused,gpc:on".
Result<std::string> cookie_choices(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_word(input, {3, 400}));
    CLOISTER_ASSIGN_OR_RETURN(const std::string joined, tags(text));
    for (const std::string_view item : split(joined, ','))
        if (item.find(':') == std::string_view::npos || item.find(':') == 0 || item.ends_with(':'))
            return refused("is not a list of category:choice");
    return joined;
}

std::string tags_key(std::string_view text) {
    const std::string folded = fold_for_index(text);
    std::vector<std::string_view> parts = split(folded, ',');
    std::sort(parts.begin(), parts.end());
    std::string out;
    for (const std::string_view part : parts) out += (out.empty() ? "" : ",") + std::string(part);
    return out;
}

// The groups of "group/tag" tags, each once; a tag without a group is its own.
std::string tag_groups(std::string_view text) {
    std::vector<std::string> groups;
    for (const std::string_view tag : split(text, ',')) groups.emplace_back(tag.substr(0, tag.find('/')));
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    std::string out;
    for (const std::string& group : groups) out += (out.empty() ? "" : ",") + group;
    return out;
}

std::string page_of(std::string_view url) { return std::string(url.substr(0, url.find_first_of("?#"))); }
std::string section_of(std::string_view url) {
    std::string page = page_of(url);
    const auto scheme = page.find("://");
    const auto path = page.find('/', scheme == std::string::npos ? 0 : scheme + 3);
    if (path == std::string::npos) return page;
    return page.substr(0, page.find('/', path + 1));
}

}  // namespace

std::vector<TypeSpec> preference_types() {
    using enum Sensitive;
    constexpr auto kText = Shape::text;
    return {
        {{"pref.language", "language", "语言", "語言"},
         kText,
         1,
         no,
         "RA",
         "zh-Hans-CN",
         language_tag,
         nullptr,
         nullptr,
         {language_of}},
        {{"pref.marketing", "marketing permission", "营销许可", "行銷同意"},
         kText,
         2,
         no,
         "RC",
         "email:granted,sms:refused",
         marketing},
        {{"pref.personalised", "personalised display", "个性化推荐开关", "個人化推薦開關"},
         Shape::boolean,
         2,
         no,
         "RA",
         "true",
         flag},
        {{"pref.interest", "interests", "兴趣爱好", "興趣愛好"},
         Shape::tags,
         2,
         in_context,
         "RA",
         "books,sport/running",
         tags,
         nullptr,
         tags_key,
         {tag_groups}},
        {{"profile.tag", "profile tags", "用户标签", "使用者標籤"},
         Shape::tags,
         3,
         in_context,
         "RA",
         "stated/early-bird",
         tags,
         nullptr,
         tags_key,
         {tag_groups}},
        {{"profile.segment", "segment", "客户分群", "客戶分群"}, kText, 2, no, "RA", "frequent", word<60>},
        {{"profile.value", "lifetime value", "客户价值", "客戶價值"},
         Shape::decimal,
         2,
         no,
         "RA",
         "830.5",
         plain_decimal,
         nullptr,
         nullptr,
         {narrow_band, wide_band}},
        {{"behaviour.browse", "browsing record", "浏览记录", "瀏覽紀錄"},
         kText,
         3,
         in_context,
         "RL6",
         "/shop/books/42?from=home",
         line<2000>,
         page_of,
         nullptr,
         {page_of, section_of}},
        {{"behaviour.search", "search words", "搜索记录", "搜尋紀錄"},
         kText,
         3,
         in_context,
         "RL6",
         "running shoes",
         line<200>,
         hide,
         fold_for_index},
        {{"pref.cookie", "cookie choices", "Cookie 偏好", "Cookie 偏好"},
         Shape::tags,
         2,
         no,
         "RC",
         "analytics:refused,gpc:on",
         cookie_choices,
         nullptr,
         tags_key},
        {{"pref.time", "preferred time", "偏好时段", "偏好時段"}, kText, 2, no, "RA", "09:00-12:00", word<40>},
        {{"pref.store", "preferred branch", "偏好门店", "偏好門市"},
         kText,
         2,
         no,
         "RA",
         "branch 7",
         line<100>,
         nullptr,
         fold_for_index},
        {{"pref.diet", "diet", "饮食偏好", "飲食偏好"},
         Shape::tags,
         3,
         in_context,
         "RP",
         "vegetarian",
         tags,
         hide,
         tags_key},
    };
}

}  // namespace cloister::datatypes::internal
