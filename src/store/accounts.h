#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace doorward::store {

/// An account at an upstream server that wants OAuth tokens. The tokens are sealed by whoever writes the row.
struct AccountRow {
  std::string server;  ///< its name
  std::string owner;   ///< id of a grant; empty: of all who use the server
  std::string url;     ///< of the server, when the account was connected
  std::string issuer;
  std::string scope;
  std::string sealed;
  std::string actor;                       ///< who connected it
  std::optional<std::int64_t> expires_us;  ///< of the access token; nothing: not told
  std::int64_t connected_us = 0;
  std::int64_t updated_us = 0;
};

/// The gateway as a client that an authorization server has registered.
struct RegistrationRow {
  std::string server;
  std::string issuer;
  std::string redirect;
  std::string sealed;
  std::int64_t created_us = 0;
};

/// What the gateway's life as an OAuth client leaves behind. Every member that changes something is durable when it
/// returns. One thread, the one of the Store whose database this is.
class Accounts {
 public:
  explicit Accounts(Database& database) : database_(database) {}

  /// Puts the row in the place of the one of the same server and owner.
  Status put(const AccountRow& account);
  Result<std::vector<AccountRow>> all();  ///< by server and owner
  /// Whether there was one.
  Result<bool> remove(std::string_view server, std::string_view owner);

  /// One for each server and issuer.
  Status put(const RegistrationRow& registration);
  /// not_found where there is none.
  Result<RegistrationRow> registration(std::string_view server, std::string_view issuer);

 private:
  Database& database_;
};

}  // namespace doorward::store
