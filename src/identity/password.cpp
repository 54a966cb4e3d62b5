#include "identity/password.h"

#include <sodium.h>

#include <array>

#include "base/encoding.h"
#include "base/random.h"

namespace doorward::identity {
namespace {

constexpr unsigned long long kPasses = 3;
constexpr std::size_t kMemory = 64u << 20;

/// libsodium may be initialised by whoever comes first, on any thread.
bool ready() {
  static const bool initialised = sodium_init() >= 0;
  return initialised;
}

}  // namespace

Status check_password(std::string_view password) {
  if (password.size() < kShortestPassword || password.size() > kLongestPassword) {
    return fail(ErrorKind::invalid, "a password has " + std::to_string(kShortestPassword) + " to " +
                                        std::to_string(kLongestPassword) + " bytes; choose a longer sentence");
  }
  return {};
}

Result<std::string> hash_password(std::string_view password) {
  if (Status good = check_password(password); !good) return std::unexpected(good.error());
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (!ready() || crypto_pwhash_str_alg(hash.data(), password.data(), password.size(), kPasses, kMemory,
                                        crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorKind::exhausted, "there is no memory to hash a password; try again");
  }
  return std::string(hash.data());
}

bool verify_password(const std::string& hash, std::string_view password) {
  return password.size() <= kLongestPassword && ready() &&
         crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool needs_rehash(const std::string& hash) {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), kPasses, kMemory) != 0;
}

const std::string& nobodys_hash() {
  static const std::string hash = [] {
    std::array<std::uint8_t, 16> salt{};
    std::array<std::uint8_t, 32> value{};
    random_bytes(salt);
    random_bytes(value);
    // The form of crypto_pwhash_str: Base64 without its padding.
    const auto bare = [](std::string text) { return text.substr(0, text.find('=')); };
    return "$argon2id$v=19$m=" + std::to_string(kMemory >> 10) + ",t=" + std::to_string(kPasses) + ",p=1$" +
           bare(to_base64(salt)) + "$" + bare(to_base64(value));
  }();
  return hash;
}

}  // namespace doorward::identity
