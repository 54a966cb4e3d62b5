#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "store/sealing.h"

namespace doorward::store {

/// What may be told of a sealed secret.
struct SecretRow {
  std::string name;          ///< [A-Za-z0-9._-]{1,64}
  std::int64_t version = 0;  ///< grows by one with every new value
  std::string key_id;        ///< of the master key that wraps its data key
  std::int64_t created_us = 0;
  std::int64_t updated_us = 0;
};

/// Secrets sealed in the database: each value under a data key of its own, each data key wrapped by a master
/// key. Value and data key are bound to the secret's name and version, so that no row can stand in for
/// another; the wrapping is bound to the master key's id, too. Every member that changes something is one
/// durable transaction. One thread; the times are the caller's.
class Secrets {
 public:
  explicit Secrets(Database& database) : database_(database) {}

  Result<std::vector<SecretRow>> list();  ///< by name
  Result<std::optional<SecretRow>> find(std::string_view name);
  /// Stores a value under a new data key, which `master` wraps. `expected`: the version that the caller saw;
  /// 0: none exists yet.
  Result<SecretRow> put(std::string_view name, std::string_view value, const SealingKey& master,
                        std::int64_t now_us, std::optional<std::int64_t> expected = std::nullopt);
  /// The value; the caller wipes it. `masters`: the keys at hand. not_found, `unavailable` where the master
  /// key is not among them, `corrupt` where the row does not open.
  Result<std::string> open(std::string_view name, const std::vector<SealingKey>& masters);
  /// not_found where it does not exist.
  Status remove(std::string_view name, std::optional<std::int64_t> expected = std::nullopt);
  /// Wraps every data key by `next` instead, whichever of `masters` wrapped it; all of them or none. The data
  /// keys and the values stay as they are. How many were wrapped anew.
  Result<std::size_t> rewrap(const std::vector<SealingKey>& masters, const SealingKey& next);

 private:
  struct Sealed;
  Result<std::optional<Sealed>> row(std::string_view name);

  Database& database_;
};

}  // namespace doorward::store
