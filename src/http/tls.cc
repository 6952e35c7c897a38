#include "http/tls.h"

#include <openssl/err.h>

#include <string_view>

namespace cloister::http {
namespace {

constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// A client that offers protocols must offer ours; going on regardless would answer HTTP/1.1 to an HTTP/2 preface.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
    unsigned char* picked = nullptr;
    if (SSL_select_next_proto(&picked, chosen_length, kHttp11, sizeof kHttp11, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = picked;
    return SSL_TLSEXT_ERR_OK;
}

// OpenSSL would ask at the terminal for the pass phrase of an encrypted key; a server must fail instead.
int no_passphrase(char*, int, int, void*) { return 0; }

Error refused(std::string_view what, const std::filesystem::path& file) {
    ERR_clear_error();
    return Error(ErrorCode::invalid_argument, std::string(what) + " " + file.string());
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsOptions& options) {
    ERR_clear_error();
    TlsContext context(SSL_CTX_new(TLS_server_method()));
    CLOISTER_ASSERT(context != nullptr);
    SSL_CTX* const ctx = context.get();
    CLOISTER_ASSERT(SSL_CTX_set_min_proto_version(ctx, options.allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1);
    CLOISTER_ASSERT(SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    // An idle connection keeps no record buffers; a write may be continued from a buffer that has moved.
    SSL_CTX_set_mode(ctx,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1);  // one system call per burst of records instead of two per record
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);  // tickets need no memory here
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, nullptr);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(ctx, options.certificate_file.c_str()) != 1)
        return refused("no PEM certificate could be read from", options.certificate_file);
    if (SSL_CTX_use_PrivateKey_file(ctx, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        return refused("no unencrypted PEM key that fits the certificate could be read from", options.key_file);
    if (SSL_CTX_check_private_key(ctx) != 1) return refused("the certificate does not belong to", options.key_file);
    return context;
}

}  // namespace cloister::http
