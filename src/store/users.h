#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "store/database.h"

namespace doorward::store {

/// A person, or a program, that this gateway itself knows by a name.
struct UserRow {
  std::string name;   ///< [a-z0-9][a-z0-9._-]{0,63}, unique
  std::string email;  ///< may be empty
  std::string roles;  ///< names joined by a space, sorted as identity::Role is
  std::vector<std::string> groups;          ///< of approvers; sorted
  std::optional<std::string> password = {};  ///< its hash; without one nobody logs in
  bool disabled = false;
  std::int64_t created_us = 0;
  std::int64_t updated_us = 0;
  std::int64_t revision = 1;  ///< grows by one with every change but those of the password's hash
};

/// A token by which a program acts as a user (docs/roles.md).
struct AccessTokenRow {
  std::string id;  ///< UUID
  std::string user;
  std::string label;
  std::string roles;  ///< at most these; as in UserRow
  Digest token_hash{};
  std::string token_hint = {};
  std::int64_t created_us = 0;
  std::int64_t expires_us = 0;
};

/// Users and their access tokens. Every member that changes something is one transaction, durable when it returns.
/// `expected` as in Store. One thread, the one of the Store whose database this is.
class Users {
 public:
  explicit Users(Database& database) : database_(database) {}

  Result<std::vector<UserRow>> all();  ///< by name
  Result<UserRow> find(std::string_view name);
  /// conflict where the name exists.
  Result<UserRow> add(const UserRow& user);
  /// Replaces e-mail, roles, groups and `disabled` of the user of that name.
  Result<UserRow> set(const UserRow& user, std::optional<std::int64_t> expected = std::nullopt);
  Status set_password(std::string_view name, std::string_view hash, std::int64_t now_us);
  /// With its access tokens.
  Status remove(std::string_view name, std::optional<std::int64_t> expected = std::nullopt);

  Result<std::vector<AccessTokenRow>> tokens(std::string_view user);  ///< by creation; of everybody for an empty name
  Result<AccessTokenRow> token(std::string_view id);
  Result<AccessTokenRow> token_by_hash(const Digest& hash);
  Result<AccessTokenRow> add_token(const AccessTokenRow& token);
  Status remove_token(std::string_view id);
  Status remove_tokens(std::string_view user);

 private:
  Status put_groups(const UserRow& user);

  Database& database_;
};

/// Whether a text may name a user: lower case alone, so that no two names look alike.
bool is_user_name(std::string_view name);

}  // namespace doorward::store
