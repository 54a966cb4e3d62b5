#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "store/database.h"

namespace doorward::store {

/// One login of a person, by which a browser acts as them.
struct SessionRow {
  std::string id;  ///< UUID; by which a person names it
  Digest token_hash{};  ///< of the cookie's value
  std::string person;   ///< as in identity::Actor::name
  std::string method;   ///< `password`, `oidc` or `code`
  std::string email;    ///< as an issuer gave it; else empty
  std::vector<std::string> groups;  ///< as an issuer gave them; the configuration maps them
  std::string address;  ///< from which it was opened
  std::string agent;    ///< the browser's User-Agent; untrusted
  std::int64_t created_us = 0;
  std::int64_t seen_us = 0;  ///< of its latest request, to the minute
};

/// Sessions of the control plane. Every member that changes something is durable when it returns. One thread, the one
/// of the Store whose database this is.
class Sessions {
 public:
  explicit Sessions(Database& database) : database_(database) {}

  Status add(const SessionRow& session);
  Result<SessionRow> find(const Digest& token_hash);
  Result<SessionRow> find(std::string_view id);
  Result<std::vector<SessionRow>> all(std::string_view person);  ///< by creation; of everybody for an empty name
  Status see(std::string_view id, std::int64_t now_us);
  Status remove(std::string_view id);
  Status remove_all(std::string_view person);
  /// Those not seen since `seen_us`, or opened before `created_us`.
  Status remove_old(std::int64_t seen_us, std::int64_t created_us);

 private:
  Database& database_;
};

}  // namespace doorward::store
