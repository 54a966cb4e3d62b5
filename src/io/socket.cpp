#include "io/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "io/failure.h"

namespace doorward::io {

namespace {

void set_flag(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

Fd open_socket(int family) {
  return Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos) {
    return fail(ErrorKind::invalid,
                "the socket path " + path + " is empty or longer than 107 bytes; use a shorter folder");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace

Address Address::from(const sockaddr* raw, socklen_t length) {
  Address address;
  const bool v4 = raw->sa_family == AF_INET && length >= sizeof(sockaddr_in);
  const bool v6 = raw->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6);
  if (!v4 && !v6) return address;
  address.length_ = v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::memcpy(&address.storage_, raw, address.length_);
  return address;
}

Result<Address> Address::parse(std::string_view literal, std::uint16_t port) {
  std::string text(literal);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  Address address;
  if (text.find('\0') == std::string::npos) {
    if (::inet_pton(AF_INET, text.c_str(), &address.storage_.v4.sin_addr) == 1) {
      address.storage_.v4.sin_family = AF_INET;
      address.storage_.v4.sin_port = htons(port);
      address.length_ = sizeof(sockaddr_in);
      return address;
    }
    address = Address();
    if (::inet_pton(AF_INET6, text.c_str(), &address.storage_.v6.sin6_addr) == 1) {
      address.storage_.v6.sin6_family = AF_INET6;
      address.storage_.v6.sin6_port = htons(port);
      address.length_ = sizeof(sockaddr_in6);
      return address;
    }
  }
  return fail(ErrorKind::invalid,
              std::string(literal) + " is no IP address; write one such as 127.0.0.1 or ::1");
}

Result<Address> Address::from_text(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view host = text.substr(0, colon);
  const std::string quoted = '"' + std::string(text) + '"';
  if (colon == std::string_view::npos || host.contains(':') != host.starts_with('[')) {
    return fail(ErrorKind::invalid, quoted + " is no address and port; write 127.0.0.1:8420 or [::1]:8420");
  }
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || at != end || port > 65'535) {
    return fail(ErrorKind::invalid, quoted + " has no valid port (0 to 65535)");
  }
  return parse(host, static_cast<std::uint16_t>(port));
}

std::string Address::host_to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (length_ == 0) return text;
  if (raw()->sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &storage_.v4.sin_addr, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text, sizeof text);
  }
  return text;
}

std::string Address::to_string() const {
  if (length_ == 0) return "local";
  const std::string host = host_to_string();
  return (raw()->sa_family == AF_INET ? host : "[" + host + "]") + ":" + std::to_string(port());
}

std::uint16_t Address::port() const {
  if (length_ == 0) return 0;
  return ntohs(raw()->sa_family == AF_INET ? storage_.v4.sin_port : storage_.v6.sin6_port);
}

bool Address::is_loopback() const {
  if (length_ == 0) return false;
  if (raw()->sa_family == AF_INET) return (ntohl(storage_.v4.sin_addr.s_addr) >> 24) == 127;
  const in6_addr& v6 = storage_.v6.sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

Result<Fd> listen_tcp(const Address& at, int backlog) {
  Fd fd = open_socket(at.raw()->sa_family);
  if (!fd) return system_failure("open a socket", errno, "check the limit of open files");
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (at.raw()->sa_family == AF_INET6) set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(fd.get(), at.raw(), at.length()) != 0 || ::listen(fd.get(), backlog) != 0) {
    return system_failure("listen on " + at.to_string(), errno,
                          "choose a free port of this machine, or end the program that holds it");
  }
  return fd;
}

Result<Fd> connect_unix(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) return std::unexpected(address.error());
  Fd fd = open_socket(AF_UNIX);
  if (!fd) return system_failure("open a socket", errno, "check the limit of open files");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return system_failure("connect to " + path, errno,
                          "check that the gateway runs with this state directory");
  }
  return fd;
}

Result<Fd> listen_unix(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) return std::unexpected(address.error());
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode))
      return fail(ErrorKind::conflict, path + " exists and is no socket; move it away");
    if (connect_unix(path))
      return fail(ErrorKind::conflict, "another process answers on " + path + "; stop it first");
    ::unlink(path.c_str());
  }
  Fd fd = open_socket(AF_UNIX);
  if (!fd) return system_failure("open a socket", errno, "check the limit of open files");
  // The mode of the socket's inode is taken over by bind(), so no moment exists in which others could
  // connect.
  ::fchmod(fd.get(), 0600);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(fd.get(), 128) != 0) {
    return system_failure("listen on " + path, errno, "check the folder and its owner");
  }
  return fd;
}

Accepted accept_one(int listener) {
  Accepted accepted;
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  accepted.fd =
      Fd(::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.fd) {
    accepted.error = errno;
    return accepted;
  }
  if (peer.ss_family != AF_INET && peer.ss_family != AF_INET6) return accepted;
  accepted.peer = Address::from(reinterpret_cast<const sockaddr*>(&peer), length);
  set_flag(accepted.fd.get(), IPPROTO_TCP, TCP_NODELAY);
  return accepted;
}

Result<Fd> connect_tcp(const Address& to) {
  Fd fd = open_socket(to.raw()->sa_family);
  if (!fd) return system_failure("open a socket", errno, "check the limit of open files");
  set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  if (::connect(fd.get(), to.raw(), to.length()) != 0 && errno != EINPROGRESS) {
    return system_failure("connect to " + to.to_string(), errno,
                          "check that the server runs and is reachable");
  }
  return fd;
}

int connect_result(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  if (error != 0) return error;
  // No error yet is not success: the attempt may still be under way.
  sockaddr_storage peer{};
  length = sizeof peer;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0 ? 0 : errno;
}

Result<Address> local_address(int fd) {
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length) != 0) {
    return system_failure("read a socket's address", errno, "");
  }
  return Address::from(reinterpret_cast<const sockaddr*>(&own), length);
}

Result<PeerCredentials> peer_credentials(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    return system_failure("read who is at the other end", errno, "connect through the control socket");
  }
  return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

}  // namespace doorward::io
