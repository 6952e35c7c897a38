#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "http/tls.h"

namespace cloister::http {
namespace {

using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Handle<X509, X509_free>;
using Bio = Handle<BIO, BIO_free_all>;

void require(bool holds) { CLOISTER_ASSERT(holds); }

// `names` come from configuration: a comma would start another entry of OpenSSL's small language.
bool is_plain_name(const std::string& name) {
    if (name.empty() || name.size() > 253) return false;
    for (const char c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
              c == ':' || c == '*'))
            return false;
    return true;
}

bool is_address(const std::string& name) {
    unsigned char bytes[16];
    return inet_pton(AF_INET, name.c_str(), bytes) == 1 || inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

Result<std::string> alternative_names(const std::vector<std::string>& names) {
    if (names.empty()) return Error(ErrorCode::invalid_argument, "a certificate needs at least one name");
    std::string list;
    for (const std::string& name : names) {
        if (!is_plain_name(name)) return Error(ErrorCode::invalid_argument, "not a DNS name or address: " + name);
        list += (list.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
    }
    return list;
}

void add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void set_random_serial(X509* certificate) {
    const Handle<BIGNUM, BN_free> serial(BN_new());
    // 127 bits: positive and within the 20 octets of RFC 5280 section 4.1.2.2.
    require(serial != nullptr && BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
    require(BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr);
}

Certificate self_signed(EVP_PKEY* key, const std::string& common_name, const std::string& names, int days) {
    Certificate certificate(X509_new());
    X509* const x = certificate.get();
    require(x != nullptr && X509_set_version(x, X509_VERSION_3) == 1 && X509_set_pubkey(x, key) == 1);
    set_random_serial(x);
    constexpr long kClockSkew = 60 * 60;  // a client's clock may be behind
    require(X509_gmtime_adj(X509_getm_notBefore(x), -kClockSkew) != nullptr);
    require(X509_time_adj_ex(X509_getm_notAfter(x), days, 0, nullptr) != nullptr);
    X509_NAME* const subject = X509_get_subject_name(x);
    require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(common_name.data()),
                                       static_cast<int>(common_name.size()), -1, 0) == 1);
    require(X509_set_issuer_name(x, subject) == 1);
    add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x, NID_key_usage, "critical,digitalSignature");
    add_extension(x, NID_ext_key_usage, "serverAuth");
    add_extension(x, NID_subject_alt_name, names);
    add_extension(x, NID_subject_key_identifier, "hash");
    require(X509_sign(x, key, EVP_sha256()) > 0);
    return certificate;
}

std::string_view contents(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

// Refuses to overwrite: replacing a key by accident locks out every client that trusted it.
Result<void> write_new_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0 && errno == EEXIST) return Error(ErrorCode::already_exists, path.string() + " exists already");
    if (fd < 0) return Error(ErrorCode::unavailable, "cannot create " + path.string() + ": " + std::strerror(errno));
    bool written = ::fchmod(fd, mode) == 0;
    while (written && !text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        written = n > 0;
        if (written) text.remove_prefix(static_cast<std::size_t>(n));
    }
    written = written && ::fsync(fd) == 0;
    ::close(fd);
    if (written) return {};
    ::unlink(path.c_str());
    return Error(ErrorCode::unavailable, "cannot write " + path.string());
}

}  // namespace

Result<void> make_self_signed(const std::vector<std::string>& names, int days,
                              const std::filesystem::path& certificate_file, const std::filesystem::path& key_file) {
    CLOISTER_ASSIGN_OR_RETURN(const std::string alternatives, alternative_names(names));
    if (days < 1) return Error(ErrorCode::invalid_argument, "a certificate must be valid for at least a day");
    const Key key(EVP_EC_gen("P-256"));
    require(key != nullptr);
    const Certificate certificate = self_signed(key.get(), names.front().substr(0, 64), alternatives, days);

    const Bio key_text(BIO_new(BIO_s_secmem()));
    const Bio certificate_text(BIO_new(BIO_s_mem()));
    require(key_text != nullptr && certificate_text != nullptr);
    require(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    require(PEM_write_bio_X509(certificate_text.get(), certificate.get()) == 1);
    CLOISTER_RETURN_IF_ERROR(write_new_file(key_file, contents(key_text.get()), 0600));
    auto written = write_new_file(certificate_file, contents(certificate_text.get()), 0644);
    if (!written) ::unlink(key_file.c_str());
    return written;
}

}  // namespace cloister::http
