#include "io/failure.h"

#include <cerrno>
#include <cstring>

#include "io/stream.h"

namespace doorward::io {

namespace {

ErrorKind kind_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::not_found;
    case EACCES:
    case EPERM:
      return ErrorKind::denied;
    case EEXIST:
    case EADDRINUSE:
    case EWOULDBLOCK:
      return ErrorKind::conflict;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case ENOBUFS:
      return ErrorKind::exhausted;
    default:
      return ErrorKind::unavailable;
  }
}

}  // namespace

std::unexpected<Error> system_failure(const std::string& what, int error, const std::string& next) {
  const char* const words = ::strerrordesc_np(error);
  const std::string name(errno_name(error));
  std::string message = "cannot " + what + ": " + (words == nullptr ? name : std::string(words) + " (" + name + ")");
  if (!next.empty()) message += "; " + next;
  return fail(kind_of(error), std::move(message));
}

}  // namespace doorward::io
