// Section 3 of the catalogue: orders, payments and accounts.
#include <algorithm>

#include "datatypes/check_digits.h"
#include "datatypes/codes.h"
#include "datatypes/dates.h"
#include "datatypes/email.h"
#include "datatypes/names.h"
#include "datatypes/personal_text.h"
#include "datatypes/phones.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

Result<std::string> order_id(std::string_view input) { return bounded_code(input, {1, 64}, "-_"); }

// decimal(18,4): up to 14 digits before the point and 4 after it.
constexpr DecimalForm kMoney = {.integer_digits = 14, .scale = 4, .least_scale = 2};

// "12.50 GBP"; the currency may stand in front, as €, £ or not at all.
Result<std::string> money(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string folded, fold_text(input));
    std::string text = upper_ascii(folded);
    std::string currency;
    for (const auto& [sign, code] : {std::pair{"€", "EUR"}, std::pair{"£", "GBP"}})
        if (text.starts_with(sign)) text = code + text.substr(std::string_view(sign).size());
    const auto is_code = [](std::string_view part) {
        return part.size() == 3 && std::all_of(part.begin(), part.end(), is_upper);
    };
    const std::string_view all = text;
    if (all.size() > 3 && is_code(all.substr(0, 3))) {
        currency = all.substr(0, 3);
        text.erase(0, 3);
    } else if (all.size() > 3 && is_code(all.substr(all.size() - 3))) {
        currency = all.substr(all.size() - 3);
        text.resize(text.size() - 3);
    }
    if (!currency.empty() && !is_currency(currency)) return refused("has an unknown currency code");
    CLOISTER_ASSIGN_OR_RETURN(std::string amount, decimal(text, kMoney));
    return currency.empty() ? amount : amount + " " + currency;
}
std::string with_currency(std::string band, std::string_view money) {
    const auto space = money.find(' ');
    return space == std::string_view::npos ? band : band + std::string(money.substr(space));
}
std::string narrow_money(std::string_view money) { return with_currency(narrow_band(money), money); }
std::string wide_money(std::string_view money) { return with_currency(wide_band(money), money); }

enum class Scheme { unionpay, visa, mastercard, amex, other };
Scheme scheme_of(std::string_view pan) {
    if (pan.starts_with("62")) return Scheme::unionpay;
    if (pan.starts_with('4')) return Scheme::visa;
    if (pan[0] == '5' && pan[1] >= '1' && pan[1] <= '5') return Scheme::mastercard;
    if (pan.starts_with("34") || pan.starts_with("37")) return Scheme::amex;
    return Scheme::other;
}
bool has_length_of_its_scheme(std::string_view pan) {
    switch (scheme_of(pan)) {
        case Scheme::unionpay: return pan.size() >= 16;
        case Scheme::visa: return true;  // dual-brand cards of mainland banks have 17 and 18 digits too
        case Scheme::mastercard: return pan.size() >= 16;
        case Scheme::amex: return pan.size() == 15;
        case Scheme::other: return true;
    }
    return true;
}
Result<std::string> card(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, digit_identifier(input, {13, 19}));
    if (!has_length_of_its_scheme(text)) return refused("has the wrong number of digits for its card scheme");
    // Some domestic debit cards were issued without a Luhn digit; the international schemes never did.
    const bool international = text[0] >= '3' && text[0] <= '5';
    if (international && !luhn_ok(text)) return refused("check digit does not match");
    return text;
}
std::string card_scheme(std::string_view pan) {
    switch (scheme_of(pan)) {
        case Scheme::unionpay: return "UnionPay";
        case Scheme::visa: return "Visa";
        case Scheme::mastercard: return "Mastercard";
        case Scheme::amex: return "American Express";
        case Scheme::other: return "other";
    }
    return "other";
}

Result<std::string> card_expiry(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, fold_text(input));
    std::string digits;
    for (const char c : text) {
        if (is_digit(c))
            digits.push_back(c);
        else if (c != '/' && c != '-' && c != ' ')
            return refused("is not MM/YY");
    }
    if (text.size() >= 2 && text[1] == '/') digits.insert(0, "0");
    if (digits.size() == 6 && digits.substr(2, 2) == "20") digits.erase(2, 2);
    if (digits.size() != 4) return refused("is not MM/YY");
    const int month = (digits[0] - '0') * 10 + (digits[1] - '0');
    if (month < 1 || month > 12) return refused("has a month that does not exist");
    return digits.insert(2, "/");
}
std::string mask_expiry(std::string_view) { return "**/**"; }

Result<std::string> bank_account(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, {8, 34}));
    if (all_digits(text)) {
        if (text.size() > 32) return refused("is too long");
        return text;
    }
    if (!iban_ok(text)) return refused("is neither digits nor an IBAN whose check digits match");
    return text;
}

// By what it is: a telephone number, an e-mail address or the provider's own identifier.
Result<std::string> ewallet(std::string_view input) {
    if (auto phone = any_phone(input)) return phone;
    if (input.find('@') != std::string_view::npos) return email(input);
    return bounded_code(input, {4, 64}, "_-");
}
std::string mask_ewallet(std::string_view text) {
    if (text.starts_with('+')) return mask_phone(text);
    return text.find('@') == std::string_view::npos ? mask_head_tail(text, 2, 2, 4) : mask_email(text);
}
std::string ewallet_key(std::string_view text) {
    return text.find('@') == std::string_view::npos ? std::string(text) : email_key(text);
}

Result<std::string> invoice_number(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, alnum_identifier(input, {8, 20}));
    const bool taiwan =
        text.size() == 10 && is_upper(text[0]) && is_upper(text[1]) && all_digits(std::string_view(text).substr(2));
    const bool mainland = all_digits(text) && (text.size() == 8 || text.size() == 18 || text.size() == 20);
    if (!taiwan && !mainland)
        return refused("is not an invoice number of 8, 18 or 20 digits or 2 letters and 8 digits");
    return text;
}

std::string last_four(std::string_view text) { return mask_head_tail(text, 0, 4, 4); }
std::string mask_title(std::string_view title) { return mask_name(title); }

Result<std::string> refuse_all(std::string_view) { return refused("values of this kind are never stored"); }

}  // namespace

std::vector<TypeSpec> transaction_types() {
    using enum Sensitive;
    constexpr auto kText = Shape::text;
    return {
        {{"order.id", "order number", "订单号", "訂單編號"},
         kText,
         2,
         no,
         "RT3",
         "O0000000024",
         order_id,
         last_four,
         upper_ascii},
        {{"order.item", "item bought", "购买商品", "購買商品"},
         kText,
         2,
         in_context,
         "RT3",
         "85123A",
         line<200>,
         nullptr,
         fold_for_index},
        {{"order.amount", "amount", "金额", "金額"},
         kText,
         3,
         by_profile,
         "RT3",
         "12.50 GBP",
         money,
         hide,
         nullptr,
         {narrow_money, wide_money}},
        {{"order.time", "time of transaction", "交易时间", "交易時間"},
         Shape::time,
         2,
         no,
         "RT3",
         "2026-01-31T08:15:00Z",
         date_time,
         day_of,
         nullptr,
         {day_of, month_of, quarter_of}},
        {{"payment.method", "payment method", "支付方式", "付款方式"}, kText, 2, no, "RT3", "alipay", payment_method},
        {{"payment.ref", "payment reference", "支付流水号", "支付流水號"},
         kText,
         3,
         by_profile,
         "RT3",
         "P20260131-000042",
         line<64>,
         last_four},
        {{"card.pan", "bank card number", "银行卡号", "銀行卡號"},
         kText,
         4,
         by_law,
         "RP",
         "4111111111111111",
         card,
         head_tail<6, 4, 6>,
         nullptr,
         {first_characters<6>, card_scheme}},
        {{"card.expiry", "card expiry", "有效期", "到期日"},
         kText,
         4,
         by_law,
         "RP",
         "11/30",
         card_expiry,
         mask_expiry,
         without_separators},
        {{"card.cvv", "card security code", "安全码", "安全碼"},
         kText,
         4,
         by_law,
         "R0",
         "",
         refuse_all,
         hide,
         nullptr,
         {},
         Storable::never},
        {{"card.track", "card track data", "磁道数据", "磁軌資料"},
         kText,
         4,
         by_law,
         "R0",
         "",
         refuse_all,
         hide,
         nullptr,
         {},
         Storable::never},
        {{"card.pin", "card PIN", "银行卡密码", "金融卡密碼"},
         kText,
         4,
         by_law,
         "R0",
         "",
         refuse_all,
         hide,
         nullptr,
         {},
         Storable::never},
        {{"bank.account", "bank account", "银行账号", "銀行帳號"},
         kText,
         4,
         by_law,
         "RAML",
         "DE89370400440532013000",
         bank_account,
         last_four},
        {{"bank.name", "bank", "开户行", "開戶銀行"},
         kText,
         2,
         no,
         "RT3",
         "示例银行",
         line<100>,
         nullptr,
         fold_for_index},
        {{"bank.cnaps", "CNAPS code", "联行号", "聯行號"},
         kText,
         2,
         no,
         "RT3",
         "102100099996",
         digits<12, 12>,
         nullptr,
         nullptr,
         {first_characters<3>}},
        {{"ewallet.account", "e-wallet account", "支付账户", "支付帳戶"},
         kText,
         4,
         by_law,
         "RP",
         "zhang@example.com",
         ewallet,
         mask_ewallet,
         ewallet_key},
        {{"balance", "balance", "余额", "餘額"},
         kText,
         4,
         by_profile,
         "RAML",
         "1024.00 CNY",
         money,
         hide,
         nullptr,
         {narrow_money, wide_money}},
        {{"statement", "statement", "交易流水", "交易明細"},
         kText,
         4,
         by_profile,
         "RAML",
         "2026-01-31 -20.00 CNY",
         prose<10000>,
         hide},
        {{"invoice.no", "invoice number", "发票号码", "發票號碼"},
         kText,
         2,
         no,
         "RACC",
         "AB12345678",
         invoice_number,
         last_four},
        {{"invoice.title", "invoice title", "发票抬头", "發票抬頭"},
         kText,
         3,
         no,
         "RACC",
         "示例科技有限公司",
         line<100>,
         mask_title,
         fold_for_index},
        {{"contract.no", "contract or policy number", "合同号, 保单号", "合約編號, 保單號碼"},
         kText,
         3,
         by_profile,
         "RT3",
         "HT-2026-000117",
         line<64>,
         last_four,
         upper_ascii},
        {{"logistics.no", "tracking number", "快递单号", "物流單號"},
         kText,
         2,
         no,
         "RT3",
         "SF1234567890123",
         alnum<8, 30>,
         last_four},
        {{"credit.score", "credit score", "征信评分", "信用評分"},
         Shape::integer,
         4,
         by_law,
         "RP",
         "720",
         integer<0, 10000>,
         hide,
         nullptr,
         {narrow_band, wide_band}},
        {{"credit.report", "credit report", "征信报告", "徵信報告"},
         kText,
         4,
         by_law,
         "RP",
         "two accounts, none overdue",
         prose<10000>,
         hide},
        {{"points", "points", "积分", "點數"},
         Shape::integer,
         2,
         no,
         "RA",
         "1200",
         integer<0, 1000000000000LL>,
         nullptr,
         nullptr,
         {narrow_band, wide_band}},
        {{"tier", "member tier", "会员等级", "會員等級"}, kText, 2, no, "RA", "gold", word<40>},
    };
}

}  // namespace cloister::datatypes::internal
