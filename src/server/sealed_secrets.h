#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/config.h"
#include "store/secrets.h"

namespace doorward::server {

/// The secrets that `doorward secret` keeps, and the master key that they are sealed under: a file of the
/// state directory (`keys/secrets-*.key`), or what `secrets.master_key` refers to. The control thread's.
class SealedSecrets {
 public:
  /// `keys`: the folder of key files. Keys are read when they are first needed; the first secret draws one.
  SealedSecrets(store::Database& database, std::string keys, SecretsConfig config);
  SealedSecrets(const SealedSecrets&) = delete;
  SealedSecrets& operator=(const SealedSecrets&) = delete;
  ~SealedSecrets();

  /// After a reload.
  void set_config(SecretsConfig config) { config_ = std::move(config); }

  /// The value of a secret; the caller wipes it.
  Result<std::string> value(std::string_view name);
  Result<std::vector<store::SecretRow>> list() { return rows_.list(); }
  Result<std::optional<store::SecretRow>> find(std::string_view name) { return rows_.find(name); }
  Result<store::SecretRow> set(std::string_view name, std::string_view value, std::int64_t now_us,
                               std::optional<std::int64_t> expected = std::nullopt);
  Status remove(std::string_view name, std::optional<std::int64_t> expected = std::nullopt) {
    return rows_.remove(name, expected);
  }
  /// Keeps a value that a client's process has handed over, in memory alone.
  void lend(const std::string& name, std::string_view value);
  /// Null where nobody has, since this process began.
  const std::string* lent(const std::string& name) const;

  /// Wraps every data key by another master key: a new one, where it is a file, and the old files go; where
  /// the configuration refers to one, the one that it refers to now. How many were wrapped anew, and the
  /// key's id.
  struct Rotated {
    std::size_t secrets = 0;
    std::string key_id;
  };
  Result<Rotated> rotate_key();

 private:
  struct Keys {
    std::vector<store::SealingKey> all;
    std::size_t current = 0;
  };
  Result<Keys> load_keys();
  Result<store::SealingKey> referred_key(const SecretRef& ref, std::string_view setting) const;
  Result<std::vector<std::string>> key_files() const;

  store::Secrets rows_;
  std::string keys_;
  SecretsConfig config_;
  std::map<std::string, std::string> lent_;
};

}  // namespace doorward::server
