#pragma once

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/counters.h"
#include "io/fd.h"

namespace doorward::io {

enum class IoState : std::uint8_t {
  ok,           ///< `bytes` > 0 moved (or: handshake done)
  would_block,  ///< wait for the next edge
  eof,          ///< the peer ended its direction in order
  error,        ///< broken; `error` has errno, 0 where only error_text() knows
};

struct IoResult {
  std::size_t bytes = 0;
  IoState state = IoState::ok;
  /// After a read: nothing more is there now, so the next try would be a wasted system call. Holds for TCP,
  /// Unix streams and pipes (epoll(7)): a read that fills less than the buffer found the queue empty, and
  /// whatever arrives later makes a new edge, the end of the stream too. The one exception: where the edge
  /// being handled had a bit of kReadToEnd (loop.h), the end is already behind the data and makes no second
  /// edge; read on.
  bool drained = false;
  int error = 0;
};

/// `ECONNRESET` and the like; "0" for 0.
std::string_view errno_name(int error);

namespace detail {
inline IoResult moved(ssize_t n, std::size_t room) {
  if (n > 0) [[likely]] {
    ++syscall_counts.moved;
    const auto bytes = static_cast<std::size_t>(n);
    return {bytes, IoState::ok, bytes < room, 0};
  }
  ++syscall_counts.idle;
  if (n == 0) return {0, room == 0 ? IoState::ok : IoState::eof, true, 0};
  if (errno == EAGAIN || errno == EINTR) return {0, IoState::would_block, true, 0};
  return {0, IoState::error, true, errno};
}
}  // namespace detail

/// Nonblocking reads and writes of descriptors that are no sockets (pipes of children). SIGPIPE must be
/// ignored (signals.h).
inline IoResult read_some(int fd, std::span<char> into) {
  return detail::moved(::read(fd, into.data(), into.size()), into.size());
}
inline IoResult write_some(int fd, std::string_view bytes) {
  return detail::moved(::write(fd, bytes.data(), bytes.size()), bytes.size());
}

class TlsSession;
struct PeerCertificate;

/// A nonblocking connection, plain or TLS (TlsContext::wrap and TlsServer::wrap make the latter). The plain
/// path has no virtual call. One thread at a time.
///
/// With TLS either direction may wait for either edge: after would_block, retry what is pending on the next
/// event of any kind. A TLS read is never `drained` by being short, only by would_block.
class Stream {
 public:
  Stream();
  explicit Stream(Fd fd);
  Stream(Fd fd, std::unique_ptr<TlsSession> tls);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  bool is_tls() const { return tls_ != nullptr; }

  /// `into` must not be empty.
  IoResult read(std::span<char> into) {
    if (tls_) [[unlikely]]
      return tls_read(into);
    return detail::moved(::recv(fd_.get(), into.data(), into.size(), 0), into.size());
  }
  /// May write a part: for a plain stream fewer bytes than given means that the next try would block; under
  /// TLS only would_block does.
  IoResult write(std::string_view bytes) {
    if (tls_) [[unlikely]]
      return tls_write(bytes);
    return detail::moved(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), bytes.size());
  }
  /// The same for several pieces, at most 16.
  IoResult write(std::span<const iovec> pieces);

  /// Continues the TLS handshake: ok when done, would_block, error. Always ok for a plain stream. Reading and
  /// writing before it is done fails closed.
  IoResult handshake();
  /// Ends our direction: FIN, with TLS close_notify before it.
  void shutdown_write();
  void close();
  /// Gives up the descriptor of a plain stream.
  Fd release();
  /// Of a client over TLS, once the handshake is done: the certificate that it showed and that verified, good
  /// as long as the stream; null for a plain stream and where it showed none.
  const PeerCertificate* peer_certificate() const;
  /// What failed, for a person: the errno's name, or the reason of TLS ("certificate has expired").
  std::string error_text(const IoResult& result) const;

 private:
  IoResult tls_read(std::span<char> into);
  IoResult tls_write(std::string_view bytes);

  Fd fd_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace doorward::io
