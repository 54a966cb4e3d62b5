#include "io/stream.h"

#include <cstring>

#include "io/tls_session.h"

namespace doorward::io {

std::string_view errno_name(int error) {
  if (error == 0) return "0";
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : "unknown error";
}

Stream::Stream() = default;
Stream::Stream(Fd fd) : fd_(std::move(fd)) {}
Stream::Stream(Fd fd, std::unique_ptr<TlsSession> tls) : fd_(std::move(fd)), tls_(std::move(tls)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

IoResult Stream::write(std::span<const iovec> pieces) {
  if (!tls_) [[likely]] {
    std::size_t total = 0;
    for (const iovec& piece : pieces) total += piece.iov_len;
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    return detail::moved(::sendmsg(fd_.get(), &message, MSG_NOSIGNAL), total);
  }
  IoResult sum;
  for (const iovec& piece : pieces) {
    const std::string_view bytes(static_cast<const char*>(piece.iov_base), piece.iov_len);
    const IoResult one = tls_write(bytes);
    if (one.state != IoState::ok) return sum.bytes > 0 ? sum : one;
    sum.bytes += one.bytes;
    if (one.bytes < bytes.size()) break;
  }
  return sum;
}

IoResult Stream::handshake() {
  return tls_ ? tls_->handshake() : IoResult{};
}

IoResult Stream::tls_read(std::span<char> into) {
  return tls_->read(into);
}

IoResult Stream::tls_write(std::string_view bytes) {
  return tls_->write(bytes);
}

void Stream::shutdown_write() {
  if (tls_) tls_->send_close_notify();
  ::shutdown(fd_.get(), SHUT_WR);
}

void Stream::close() {
  tls_.reset();
  fd_.reset();
}

Fd Stream::release() {
  return std::move(fd_);
}

const PeerCertificate* Stream::peer_certificate() const {
  return tls_ ? tls_->peer() : nullptr;
}

std::string Stream::error_text(const IoResult& result) const {
  if (tls_ && !tls_->error().empty()) return tls_->error();
  return std::string(errno_name(result.error));
}

}  // namespace doorward::io
