#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/fd.h"
#include "io/loop.h"

namespace doorward::server {

/// Tells when one of some files may have changed: written, replaced by a rename, removed, or come into being.
/// Watches their folders (inotify), since editors and deployments replace files instead of writing them. One
/// loop's thread.
class FileWatch final : private io::Handler {
 public:
  /// `on_change` runs once things have been quiet for a while, not once a change.
  FileWatch(io::Loop& loop, std::function<void()> on_change);
  ~FileWatch();

  Status start();
  /// Replaces what is watched: absolute paths. A folder that cannot be watched is left out.
  void set(const std::vector<std::string>& files);

 private:
  void on_ready(std::uint32_t events) override;
  void quiet();

  io::Loop& loop_;
  std::function<void()> on_change_;
  io::Fd fd_;
  std::map<std::string, int> folders_;                       ///< watch descriptor by folder
  std::map<int, std::set<std::string, std::less<>>> names_;  ///< names of interest by watch descriptor
  io::Timer timer_;
};

}  // namespace doorward::server
