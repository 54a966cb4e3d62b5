#include "server/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "io/fd.h"

namespace doorward::server {

void sd_notify(std::string_view lines) noexcept {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (*path != '/' && *path != '@')) return;
  sockaddr_un to{};
  const std::size_t length = std::strlen(path);
  if (length >= sizeof(to.sun_path)) return;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path, length);
  if (*path == '@') to.sun_path[0] = '\0';
  const io::Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  [[maybe_unused]] const ssize_t sent =
      sendto(fd.get(), lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<sockaddr*>(&to), size);
}

std::optional<std::int64_t> sd_watchdog_interval_us() noexcept {
  const char* text = std::getenv("WATCHDOG_USEC");
  if (text == nullptr) return std::nullopt;
  std::int64_t interval = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, interval);
  if (error != std::errc() || stop != end || interval < 2) return std::nullopt;
  return interval / 2;
}

}  // namespace doorward::server
