#include "records/import_synonyms.h"

namespace cloister::records {
namespace {

struct Synonyms {
    std::string_view field;
    std::vector<std::string_view> words;
};

const std::vector<Synonyms>& table() {
    static const std::vector<Synonyms> kTable = {
        {"customer_no",
         {"customerid", "customernumber", "customerkey", "customercode", "custid", "custno", "clientid", "memberid",
          "memberno", "id", "客户编号", "客户号", "客户id", "会员号", "会员编号", "会员id", "编号", "客戶編號",
          "會員編號"}},
        {"name",
         {"fullname", "customername", "displayname", "clientname", "姓名", "名字", "客户姓名", "客户名称", "会员姓名",
          "真实姓名", "联系人", "客戶姓名", "聯絡人"}},
        {"name_latin",
         {"latinname", "englishname", "nameen", "pinyin", "romanname", "英文名", "英文姓名", "拼音", "姓名拼音"}},
        {"sex", {"gender", "性别", "性別"}},
        {"birth_date",
         {"birthday", "dob", "dateofbirth", "born", "birth", "生日", "出生日期", "出生年月", "出生年月日"}},
        {"country", {"nationality", "citizenship", "国籍", "国家", "國籍", "國家"}},
        {"id_type", {"documenttype", "idkind", "证件类型", "證件類型"}},
        {"id_number",
         {"idcard", "idno", "idnum", "identitynumber", "nationalid", "ssn", "passport", "passportno", "身份证",
          "身份证号", "身份证号码", "证件号", "证件号码", "居民身份证", "身份證", "身份證號", "身份證號碼", "證件號碼",
          "护照号"}},
        {"occupation", {"job", "jobtitle", "profession", "职业", "职位", "工作", "職業"}},
        {"marital_status", {"marital", "marriage", "married", "婚姻", "婚姻状况", "婚否", "婚姻狀況"}},
        {"education", {"degree", "educationlevel", "学历", "教育程度", "文化程度", "學歷"}},
        {"language", {"lang", "locale", "preferredlanguage", "语言", "语种", "語言"}},
        {"mobile", {"mobilephone", "mobileno", "mobilenumber", "cell",     "cellphone", "phone",    "phonenumber",
                    "phoneno",     "tel",      "telephone",    "手机",     "手机号",    "手机号码", "移动电话",
                    "联系电话",    "联系方式", "电话",         "电话号码", "手機",      "手機號碼", "電話"}},
        {"phone_home",
         {"homephone", "landline", "fixedline", "telhome", "phone", "telephone", "tel", "座机", "固话", "固定电话",
          "家庭电话", "电话", "座機", "住宅電話"}},
        {"email", {"mail", "emailaddress", "邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址", "郵箱", "電子郵件"}},
        {"im_account", {"im", "wechat", "wechatid", "weixin", "qq", "微信", "微信号", "qq号"}},
        {"province", {"state", "region", "省", "省份", "省市"}},
        {"city", {"town", "城市", "市", "所在城市"}},
        {"district", {"county", "区", "区县", "县", "區"}},
        {"address",
         {"fulladdress", "streetaddress", "street", "addr", "homeaddress", "地址", "详细地址", "住址", "家庭住址",
          "通讯地址", "联系地址", "收货地址", "詳細地址", "通訊地址"}},
        {"postal_code", {"postcode", "zip", "zipcode", "邮编", "邮政编码", "郵編", "郵遞區號"}},
        {"bank_name", {"bank", "银行", "开户行", "开户银行", "銀行"}},
        {"bank_card",
         {"bankcardno", "cardnumber", "cardno", "creditcard", "bankaccount", "银行卡", "银行卡号", "卡号", "銀行卡號"}},
        {"card_type", {"cardkind", "卡类型", "银行卡类型"}},
        {"card_expiry", {"expiry", "expirydate", "cardexpiry", "validthru", "有效期", "卡有效期"}},
        {"preferred_channel",
         {"channel", "contactpreference", "contactchannel", "联系偏好", "首选联系方式", "偏好渠道"}},
        {"contact_window", {"contacttime", "besttime", "besttimetocall", "联系时间", "方便时间"}},
        {"interests", {"interest", "hobbies", "hobby", "tags", "兴趣", "爱好", "兴趣爱好", "興趣"}},
        {"payment_preference", {"preferredpayment", "支付偏好", "付款偏好"}},
        {"contract", {"contracttype", "合同", "合约"}},
        {"paperless", {"paperlessbilling", "ebill", "电子账单"}},
        {"marketing_opt_in", {"optin", "marketing", "newsletter", "marketingconsent", "营销同意", "接受营销", "订阅"}},
        {"order_no", {"orderid", "ordernumber", "invoice", "invoiceno", "订单号", "订单编号", "訂單編號"}},
        {"line_no", {"line", "linenumber", "行号"}},
        {"item_code", {"sku", "stockcode", "productcode", "productid", "商品编码", "货号"}},
        {"item", {"product", "productname", "description", "itemname", "商品", "商品名称", "产品", "品名"}},
        {"quantity", {"qty", "count", "数量", "數量"}},
        {"unit_price", {"price", "amount", "单价", "价格", "金额", "單價"}},
        {"ordered_at",
         {"orderdate", "ordertime", "invoicedate", "purchasedate", "date", "下单时间", "订单时间", "购买日期",
          "交易时间"}},
        {"channel", {"saleschannel", "渠道"}},
        {"payment_method", {"payment", "paymenttype", "paidby", "支付方式", "付款方式"}},
        {"source_invoice", {"invoice", "invoiceno", "发票号"}},
        {"submitted_at", {"createdat", "created", "date", "time", "reviewdate", "提交时间", "评论时间", "反馈时间"}},
        {"source", {"channel", "来源", "渠道"}},
        {"category", {"topic", "type", "department", "类别", "分类", "类型"}},
        {"rating", {"score", "stars", "评分", "打分", "星级"}},
        {"title", {"subject", "标题", "主题", "標題"}},
        {"comment", {"review", "reviewtext", "content", "text", "feedback", "评论", "内容", "反馈", "评价", "意见"}},
    };
    return kTable;
}

}  // namespace

std::vector<std::string_view> synonyms(std::string_view word) {
    std::vector<std::string_view> fields;
    for (const Synonyms& entry : table())
        for (const std::string_view candidate : entry.words)
            if (candidate == word) fields.push_back(entry.field);
    return fields;
}

}  // namespace cloister::records
