#include "io/tls_server.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "io/file.h"
#include "io/tls_session.h"

namespace doorward::io {
namespace {

constexpr std::size_t kPemBytes = 1u << 20;
constexpr unsigned char kHttp11[] = "\x08http/1.1";

struct Free {
  void operator()(SSL_CTX* ended) const { SSL_CTX_free(ended); }
  void operator()(BIO* ended) const { BIO_free(ended); }
  void operator()(X509* ended) const { X509_free(ended); }
  void operator()(EVP_PKEY* ended) const { EVP_PKEY_free(ended); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

/// OpenSSL would ask on the terminal.
int no_password(char*, int, int, void*) {
  return 0;
}

Owned<BIO> memory_of(const std::string& pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

/// The reason of the last failure inside OpenSSL, which is then forgotten.
std::string last_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason given";
}

Result<std::string> read_pem(const char* what, const std::string& path) {
  Result<std::string> text = read_file(path, kPemBytes);
  if (text) return text;
  return fail(text.error().kind, std::string("tls ") + what + ": " + text.error().message);
}

/// A link is followed (certbot keeps its current files behind links), but nobody else may read its target.
Status check_key_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    return fail(ErrorKind::not_found, "tls key: " + path + " cannot be read: " + std::strerror(errno));
  }
  if ((facts.st_mode & 0007) != 0) {
    return fail(ErrorKind::denied, "tls key: " + path + " can be read by every user; run chmod 600 on it");
  }
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0) {
    return fail(ErrorKind::denied,
                "tls key: " + path + " belongs to another user; change its owner to the gateway's or root");
  }
  return {};
}

Status use_certificate(SSL_CTX* context, const TlsServerOptions& options) {
  const Result<std::string> pem = read_pem("certificate", options.certificate);
  if (!pem) return std::unexpected(pem.error());
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::invalid, "tls certificate: " + options.certificate + " " + why);
  };
  const Owned<BIO> in = memory_of(*pem);
  const Owned<X509> leaf(PEM_read_bio_X509_AUX(in.get(), nullptr, no_password, nullptr));
  if (!leaf) {
    ERR_clear_error();
    return refuse("holds no PEM certificate; put the listener's first, then its chain");
  }
  if (X509_cmp_current_time(X509_get0_notAfter(leaf.get())) <= 0) return refuse("has expired; renew it");
  if (X509_cmp_current_time(X509_get0_notBefore(leaf.get())) >= 0)
    return refuse("is not valid yet; check the clock, or take one that is");
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1) return refuse("cannot be used: " + last_reason());
  while (X509* link = PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, link) == 1) continue;
    X509_free(link);
    return refuse("has a chain that cannot be used: " + last_reason());
  }
  ERR_clear_error();  // the end of the file
  return {};
}

Status use_key(SSL_CTX* context, const TlsServerOptions& options) {
  if (Status checked = check_key_file(options.key); !checked) return checked;
  Result<std::string> pem = read_pem("key", options.key);
  if (!pem) return std::unexpected(pem.error());
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(memory_of(*pem).get(), nullptr, no_password, nullptr));
  wipe(*pem);
  ERR_clear_error();
  if (!key) {
    return fail(ErrorKind::invalid,
                "tls key: " + options.key +
                    " holds no PEM private key, or an encrypted one; store it in the clear "
                    "with mode 0600");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1) return {};
  ERR_clear_error();
  return fail(ErrorKind::invalid, "tls key: " + options.key + " is not the key of the certificate in " +
                                      options.certificate + "; name the two that belong together");
}

Status use_clients(SSL_CTX* context, const TlsServerOptions& options) {
  if (options.client_certificates == ClientCertificates::none) {
    SSL_CTX_set_num_tickets(context, 1);
    return {};
  }
  if (SSL_CTX_load_verify_file(context, options.client_ca.c_str()) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::invalid, "tls client_ca: cannot read certificates from " + options.client_ca +
                                        "; give a readable file of PEM certificates");
  }
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(options.client_ca.c_str()));
  const bool required = options.client_certificates == ClientCertificates::required;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  return {};
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, length, kHttp11, sizeof kHttp11 - 1, offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

bool set_rules(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context, 3600);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  static constexpr unsigned char kContextId[] = "doorward";
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(
             context, "ECDHE+ECDSA+AESGCM:ECDHE+ECDSA+CHACHA20:ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
         SSL_CTX_set_session_id_context(context, kContextId, sizeof kContextId - 1) == 1;
}

}  // namespace

class TlsServer::Material {
 public:
  explicit Material(Owned<SSL_CTX> context) : context_(std::move(context)) {}
  SSL_CTX* context() const { return context_.get(); }

 private:
  Owned<SSL_CTX> context_;
};

Result<std::shared_ptr<const TlsServer::Material>> TlsServer::load(const TlsServerOptions& options) {
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(ErrorKind::exhausted, "cannot prepare TLS: out of memory");
  SSL_CTX_set_security_level(context.get(), 2);
  if (!set_rules(context.get()))
    return fail(ErrorKind::unavailable, "cannot prepare TLS: this OpenSSL lacks a needed cipher");
  for (const auto step : {use_certificate, use_key, use_clients}) {
    if (const Status done = step(context.get(), options); !done) return std::unexpected(done.error());
  }
  return std::make_shared<const Material>(std::move(context));
}

TlsServer::TlsServer(std::shared_ptr<const Material> material) : material_(std::move(material)) {}
TlsServer::~TlsServer() = default;

Result<std::shared_ptr<TlsServer>> TlsServer::create(const TlsServerOptions& options) {
  auto material = load(options);
  if (!material) return std::unexpected(material.error());
  return std::shared_ptr<TlsServer>(new TlsServer(std::move(*material)));
}

void TlsServer::use(std::shared_ptr<const Material> material) {
  const std::lock_guard lock(mutex_);
  material_.swap(material);
}

Result<Stream> TlsServer::wrap(Fd fd) {
  std::shared_ptr<const Material> material;
  {
    const std::lock_guard lock(mutex_);
    material = material_;
  }
  // The session holds the context, so that it lives until the last connection that began with it.
  auto session = TlsSession::accept(material->context(), fd.get());
  if (session == nullptr) return fail(ErrorKind::exhausted, "cannot start TLS: out of memory");
  return Stream(std::move(fd), std::move(session));
}

}  // namespace doorward::io
