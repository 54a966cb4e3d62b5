#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace doorward::store {

/// An agent of an authorization server that is let in no more, whatever token it shows.
struct RevokedSubject {
  std::string issuer;
  std::string subject;
  std::int64_t since_us = 0;
};

/// The revoked agents. Every member that changes something is durable when it returns. One thread, the one of the Store
/// whose database this is.
class RevokedSubjects {
 public:
  explicit RevokedSubjects(Database& database) : database_(database) {}

  /// conflict where it is revoked already.
  Status add(const RevokedSubject& revoked);
  /// not_found where it is not revoked.
  Status remove(std::string_view issuer, std::string_view subject);
  Result<std::vector<RevokedSubject>> all();  ///< by time

 private:
  Database& database_;
};

}  // namespace doorward::store
