// The TLS side of the server: one context for all connections, made once from the certificate files.
//
// Specs  RFC 8446 (TLS 1.3), RFC 7301 (ALPN), RFC 9325 (recommendations for TLS 1.2)
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "base/result.h"
#include "http/server.h"

namespace cloister::http {

template <auto Free>
struct FreeWith {
    void operator()(auto* p) const noexcept { Free(p); }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<Free>>;

using TlsContext = Handle<SSL_CTX, SSL_CTX_free>;
using TlsSession = Handle<SSL, SSL_free>;

// invalid_argument when a file cannot be read or the key does not belong to the certificate.
Result<TlsContext> make_tls_context(const TlsOptions& options);

}  // namespace cloister::http
