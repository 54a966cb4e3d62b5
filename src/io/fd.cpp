#include "io/fd.h"

#include <unistd.h>

namespace doorward::io {

void Fd::reset() {
  // EINTR included: Linux has released the descriptor whatever close() says, a second try could hit another
  // one.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace doorward::io
