#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "io/fd.h"
#include "io/stream.h"

namespace doorward::io {

/// Whether a listener asks its clients for certificates (mutual TLS).
enum class ClientCertificates : std::uint8_t {
  none,      ///< not asked for
  optional,  ///< asked for; one that does not verify ends the handshake, none at all does not
  required,  ///< without a verified one there is no connection
};

/// What one listener shows and asks for. All paths are of PEM files.
struct TlsServerOptions {
  std::string certificate;  ///< the listener's certificate, then its chain
  std::string key;          ///< its private key, not encrypted; no other user may read the file
  std::string client_ca;    ///< whom client certificates must come from; empty exactly for `none`
  ClientCertificates client_certificates = ClientCertificates::none;

  bool operator==(const TlsServerOptions&) const = default;
};

/// The server side of TLS for one listener: TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers,
/// HTTP/1.1 by ALPN, no compression, no renegotiation. A client resumes by a ticket that is good until the
/// certificates change; where client certificates are asked for there is no resumption, so that each
/// connection shows one that is valid now.
///
/// Any thread: connections are wrapped by whoever accepts them, while the control thread replaces the
/// certificates. Connections that stand keep what they began with.
class TlsServer {
 public:
  /// Reads the files. `invalid` or `denied` with the file and the next step where a file cannot be read, key
  /// and certificate do not belong together, the certificate is not valid now, or others may read the key.
  static Result<std::shared_ptr<TlsServer>> create(const TlsServerOptions& options);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// What other files, or the same ones as they are now, would serve.
  class Material;
  static Result<std::shared_ptr<const Material>> load(const TlsServerOptions& options);
  /// From the next connection on.
  void use(std::shared_ptr<const Material> material);

  /// Wraps an accepted descriptor, nonblocking or not. Call handshake() until it is ok before anything else;
  /// then peer_certificate() tells who the client is.
  Result<Stream> wrap(Fd fd);

 private:
  explicit TlsServer(std::shared_ptr<const Material> material);
  std::mutex mutex_;
  std::shared_ptr<const Material> material_;
};

}  // namespace doorward::io
