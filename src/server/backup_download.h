#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "admin/message.h"
#include "base/work_pool.h"
#include "io/loop.h"
#include "server/operations.h"
#include "server/state_dir.h"

namespace doorward::server {

/// The backup that an admin has asked for and not taken yet: one at most, in a file that nobody else may read, for ten
/// minutes and one download. Who takes it is recorded before its first byte leaves. Control thread.
class BackupDownload {
 public:
  /// All outlive it. Removes what an earlier process left.
  BackupDownload(const StateDir& state, WorkPool& pool, io::Loop& loop, RecordEvent record);
  ~BackupDownload();

  /// The operation `backup.offer`.
  void offer(ControlRequest& request, const identity::Actor& actor, Operations::Reply reply);
  /// The route `backup.download`. Only whom it was made for finds it, and nobody gets it over the network in the clear.
  void serve(const admin::Request& request, admin::Respond respond);

 private:
  struct Offer {
    std::string id;
    std::string actor;
    std::string name;
    std::uint64_t bytes = 0;
  };

  std::string path_of(const std::string& id) const { return folder_ + "/" + id; }
  void withdraw();

  const StateDir state_;
  const std::string folder_;
  WorkPool& pool_;
  io::Loop& loop_;
  const RecordEvent record_;
  std::optional<Offer> offer_;
  io::Timer end_;
};

}  // namespace doorward::server
