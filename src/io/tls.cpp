#include "io/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "io/socket.h"
#include "io/tls_session.h"

namespace doorward::io {

struct TlsContext::Impl {
  struct FreeContext {
    void operator()(SSL_CTX* ended) const { SSL_CTX_free(ended); }
  };
  std::unique_ptr<SSL_CTX, FreeContext> context;
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;
TlsContext::~TlsContext() = default;

Result<TlsContext> TlsContext::create(const TlsOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = impl->context.get();
  if (context == nullptr) return fail(ErrorKind::exhausted, "cannot prepare TLS: out of memory");
  static constexpr unsigned char kAlpn[] = "\x08http/1.1";
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  const bool set = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
                   SSL_CTX_set_alpn_protos(context, kAlpn, sizeof kAlpn - 1) == 0;
  if (!set) return fail(ErrorKind::unavailable, "cannot prepare TLS: this OpenSSL lacks a needed cipher");
  const bool roots = options.ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context) == 1
                         : SSL_CTX_load_verify_file(context, options.ca_file.c_str()) == 1;
  ERR_clear_error();
  if (!roots) {
    return fail(ErrorKind::invalid, "cannot read trusted certificates from " + options.ca_file +
                                        "; give a readable file of PEM certificates");
  }
  return TlsContext(std::move(impl));
}

Result<Stream> TlsContext::wrap(Fd fd, const std::string& host) {
  if (host.empty()) return fail(ErrorKind::invalid, "TLS needs the host name that the certificate must show");
  auto session = TlsSession::create(impl_->context.get(), fd.get());
  if (session == nullptr) return fail(ErrorKind::exhausted, "cannot start TLS: out of memory");
  SSL* ssl = session->ssl();
  X509_VERIFY_PARAM* demands = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(demands, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  bool set;
  if (const auto literal = Address::parse(host, 0)) {
    set = X509_VERIFY_PARAM_set1_ip_asc(demands, literal->host_to_string().c_str()) == 1;
  } else {
    set = X509_VERIFY_PARAM_set1_host(demands, host.data(), host.size()) == 1 &&
          SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
  }
  ERR_clear_error();
  if (!set) return fail(ErrorKind::invalid, "the host name " + host + " cannot be used with TLS");
  return Stream(std::move(fd), std::move(session));
}

}  // namespace doorward::io
