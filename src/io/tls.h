#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/fd.h"
#include "io/stream.h"

namespace doorward::io {

struct TlsOptions {
  /// PEM file of trusted roots; empty: the system's trust store.
  std::string ca_file;
};

/// The client side of TLS toward upstreams: TLS 1.2 or newer, certificate chain and host name (or IP address)
/// verified, no way to switch that off (attack case T240). Make one per worker: sessions share its memory
/// without a lock only when they stay on one thread.
class TlsContext {
 public:
  static Result<TlsContext> create(const TlsOptions& options);
  TlsContext(TlsContext&&) noexcept;
  TlsContext& operator=(TlsContext&&) noexcept;
  ~TlsContext();

  /// Wraps a connected descriptor. `host` is the name of the configured URL: sent as SNI (unless an IP
  /// address) and demanded of the certificate. Call handshake() until it is ok before anything else.
  Result<Stream> wrap(Fd fd, const std::string& host);

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace doorward::io
