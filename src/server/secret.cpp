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
#include "server/sealed_secrets.h"

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

Status check_value(const Place& place, std::string_view value, SecretForm form) {
  if (value.empty()) return place.fail(ErrorKind::invalid, "is empty; put the secret in");
  const auto is_control = [form](char c) {
    const bool line_end = form == SecretForm::text && (c == '\n' || c == '\r');
    return (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) && !line_end;
  };
  if (std::ranges::any_of(value, is_control)) {
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

/// `by_root`: systemd makes credentials of services that run as another user root's, readable through an ACL.
Result<std::string> read_secret_file(const Place& place, const std::string& path, bool by_root) {
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
  if (facts.st_uid != geteuid() && !(by_root && facts.st_uid == 0)) {
    return place.fail(ErrorKind::denied, "belongs to another user; change its owner to the gateway's");
  }
  // Where an ACL is set, the bits of the group are its mask.
  if ((facts.st_mode & (by_root ? 0007 : 0077)) != 0) {
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
    wipe(value);
    return place.fail(ErrorKind::exhausted, "is over 64 KiB");
  }
  if (size > 0 && value[size - 1] == '\n') value[--size] = '\0';
  std::string exact = value.substr(0, size);
  wipe(value);
  return exact;
}

/// Empty where systemd gave this process no credentials.
std::string credential_path(const std::string& name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder == nullptr || *folder != '/' ? std::string() : std::string(folder) + "/" + name;
}

/// The file of a credential, which systemd has put where only this service can read it.
Result<std::string> read_credential(const Place& place, const std::string& name) {
  const std::string path = credential_path(name);
  if (path.empty()) {
    return place.fail(ErrorKind::not_found,
                      "cannot be read: CREDENTIALS_DIRECTORY is not set; start the gateway by systemd with "
                      "LoadCredential=");
  }
  return read_secret_file(place, path, true);
}

Result<std::string> read_variable(const Place& place, const std::string& name) {
  const char* found = std::getenv(name.c_str());
  if (found == nullptr) return place.fail(ErrorKind::not_found, "is not set; set it before the gateway starts");
  return std::string(found);
}

std::string where_of(const SecretRef& ref) {
  static constexpr const char* kPlaces[] = {"the environment variable ", "the file ", "the configuration ",
                                            "the credential ", "the sealed secret ", "the client that lends "};
  return kPlaces[static_cast<std::size_t>(ref.source)] + ref.text;
}

}  // namespace

bool refers_to_sealed(const ServerConfig& server, std::string_view name) {
  bool found = false;
  for_each_reference(server, [&](const SecretRef& ref) {
    found = found || (ref.source == SecretRef::Source::sealed && ref.text == name);
  });
  return found;
}

std::string file_of(const SecretRef& ref) {
  if (ref.source == SecretRef::Source::file) return ref.text;
  return ref.source == SecretRef::Source::credential ? credential_path(ref.text) : std::string();
}

Status check_secret(std::string_view value, std::string_view name, std::string where) {
  return check_value(Place(name, std::move(where)), value, SecretForm::line);
}

Result<std::string> resolve_secret(const SecretRef& ref, std::string_view name, SealedSecrets* sealed,
                                   SecretForm form) {
  const Place place(name, where_of(ref));
  Result<std::string> value;
  switch (ref.source) {
    case SecretRef::Source::literal:
      return ref.prefix + ref.text;
    case SecretRef::Source::environment:
      value = read_variable(place, ref.text);
      break;
    case SecretRef::Source::file:
      value = read_secret_file(place, ref.text, false);
      break;
    case SecretRef::Source::credential:
      value = read_credential(place, ref.text);
      break;
    case SecretRef::Source::sealed:
      if (sealed == nullptr) return place.fail(ErrorKind::invalid, "cannot be had here; use env, file or credential");
      value = sealed->value(ref.text);
      if (!value) return place.fail(value.error().kind, "cannot be had: " + value.error().message);
      break;
    case SecretRef::Source::lent: {
      // Checked when it was lent; what clients have in a variable may be empty, or of any script.
      const std::string* found = sealed == nullptr ? nullptr : sealed->lent(ref.text);
      if (found == nullptr) return place.fail(ErrorKind::not_found, "was not handed over yet; start the client");
      return ref.prefix + *found;
    }
  }
  if (!value) return value;
  if (const Status checked = check_value(place, *value, form); !checked) {
    wipe(*value);
    return std::unexpected(checked.error());
  }
  std::string whole = ref.prefix + *value;
  wipe(*value);
  return whole;
}

}  // namespace doorward::server
