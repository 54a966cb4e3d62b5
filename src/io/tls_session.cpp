#include "io/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <cerrno>

namespace doorward::io {

namespace {

int fd_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto room = static_cast<std::size_t>(size);
  const IoResult got = detail::moved(::recv(fd_of(bio), into, room, 0), room);
  if (got.state == IoState::would_block) BIO_set_retry_read(bio);
  if (got.state == IoState::eof) return 0;
  return got.state == IoState::ok ? static_cast<int>(got.bytes) : -1;
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto room = static_cast<std::size_t>(size);
  const IoResult put = detail::moved(::send(fd_of(bio), bytes, room, MSG_NOSIGNAL), room);
  if (put.state == IoState::would_block) BIO_set_retry_write(bio);
  return put.state == IoState::ok ? static_cast<int>(put.bytes) : -1;
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// OpenSSL's own socket BIO uses write(2), which raises SIGPIPE, and escapes our counters.
const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "doorward socket");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

}  // namespace

std::unique_ptr<TlsSession> TlsSession::over(SSL_CTX* context, int fd) {
  SSL* ssl = SSL_new(context);
  if (ssl == nullptr) return nullptr;
  std::unique_ptr<TlsSession> session(new TlsSession(ssl));
  BIO* bio = BIO_new(socket_method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  return session;
}

std::unique_ptr<TlsSession> TlsSession::create(SSL_CTX* context, int fd) {
  auto session = over(context, fd);
  if (session != nullptr) SSL_set_connect_state(session->ssl());
  return session;
}

std::unique_ptr<TlsSession> TlsSession::accept(SSL_CTX* context, int fd) {
  auto session = over(context, fd);
  if (session != nullptr) SSL_set_accept_state(session->ssl());
  return session;
}

IoResult TlsSession::outcome(int returned) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {0, IoState::would_block, true, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {0, IoState::eof, true, 0};
    case SSL_ERROR_SYSCALL:
      error_ = saved_errno != 0 ? std::string(errno_name(saved_errno)) : "connection closed";
      ERR_clear_error();
      return {0, IoState::error, true, saved_errno};
    default:
      break;
  }
  const unsigned long code = ERR_get_error();
  const long verdict = SSL_get_verify_result(ssl_.get());
  const char* reason = ERR_reason_error_string(code);
  if (verdict != X509_V_OK) {
    error_ = std::string("certificate not accepted: ") + X509_verify_cert_error_string(verdict);
  } else {
    error_ = reason != nullptr ? reason : "TLS failed";
  }
  ERR_clear_error();
  return {0, IoState::error, true, 0};
}

IoResult TlsSession::handshake() {
  errno = 0;
  const int done = SSL_do_handshake(ssl_.get());
  if (done != 1) return outcome(done);
  if (keep_peer()) return {};
  error_ = "out of memory for the client's certificate";
  return {0, IoState::error, true, ENOMEM};
}

bool TlsSession::keep_peer() {
  X509* shown = SSL_is_server(ssl_.get()) == 1 ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  if (shown == nullptr || peer_ != nullptr) return true;
  auto read = read_peer_certificate(shown);
  if (!read) return false;
  peer_ = std::make_unique<const PeerCertificate>(std::move(*read));
  return true;
}

IoResult TlsSession::read(std::span<char> into) {
  if (!SSL_is_init_finished(ssl_.get())) return {0, IoState::error, true, ENOTCONN};
  errno = 0;
  std::size_t bytes = 0;
  const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
  if (done == 1) return {bytes, IoState::ok, false, 0};
  return outcome(done);
}

IoResult TlsSession::write(std::string_view data) {
  if (!SSL_is_init_finished(ssl_.get())) return {0, IoState::error, true, ENOTCONN};
  if (data.empty()) return {};
  errno = 0;
  std::size_t bytes = 0;
  const int done = SSL_write_ex(ssl_.get(), data.data(), data.size(), &bytes);
  if (done == 1) return {bytes, IoState::ok, false, 0};
  return outcome(done);
}

void TlsSession::send_close_notify() {
  if (SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace doorward::io
