#include "audit/keys.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "audit/descriptor.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"

namespace doorward::audit {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::uint8_t kEd25519 = 0x01;

using PKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

class Ed25519Signer final : public Signer {
 public:
  Ed25519Signer(PKey key, std::string public_bytes)
      : key_(std::move(key)), public_(std::move(public_bytes)) {}

  PublicKey public_key() const override { return {kEd25519, public_}; }

  Result<std::string> sign(std::string_view message) const override {
    Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string signature(kSignatureBytes, '\0');
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       data_of(message), message.size()) != 1) {
      return fail(ErrorKind::unavailable,
                  "OpenSSL cannot sign with Ed25519; check that its default provider is enabled");
    }
    signature.resize(size);
    return signature;
  }

 private:
  PKey key_;
  std::string public_;
};

Error file_error(const std::string& path, const char* what) {
  return {ErrorKind::unavailable, "cannot " + std::string(what) + " " + path + ": " + std::strerror(errno) +
                                      "; check the permissions of the key directory"};
}

Result<std::string> read_secret(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return std::unexpected(file_error(path, "open"));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return std::unexpected(file_error(path, "read"));
  if ((info.st_mode & 077) != 0 || info.st_uid != ::geteuid()) {
    return fail(ErrorKind::denied,
                path +
                    " may be read by others or belongs to another user; set its mode to 0600 and "
                    "its owner to the user that runs Doorward");
  }
  std::string secret(kKeyBytes, '\0');
  char more = 0;
  const ssize_t size = ::read(fd.get(), secret.data(), secret.size());
  if (size != static_cast<ssize_t>(kKeyBytes) || ::read(fd.get(), &more, 1) != 0) {
    return fail(ErrorKind::corrupt,
                path +
                    " does not hold exactly 32 bytes; restore it from a backup, or remove it to "
                    "begin with a new key");
  }
  return secret;
}

Status write_file(const std::string& path, std::string_view bytes, mode_t mode) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return std::unexpected(file_error(path, "write"));
  if (::fchmod(fd.get(), mode) != 0 ||
      ::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      ::fsync(fd.get()) != 0) {
    return std::unexpected(file_error(path, "write"));
  }
  return {};
}

/// Two processes may start at once: each writes a file of its own, and link(2) lets exactly one of them win.
Result<std::string> load_or_draw(const std::string& directory, std::string_view name) {
  const std::string path = directory + "/" + std::string(name) + ".key";
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(file_error(directory, "make"));
  }
  if (::access(path.c_str(), F_OK) == 0) return read_secret(path);
  std::string secret(kKeyBytes, '\0');
  random_bytes({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
  const std::string draft = path + "." + random_id("");
  if (Status written = write_file(draft, secret, 0600); !written) return std::unexpected(written.error());
  const int linked = ::link(draft.c_str(), path.c_str());
  const int code = errno;
  ::unlink(draft.c_str());
  if (linked != 0 && code != EEXIST) {
    errno = code;
    return std::unexpected(file_error(path, "make"));
  }
  Descriptor parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return std::unexpected(file_error(directory, "sync"));
  return read_secret(path);
}

}  // namespace

bool verify_signature(const PublicKey& key, std::string_view message, std::string_view signature) {
  if (key.type != kEd25519 || key.bytes.size() != kKeyBytes || signature.size() != kSignatureBytes)
    return false;
  PKey pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(key.bytes), key.bytes.size()),
            EVP_PKEY_free);
  Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return pkey && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(message),
                          message.size()) == 1;
}

Result<std::unique_ptr<Signer>> make_ed25519_signer(std::string_view seed) {
  if (seed.size() != kKeyBytes) return fail(ErrorKind::invalid, "an Ed25519 seed has 32 bytes");
  PKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data_of(seed), seed.size()),
           EVP_PKEY_free);
  std::string bytes(kKeyBytes, '\0');
  std::size_t size = bytes.size();
  if (!key ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1) {
    return fail(ErrorKind::unavailable,
                "OpenSSL cannot use Ed25519; check that its default provider is enabled");
  }
  return std::make_unique<Ed25519Signer>(std::move(key), std::move(bytes));
}

Result<std::unique_ptr<Signer>> load_or_create_signer(const std::string& directory) {
  Result<std::string> seed = load_or_draw(directory, "audit");
  if (!seed) return std::unexpected(seed.error());
  Result<std::unique_ptr<Signer>> signer = make_ed25519_signer(*seed);
  wipe(*seed);
  if (!signer) return signer;
  const std::string path = directory + "/audit.pub";
  const std::string line = to_base64(bytes_of((*signer)->public_key().bytes)) + "\n";
  if (Result<PublicKey> known = load_public_key(path); known && *known == (*signer)->public_key())
    return signer;
  if (Status written = write_file(path, line, 0644); !written) return std::unexpected(written.error());
  return signer;
}

Result<std::string> load_or_create_secret(const std::string& directory, std::string_view name) {
  return load_or_draw(directory, name);
}

Result<PublicKey> load_public_key(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::unexpected(file_error(path, "open"));
  std::string text(4096, '\0');
  const ssize_t size = ::read(fd.get(), text.data(), text.size());
  if (size < 0) return std::unexpected(file_error(path, "read"));
  text.resize(static_cast<std::size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const Error wrong{ErrorKind::invalid,
                    path +
                        " holds no Ed25519 public key; give the file audit.pub of the key "
                        "directory, or a line <name>+<id>+<base64>"};
  if (const auto plain = from_base64(text); plain && plain->size() == kKeyBytes)
    return PublicKey{kEd25519, *plain};
  // The name of a verifier key contains no plus, the Base64 may.
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string::npos ? first : text.find('+', first + 1);
  if (second == std::string::npos || first == 0 || second != first + 1 + 2 * sizeof(std::uint32_t)) {
    return std::unexpected(wrong);
  }
  const auto typed = from_base64(std::string_view(text).substr(second + 1));
  if (typed && typed->size() == kKeyBytes + 1 && typed->front() == kEd25519)
    return PublicKey{kEd25519, typed->substr(1)};
  return std::unexpected(wrong);
}

}  // namespace doorward::audit
