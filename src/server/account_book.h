#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/seal.h"
#include "store/accounts.h"
#include "upstream/oauth_flow.h"

namespace doorward::server {

/// An account at a server, with its tokens.
struct KeptAccount {
  std::string server;
  std::string owner;  ///< id of a grant; empty: of all who use the server
  std::string url;    ///< of the server that the tokens are for
  std::string actor;  ///< who connected it
  std::int64_t connected_us = 0;
  upstream::OAuthAccount account;
};

/// The accounts and registrations in the store, their secrets sealed under the state directory's key and bound to server
/// and owner: a row that was moved to another server or grant cannot be opened. Control thread.
class AccountBook {
 public:
  /// `key`: 32 bytes. The database outlives the book.
  AccountBook(store::Database& database, std::string_view key) : rows_(database), sealer_(key) {}

  /// A row that cannot be opened is left out, and the process's log says so.
  Result<std::vector<KeptAccount>> load();
  Status save(const KeptAccount& kept, std::int64_t now_us);
  Result<bool> remove(std::string_view server, std::string_view owner) { return rows_.remove(server, owner); }

  std::optional<upstream::OAuthClient> registration(std::string_view server, std::string_view issuer);
  Status save_registration(std::string_view server, std::string_view issuer, const upstream::OAuthClient& client,
                           std::int64_t now_us);

 private:
  store::Accounts rows_;
  Sealer sealer_;
};

}  // namespace doorward::server
