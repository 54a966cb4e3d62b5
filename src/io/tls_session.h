#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/peer_certificate.h"
#include "io/stream.h"

namespace doorward::io {

/// One TLS connection over a nonblocking socket that the Stream owns. Private to Stream, TlsContext and
/// TlsServer. It moves between threads with its Stream, whole: one thread at a time.
class TlsSession {
 public:
  /// Null where memory is out.
  static std::unique_ptr<TlsSession> create(SSL_CTX* context, int fd);
  /// The server's side of one.
  static std::unique_ptr<TlsSession> accept(SSL_CTX* context, int fd);

  SSL* ssl() { return ssl_.get(); }
  IoResult handshake();
  IoResult read(std::span<char> into);
  IoResult write(std::string_view bytes);
  void send_close_notify();
  const std::string& error() const { return error_; }
  /// Of the client, once the handshake is done; null where it showed none.
  const PeerCertificate* peer() const { return peer_.get(); }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  explicit TlsSession(SSL* ssl) : ssl_(ssl) {}
  static std::unique_ptr<TlsSession> over(SSL_CTX* context, int fd);
  bool keep_peer();
  IoResult outcome(int returned);

  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string error_;
  std::unique_ptr<const PeerCertificate> peer_;
};

}  // namespace doorward::io
