#include "server/sealed_secrets.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "audit/keys.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"
#include "io/file.h"
#include "server/secret.h"

namespace doorward::server {
namespace {

constexpr std::string_view kStart = "secrets-";
constexpr std::string_view kEnd = ".key";

}  // namespace

SealedSecrets::SealedSecrets(store::Database& database, std::string keys, SecretsConfig config)
    : rows_(database), keys_(std::move(keys)), config_(std::move(config)) {}

/// Their numbers grow: the last one is in force.
SealedSecrets::~SealedSecrets() {
  for (auto& [name, value] : lent_) wipe(value);
}

void SealedSecrets::lend(const std::string& name, std::string_view value) {
  std::string& kept = lent_[name];
  wipe(kept);
  kept = value;
}

const std::string* SealedSecrets::lent(const std::string& name) const {
  const auto found = lent_.find(name);
  return found == lent_.end() ? nullptr : &found->second;
}

Result<std::vector<std::string>> SealedSecrets::key_files() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(keys_, error)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(kStart) && name.ends_with(kEnd))
      names.push_back(name.substr(0, name.size() - kEnd.size()));
  }
  if (error)
    return fail(ErrorKind::unavailable, "the folder " + keys_ + " cannot be read: " + error.message());
  std::ranges::sort(names);
  return names;
}

Result<store::SealingKey> SealedSecrets::referred_key(const SecretRef& ref, std::string_view setting) const {
  auto text = resolve_secret(ref, setting);
  if (!text) return std::unexpected(text.error());
  auto bytes = text->size() == 2 * store::SealingKey::kBytes ? from_hex(*text) : from_base64(*text);
  wipe(*text);
  if (!bytes || bytes->size() != store::SealingKey::kBytes) {
    return fail(ErrorKind::invalid,
                "the value of \"" + std::string(setting) +
                    "\" is no key of 32 bytes in Base64 or hexadecimal; make one with `openssl "
                    "rand -base64 32`");
  }
  auto key = store::SealingKey::from(*bytes);
  wipe(*bytes);
  return key;
}

Result<SealedSecrets::Keys> SealedSecrets::load_keys() {
  Keys keys;
  auto files = key_files();
  if (!files) return std::unexpected(files.error());
  for (const std::string& name : *files) {
    auto bytes = audit::load_or_create_secret(keys_, name);
    if (!bytes) return std::unexpected(bytes.error());
    auto key = store::SealingKey::from(*bytes);
    wipe(*bytes);
    if (!key) return std::unexpected(key.error());
    keys.all.push_back(std::move(*key));
  }
  for (const auto& [ref, setting] : {std::pair{&config_.previous_master_key, "secrets.previous_master_key"},
                                     std::pair{&config_.master_key, "secrets.master_key"}}) {
    if (!*ref) continue;
    auto key = referred_key(**ref, setting);
    if (!key) return std::unexpected(key.error());
    keys.all.push_back(std::move(*key));
  }
  keys.current = keys.all.empty() ? 0 : keys.all.size() - 1;
  return keys;
}

Result<std::string> SealedSecrets::value(std::string_view name) {
  const auto keys = load_keys();
  if (!keys) return std::unexpected(keys.error());
  return rows_.open(name, keys->all);
}

Result<store::SecretRow> SealedSecrets::set(std::string_view name, std::string_view value,
                                            std::int64_t now_us, std::optional<std::int64_t> expected) {
  auto keys = load_keys();
  if (!keys) return std::unexpected(keys.error());
  if (keys->all.empty()) {
    if (auto drawn = audit::load_or_create_secret(keys_, std::string(kStart) + "000001"); drawn) {
      wipe(*drawn);
    } else {
      return std::unexpected(drawn.error());
    }
    keys = load_keys();
    if (!keys) return std::unexpected(keys.error());
  }
  return rows_.put(name, value, keys->all[keys->current], now_us, expected);
}

Result<SealedSecrets::Rotated> SealedSecrets::rotate_key() {
  auto old_files = key_files();
  if (!old_files) return std::unexpected(old_files.error());
  if (!config_.master_key) {
    const std::size_t last =
        old_files->empty() ? 0 : std::stoul("0" + old_files->back().substr(kStart.size()), nullptr, 10);
    std::string number = std::to_string(last + 1);
    number.insert(0, 6 - std::min<std::size_t>(6, number.size()), '0');
    auto drawn = audit::load_or_create_secret(keys_, std::string(kStart) + number);
    if (!drawn) return std::unexpected(drawn.error());
    wipe(*drawn);
  }
  const auto keys = load_keys();
  if (!keys) return std::unexpected(keys.error());
  const store::SealingKey& next = keys->all[keys->current];
  const auto wrapped = rows_.rewrap(keys->all, next);
  if (!wrapped) return std::unexpected(wrapped.error());
  // Nothing is sealed under them any more. One that stays behind after a crash is harmless, and goes the next
  // time.
  for (const std::string& name : *old_files) ::unlink((keys_ + "/" + name + std::string(kEnd)).c_str());
  if (const Status synced = io::sync_directory(keys_); !synced) return std::unexpected(synced.error());
  return Rotated{*wrapped, next.id()};
}

}  // namespace doorward::server
