#pragma once

#include <set>
#include <string>

#include "server/event_log.h"
#include "server/inventory.h"

namespace doorward::server {

/// What the log tells of policies: an event `policy.loaded` for each that comes into force, and the text of each beside
/// the log, by its hash, so that what a record's hash stood for is known whoever changes the file later. Control thread.
class PolicyTrail {
 public:
  /// `folder`: where the texts are kept; made at the first one.
  PolicyTrail(std::string folder, RecordEvent record) : folder_(std::move(folder)), record_(std::move(record)) {}

  /// Records what is in force now and was not at the last call.
  void record(const Inventory& now);

 private:
  void keep_text(const policy::Policy& policy) const;

  std::string folder_;
  RecordEvent record_;
  std::set<std::string> recorded_;  ///< `server name sha256`
};

}  // namespace doorward::server
