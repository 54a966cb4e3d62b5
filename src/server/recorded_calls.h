#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/value.h"

namespace doorward::server {

/// A call of a tool as the log has it: who called what, and what was decided.
struct RecordedCall {
  std::string id;
  std::int64_t time_us = 0;
  std::string grant_id;
  std::string agent;   ///< the grant's label
  std::string issuer;   ///< of who holds a grant that is for identities; else empty
  std::string subject;
  std::string session;  ///< digest
  std::string server;
  std::string tool;
  std::string verdict;  ///< `allow`, `deny`, `hide`, `approve`
  std::string code;
  std::string rule;
  std::string pointer;
  std::string policy;
  std::string policy_sha256;
  bool enforced = true;
  bool forwarded = false;              ///< an intent stands in the log, not a denial
  std::optional<bool> succeeded;       ///< of a forwarded one, once its outcome is known
  std::vector<std::string> arguments;  ///< the top-level names
  bool arguments_whole = true;         ///< all names are there
};

/// Which calls.
struct CallFilter {
  std::string server;  ///< empty: all
  std::string policy;  ///< decided by the policy of this name; empty: all
  std::string agent;   ///< label or id of a grant; empty: all
  std::optional<std::int64_t> since_us = {};
};

/// Picks the calls out of records, which come newest first or oldest first.
class CallCollector {
 public:
  explicit CallCollector(CallFilter filter) : filter_(std::move(filter)) {}

  void take(json::Value record, std::int64_t time_us);
  std::size_t count() const { return calls_.size(); }
  /// Oldest first; of more than `most` the newest.
  std::vector<RecordedCall> calls(std::size_t most) &&;

 private:
  CallFilter filter_;
  std::vector<RecordedCall> calls_;
  std::unordered_map<std::string, bool> succeeded_;
};

}  // namespace doorward::server
