#include "datatypes/codes.h"

#include <unicode/ucurr.h>

#include <algorithm>
#include <array>

#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

using W = std::string_view;

constexpr W kUnknown[] = {"unknown", "u", "未知"};
constexpr W kMale[] = {"male", "m", "man", "男", "男性"};
constexpr W kFemale[] = {"female", "f", "woman", "女", "女性"};
constexpr W kNotStated[] = {"not stated", "other", "x", "未说明"};
constexpr CodeRow kSexes[] = {{"0", kUnknown}, {"1", kMale}, {"2", kFemale}, {"9", kNotStated}};

constexpr W kSingle[] = {"single", "never married", "unmarried", "未婚"};
constexpr W kMarried[] = {"married", "已婚"};
constexpr W kFirstMarriage[] = {"first marriage", "初婚"};
constexpr W kRemarried[] = {"remarried", "再婚"};
constexpr W kReunited[] = {"remarried to the same person", "复婚"};
constexpr W kWidowed[] = {"widowed", "丧偶"};
constexpr W kDivorced[] = {"divorced", "离异", "离婚"};
constexpr W kMaritalUnknown[] = {"not stated", "unknown", "未说明", "未知"};
constexpr CodeRow kMarital[] = {{"10", kSingle},   {"20", kMarried}, {"21", kFirstMarriage}, {"22", kRemarried},
                                {"23", kReunited}, {"30", kWidowed}, {"40", kDivorced},      {"90", kMaritalUnknown}};

constexpr W kPostgraduate[] = {"postgraduate", "研究生"};
constexpr W kDoctor[] = {"doctorate", "phd", "博士", "博士研究生"};
constexpr W kMaster[] = {"master", "masters", "硕士", "硕士研究生"};
constexpr W kTertiary[] = {"tertiary", "bachelor", "university", "undergraduate", "大学", "本科", "大学本科"};
constexpr W kCollege[] = {"college", "junior college", "大专", "专科", "大学专科"};
constexpr W kVocational[] = {"vocational", "中专", "职高", "技校"};
constexpr W kSeniorHigh[] = {"senior high school", "high school", "高中", "普通高中"};
constexpr W kJuniorHigh[] = {"junior high school", "初中"};
constexpr W kPrimary[] = {"primary", "小学"};
constexpr W kEducationUnknown[] = {"other", "unknown", "其他", "未知"};
constexpr W kSecondary[] = {"中学"};  // either kind of high school: no code, so one word for both languages
constexpr CodeRow kEducation[] = {{"10", kPostgraduate},
                                  {"11", kDoctor},
                                  {"12", {}},
                                  {"13", {}},
                                  {"14", kMaster},
                                  {"20", kTertiary},
                                  {"21", {}},
                                  {"28", {}},
                                  {"30", kCollege},
                                  {"31", {}},
                                  {"40", kVocational},
                                  {"41", {}},
                                  {"44", {}},
                                  {"47", {}},
                                  {"60", kSeniorHigh},
                                  {"61", {}},
                                  {"62", {}},
                                  {"63", {}},
                                  {"70", kJuniorHigh},
                                  {"71", {}},
                                  {"73", {}},
                                  {"80", kPrimary},
                                  {"81", {}},
                                  {"83", {}},
                                  {"90", kEducationUnknown},
                                  {"secondary", kSecondary}};

constexpr std::array<W, 56> kPeoples = {
    "汉",   "蒙古",   "回",   "藏",     "维吾尔",   "苗",   "彝",       "壮",     "布依",   "朝鲜", "满",   "侗",
    "瑶",   "白",     "土家", "哈尼",   "哈萨克",   "傣",   "黎",       "傈僳",   "佤",     "畲",   "高山", "拉祜",
    "水",   "东乡",   "纳西", "景颇",   "柯尔克孜", "土",   "达斡尔",   "仫佬",   "羌",     "布朗", "撒拉", "毛南",
    "仡佬", "锡伯",   "阿昌", "普米",   "塔吉克",   "怒",   "乌孜别克", "俄罗斯", "鄂温克", "德昂", "保安", "裕固",
    "京",   "塔塔尔", "独龙", "鄂伦春", "赫哲",     "门巴", "珞巴",     "基诺"};

constexpr W kPerson[] = {"individual", "natural person", "个人", "自然人"};
constexpr W kFirm[] = {"company", "organisation", "organization", "business", "企业", "公司", "单位"};
constexpr W kSoleTrader[] = {"sole trader", "个体工商户", "个体户"};
constexpr CodeRow kCustomerTypes[] = {{"person", kPerson}, {"firm", kFirm}, {"sole_trader", kSoleTrader}};

constexpr W kAlipay[] = {"支付宝"};
constexpr W kWechatPay[] = {"wechat pay", "微信支付", "微信"};
constexpr W kCreditCard[] = {"credit card", "信用卡"};
constexpr W kDebitCard[] = {"debit card", "储蓄卡", "借记卡"};
constexpr W kBankTransfer[] = {"bank transfer", "银行转账", "转账"};
constexpr W kCash[] = {"现金"};
constexpr W kOnDelivery[] = {"cash on delivery", "货到付款"};
constexpr W kCheque[] = {"cheque", "支票"};
constexpr CodeRow kPayments[] = {{"alipay", kAlipay},
                                 {"wechat_pay", kWechatPay},
                                 {"credit_card", kCreditCard},
                                 {"debit_card", kDebitCard},
                                 {"bank_transfer", kBankTransfer},
                                 {"cash", kCash},
                                 {"cash_on_delivery", kOnDelivery},
                                 {"cheque", kCheque}};

Result<std::string> code_or_word(std::string_view input, std::span<const CodeRow> table, std::size_t max) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_word(input, {1, max}));
    if (const auto code = find_code(table, text)) return std::string(*code);
    if (is_placeholder(text)) return refused("is a placeholder, not a value");
    return text;
}

Result<std::string> code_only(std::string_view input, std::span<const CodeRow> table) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, bounded_word(input, {1, 40}));
    if (const auto code = find_code(table, text)) return std::string(*code);
    return refused("is not a known code");
}

}  // namespace

Result<std::string> sex(std::string_view input) { return code_only(input, kSexes); }
Result<std::string> customer_type(std::string_view input) { return code_only(input, kCustomerTypes); }
Result<std::string> payment_method(std::string_view input) { return code_or_word(input, kPayments, 60); }

Result<std::string> marital(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, code_or_word(input, kMarital, 40));
    if (all_digits(text) && !find_code(kMarital, text)) return refused("is not a known code");
    return text;
}
Result<std::string> education(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, code_or_word(input, kEducation, 40));
    if (all_digits(text) && !find_code(kEducation, text)) return refused("is not a known code");
    return text;
}

Result<std::string> ethnicity(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string folded, bounded_line(input, {1, 12}));
    std::string text = fold_for_index(folded);
    if (all_digits(text) && text.size() <= 2) {
        if (text.size() == 1) text.insert(0, "0");
        const int code = (text[0] - '0') * 10 + (text[1] - '0');
        if ((code >= 1 && code <= 56) || code == 97 || code == 98) return text;
        return refused("is not a known code");
    }
    if (text.size() > 6 && text.ends_with("族")) text.resize(text.size() - std::string_view("族").size());
    if (text.ends_with("族") && text.size() == 6) text.resize(3);
    const auto found = std::find(kPeoples.begin(), kPeoples.end(), text);
    if (found == kPeoples.end()) return refused("is not a known ethnic group");
    const auto code = found - kPeoples.begin() + 1;
    return (code < 10 ? "0" : "") + std::to_string(code);
}

std::string married_or_not(std::string_view code) {
    if (code.starts_with('2') && code.size() == 2) return "married";
    return code == "10" || code == "30" || code == "40" ? "not married" : "not stated";
}
std::string tertiary_or_not(std::string_view code) {
    if (!all_digits(code)) return code == "secondary" ? "not tertiary" : "not stated";
    if (code == "90") return "not stated";
    return code < "40" ? "tertiary" : "not tertiary";
}
std::string majority_or_not(std::string_view code) { return code == "01" ? "majority" : "minority"; }

bool is_currency(std::string_view code) {
    static constexpr std::string_view kUsual[] = {"CNY", "HKD", "TWD", "MOP", "USD", "EUR", "GBP", "JPY"};
    if (code.size() != 3 || !std::all_of(code.begin(), code.end(), is_upper)) return false;
    if (std::find(std::begin(kUsual), std::end(kUsual), code) != std::end(kUsual)) return true;
    const char16_t wide[4] = {static_cast<char16_t>(code[0]), static_cast<char16_t>(code[1]),
                              static_cast<char16_t>(code[2]), 0};
    return ucurr_getNumericCode(wide) > 0;
}

}  // namespace cloister::datatypes::internal
