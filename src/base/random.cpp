#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/encoding.h"
#include "base/hash.h"

namespace doorward {

void random_bytes(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      std::fputs("doorward: the kernel gives no random bytes (getrandom failed); cannot go on\n", stderr);
      std::abort();
    }
  }
}

std::string random_id(std::string_view prefix) {
  std::array<std::uint8_t, 16> bytes{};
  random_bytes(bytes);
  std::string id(prefix);
  append_base32(id, bytes);
  return id;
}

std::string random_secret() {
  std::array<std::uint8_t, 32> bytes{};
  random_bytes(bytes);
  std::string text = to_base64(bytes, Base64::url);
  wipe(bytes);
  return text;
}

}  // namespace doorward
