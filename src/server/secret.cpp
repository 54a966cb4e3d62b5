#include "server/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "io/fd.h"

namespace doorward::server {
namespace {

class Place {
 public:
  Place(std::string_view name, std::string where)
      : text_("the value of \"" + std::string(name) + "\" from " + std::move(where)) {}
  std::unexpected<Error> fail(ErrorKind kind, std::string_view why) const {
    return doorward::fail(kind, text_ + " " + std::string(why));
  }

 private:
  std::string text_;
};

/// Wipes the buffer that it leaves behind, so that a refused secret does not stay in freed memory.
void forget(std::string& secret) {
  wipe({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
  secret.clear();
}

Status check_value(const Place& place, std::string_view value) {
  if (value.empty()) return place.fail(ErrorKind::invalid, "is empty; put the secret in");
  if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    return place.fail(ErrorKind::invalid,
                      "holds a line break or another control character; keep to one line");
  }
  if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return place.fail(ErrorKind::invalid, "holds a non-ASCII character; check how it was pasted");
  }
  if (value.front() == ' ' || value.back() == ' ') {
    return place.fail(ErrorKind::invalid, "begins or ends with a space; remove it");
  }
  return {};
}

Result<std::string> read_secret_file(const Place& place, const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const io::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    if (errno == ELOOP) return place.fail(ErrorKind::denied, "is a symbolic link; name the file itself");
    return place.fail(errno == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable,
                      std::string("cannot be read: ") + std::strerror(errno));
  }
  struct stat facts {};
  if (fstat(fd.get(), &facts) != 0) return place.fail(ErrorKind::unavailable, std::strerror(errno));
  if (!S_ISREG(facts.st_mode)) return place.fail(ErrorKind::denied, "is no regular file");
  if (facts.st_uid != geteuid()) {
    return place.fail(ErrorKind::denied, "belongs to another user; change its owner to the gateway's");
  }
  if ((facts.st_mode & 0077) != 0) {
    return place.fail(ErrorKind::denied, "can be read by other users; run chmod 600 on it");
  }
  if (facts.st_size > static_cast<off_t>(kSecretBytes))
    return place.fail(ErrorKind::exhausted, "is over 64 KiB");

  std::string value(kSecretBytes + 1, '\0');
  std::size_t size = 0;
  while (size < value.size()) {
    const ssize_t got = read(fd.get(), value.data() + size, value.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return place.fail(ErrorKind::unavailable, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kSecretBytes) {
    forget(value);
    return place.fail(ErrorKind::exhausted, "is over 64 KiB");
  }
  if (size > 0 && value[size - 1] == '\n') value[--size] = '\0';
  std::string exact = value.substr(0, size);
  forget(value);
  return exact;
}

}  // namespace

Result<std::string> resolve_secret(const SecretRef& ref, std::string_view name) {
  if (ref.source == SecretRef::Source::literal) return ref.prefix + ref.text;

  const bool from_file = ref.source == SecretRef::Source::file;
  const Place place(name, (from_file ? "the file " : "the environment variable ") + ref.text);
  std::string value;
  if (from_file) {
    auto read = read_secret_file(place, ref.text);
    if (!read) return read;
    value = std::move(*read);
  } else {
    const char* found = std::getenv(ref.text.c_str());
    if (found == nullptr)
      return place.fail(ErrorKind::not_found, "is not set; set it before the gateway starts");
    value = found;
  }
  if (const Status checked = check_value(place, value); !checked) {
    forget(value);
    return std::unexpected(checked.error());
  }
  std::string whole = ref.prefix + value;
  forget(value);
  return whole;
}

}  // namespace doorward::server
