#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/fd.h"

namespace doorward::io {

/// An IPv4 or IPv6 address with a port.
class Address {
 public:
  Address() = default;
  /// From what the kernel gave; anything but AF_INET and AF_INET6 becomes an empty address.
  static Address from(const sockaddr* raw, socklen_t length);
  /// A literal address: `127.0.0.1`, `::1` (brackets allowed). No names: those are the Resolver's.
  static Result<Address> parse(std::string_view literal, std::uint16_t port);

  /// What to_string() writes: `127.0.0.1:80`, `[::1]:80`.
  static Result<Address> from_text(std::string_view text);

  std::string to_string() const;       ///< `127.0.0.1:80`, `[::1]:80`
  std::string host_to_string() const;  ///< without the port, without brackets
  std::uint16_t port() const;
  bool is_loopback() const;  ///< 127/8, ::1, and 127/8 mapped into IPv6
  bool empty() const { return length_ == 0; }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }

 private:
  union {
    sockaddr_in v4;
    sockaddr_in6 v6;
  } storage_{};
  socklen_t length_ = 0;
};

/// All descriptors made here are nonblocking and close-on-exec.

Result<Fd> listen_tcp(const Address& at, int backlog = 4096);
/// Replaces a stale socket file that nobody listens on; refuses one that answers. File mode 0600.
Result<Fd> listen_unix(const std::string& path);
/// Blocking connect of a nonblocking Unix socket (it completes at once or fails).
Result<Fd> connect_unix(const std::string& path);

struct Accepted {
  Fd fd;          ///< TCP_NODELAY is set on TCP connections
  Address peer;   ///< empty for Unix sockets
  int error = 0;  ///< errno where `fd` is empty: EAGAIN when the queue is empty, EMFILE and others
};
Accepted accept_one(int listener);

/// Starts a TCP connection (TCP_NODELAY set). Writable means finished: ask connect_result().
Result<Fd> connect_tcp(const Address& to);
/// 0 when the connection stands, otherwise the errno that ended the attempt.
int connect_result(int fd);

Result<Address> local_address(int fd);

struct PeerCredentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};
/// Who is at the other end of a Unix socket (SO_PEERCRED: as of its connect).
Result<PeerCredentials> peer_credentials(int fd);

}  // namespace doorward::io
