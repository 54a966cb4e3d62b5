#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/stream.h"

namespace doorward::io {

/// One TLS connection over a nonblocking socket that the Stream owns. Private to Stream and TlsContext.
class TlsSession {
 public:
  /// Null where memory is out.
  static std::unique_ptr<TlsSession> create(SSL_CTX* context, int fd);

  SSL* ssl() { return ssl_.get(); }
  IoResult handshake();
  IoResult read(std::span<char> into);
  IoResult write(std::string_view bytes);
  void send_close_notify();
  const std::string& error() const { return error_; }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  explicit TlsSession(SSL* ssl) : ssl_(ssl) {}
  IoResult outcome(int returned);

  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string error_;
};

}  // namespace doorward::io
