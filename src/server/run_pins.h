#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "gateway/pin_set.h"
#include "gateway/tool_reports.h"
#include "store/store.h"
#include "upstream/settings.h"

namespace doorward::server {

/// The reviewed definitions of a server that `doorward run` wraps: a store of their own below the state directory,
/// since the gateway's may be in use. Several runs of one server share it; each opens it under its lock for a moment.
class RunPins {
 public:
  /// `command` tells servers of one name apart.
  RunPins(const std::string& state, const upstream::ServerSettings& settings,
          const std::vector<std::string>& command);
  ~RunPins();
  RunPins(const RunPins&) = delete;
  RunPins& operator=(const RunPins&) = delete;

  /// What was reviewed so far.
  Result<std::shared_ptr<const gateway::PinSet>> load();
  /// Stores what comes through `reports` from now on, in a thread of its own, until end() is called; what waits then is
  /// stored before it returns.
  void follow(gateway::ToolReports& reports);
  void end();

 private:
  Status with_store(const std::function<Status(store::Store&)>& use);
  void keep();
  void store(const gateway::ToolReport& report);

  const upstream::ServerSettings& settings_;
  std::string directory_;
  gateway::ToolReports* reports_ = nullptr;
  std::mutex mutex_;
  std::condition_variable news_;
  bool waiting_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace doorward::server
