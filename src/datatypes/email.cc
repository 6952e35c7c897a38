#include "datatypes/email.h"

#include <unicode/idna.h>

#include <algorithm>
#include <memory>

#include "datatypes/shapes.h"

namespace cloister::datatypes::internal {
namespace {

constexpr std::string_view kAtext = "!#$%&'*+-/=?^_`{|}~.";

bool is_local_part(std::string_view local) {
    if (local.empty() || local.size() > 64 || local.front() == '.' || local.back() == '.') return false;
    if (local.find("..") != std::string_view::npos) return false;
    return std::all_of(local.begin(), local.end(), [](char c) {
        return is_alnum(c) || static_cast<signed char>(c) < 0 || kAtext.find(c) != std::string_view::npos;
    });
}

bool is_ascii_domain(std::string_view domain) {
    if (domain.size() > 253 || domain.find('.') == std::string_view::npos) return false;
    std::size_t start = 0;
    while (start <= domain.size()) {
        const std::size_t end = std::min(domain.find('.', start), domain.size());
        const std::string_view label = domain.substr(start, end - start);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
        if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; })) return false;
        start = end + 1;
    }
    return !all_digits(domain.substr(domain.rfind('.') + 1));
}

Result<std::string> to_ascii_domain(std::string_view domain) {
    const std::string lower = lower_text(domain);
    const bool encoded = lower.starts_with("xn--") || lower.find(".xn--") != std::string::npos;
    if (is_ascii(lower) && !encoded) return lower;
    UErrorCode status = U_ZERO_ERROR;
    static const std::unique_ptr<const icu::IDNA> idna(icu::IDNA::createUTS46Instance(
        UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_USE_STD3_RULES, status));
    if (idna == nullptr) return Error(ErrorCode::internal, "IDNA tables are missing");
    status = U_ZERO_ERROR;
    std::string ascii;
    icu::StringByteSink<std::string> sink(&ascii);
    icu::IDNAInfo info;
    idna->nameToASCII_UTF8(icu::StringPiece(lower.data(), static_cast<std::int32_t>(lower.size())), sink, info, status);
    if (U_FAILURE(status) || info.hasErrors()) return refused("has a domain that IDNA does not allow");
    return ascii;
}

}  // namespace

Result<std::string> email(std::string_view input) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string text, fold_text(input));
    if (text.empty()) return refused("is empty");
    if (text.size() > 254) return refused("is longer than 254 bytes");
    const auto at = text.rfind('@');
    if (at == std::string::npos) return refused("has no @");
    const std::string_view local = std::string_view(text).substr(0, at);
    if (!is_local_part(local)) return refused("has a part before the @ that mail does not allow");
    CLOISTER_ASSIGN_OR_RETURN(const std::string domain, to_ascii_domain(std::string_view(text).substr(at + 1)));
    if (!is_ascii_domain(domain)) return refused("has a domain that is not one");
    if (at + 1 + domain.size() > 254) return refused("is longer than 254 bytes");
    return std::string(local) + "@" + domain;
}

std::string email_key(std::string_view canonical) { return lower_text(canonical); }
std::string email_domain(std::string_view canonical) { return std::string(canonical.substr(canonical.rfind('@') + 1)); }
std::string mask_email(std::string_view canonical) {
    return first_code_points(canonical, 1) + "****@" + email_domain(canonical);
}

}  // namespace cloister::datatypes::internal
