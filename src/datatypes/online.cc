// Section 2.1 of the catalogue: identifiers of accounts, devices and connections.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "datatypes/check_digits.h"
#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

struct Address {
    int family = 0;
    std::array<unsigned char, 16> bytes{};
};
Address read_ip(const std::string& text) {
    Address address;
    if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1)
        address.family = AF_INET;
    else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1)
        address.family = AF_INET6;
    return address;
}
std::string write_ip(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(address.family, address.bytes.data(), text.data(), text.size()) == nullptr) return "*";
    return text.data();
}
std::string network(std::string_view ip, std::size_t v4_bytes, std::size_t v6_bytes) {
    Address address = read_ip(std::string(ip));
    const std::size_t kept = address.family == AF_INET ? v4_bytes : v6_bytes;
    std::fill(address.bytes.begin() + static_cast<std::ptrdiff_t>(kept), address.bytes.end(), std::uint8_t{0});
    return write_ip(address) + "/" + std::to_string(kept * 8);
}

Result<std::string> ip(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, fold_text(input));
    const Address address = read_ip(text);
    if (address.family == 0 || text.find('\0') != std::string::npos) return refused("is not an IP address");
    return write_ip(address);  // glibc writes RFC 5952
}
std::string ip_24(std::string_view ip) { return network(ip, 3, 6); }
std::string ip_16(std::string_view ip) { return network(ip, 2, 4); }
std::string mask_ip(std::string_view ip) {
    if (ip.find(':') == std::string_view::npos) return std::string(ip.substr(0, ip.rfind('.'))) + ".*";
    const std::string prefix = network(ip, 3, 6);
    return prefix.substr(0, prefix.find('/')) + "*";
}

Result<std::string> mac(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, identifier(input));
    std::string hex;
    for (const char c : text)
        if (c != ':' && c != '.') hex.push_back(c);
    if (hex.size() != 12 || hex.find_first_not_of("0123456789ABCDEF") != std::string::npos)
        return refused("is not twelve hexadecimal digits");
    if (hex == "000000000000" || hex == "FFFFFFFFFFFF") return refused("belongs to no device");
    // Bits of the first octet: 1 for groups, 2 for addresses that a device made up for privacy.
    if (std::string_view("048C").find(hex[1]) == std::string_view::npos)
        return refused("is a group or locally made address");
    std::string out;
    for (std::size_t i = 0; i < 12; i += 2) out += (i > 0 ? ":" : "") + hex.substr(i, 2);
    return out;
}
std::string mac_vendor(std::string_view mac) { return std::string(mac.substr(0, 8)); }
std::string mask_mac(std::string_view mac) { return mac_vendor(mac) + ":**:**:**"; }

Result<std::string> imei(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(std::string text, digit_identifier(input, {15, 15}));
    if (!luhn_ok(text)) return refused("check digit does not match");
    return text;
}

Result<std::string> advertising_id(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string folded, fold_text(input));
    std::string text = lower_text(folded);
    bool zero = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : std::string_view("0123456789abcdef").find(text[i]) == std::string_view::npos)
            return refused("is not a UUID");
        zero = zero && (dash || text[i] == '0');
    }
    if (text.size() != 36) return refused("is not a UUID");
    if (zero) return refused("is the identifier of a device that does not want one");
    return text;
}

// Kept byte for byte: an opaque value has no other spelling.
Result<std::string> opaque(std::string_view input) {
    const std::string_view text = trim(input);
    if (text.empty()) return refused("is empty");
    if (text.size() > 512) return refused("is too long");
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        return refused("has a character outside printable ASCII");
    return std::string(text);
}

std::string mask_user(std::string_view name) { return first_code_points(name, 1) + "***"; }
std::string mask_device(std::string_view id) { return std::string(id.substr(0, 4)) + "****"; }

Result<std::string> refuse_all(std::string_view) { return refused("values of this kind are never stored"); }

}  // namespace

std::vector<TypeSpec> online_types() {
    using enum Sensitive;
    constexpr auto kText = Shape::text;
    return {
        {{"account.username", "user name", "账号", "帳號"},
         kText,
         3,
         no,
         "RA",
         "zhang_example",
         line<64>,
         mask_user,
         lower_text},
        {{"secret.password", "password, PIN, security answer", "密码、口令", "密碼"},
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
        {{"ip", "IP address", "IP地址", "IP位址"},
         kText,
         2,
         in_context,
         "RL6",
         "203.0.113.7",
         ip,
         mask_ip,
         nullptr,
         {ip_24, ip_16}},
        {{"mac", "MAC address", "MAC地址", "MAC位址"},
         kText,
         3,
         no,
         "RL6",
         "00:00:5E:00:53:01",
         mac,
         mask_mac,
         without_separators,
         {mac_vendor}},
        {{"imei", "IMEI", "国际移动设备识别码", "國際行動設備識別碼"},
         kText,
         3,
         no,
         "RL6",
         "490154203237518",
         imei,
         head_tail<4, 2, 9>,
         nullptr,
         {first_characters<8>}},
        {{"device.adid", "advertising ID", "广告标识符", "廣告識別碼"},
         kText,
         3,
         no,
         "RL6",
         "6d92078a-8246-4ba4-ae5b-76104861e7dc",
         advertising_id,
         mask_device},
        {{"cookie.id", "cookie", "Cookie 标识", "Cookie 識別碼"}, kText, 3, no, "RL6", "c-7f3a9e", opaque, hide},
        {{"login.token", "login token", "登录令牌", "登入權杖"}, kText, 3, no, "RL6", "t-7f3a9e", opaque, hide},
    };
}

}  // namespace cloister::datatypes::internal
