#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/bundle_call.h"
#include "gateway/bundle_view.h"
#include "io/loop.h"
#include "json/reader.h"

namespace doorward::gateway {

class ServerLink;
class Worker;

/// What one worker keeps for bundles: the calls under way, what grants see, and which members do not answer
/// at the moment. Worker's thread.
class Bundles {
 public:
  explicit Bundles(Worker& worker);
  ~Bundles();

  BundleCall& take();
  /// The call has ended; it is gone at the end of the loop's iteration.
  void retire(BundleCall& call);

  /// What the caller sees of its bundle. `capabilities`: of a modern client, as JSON.
  std::shared_ptr<BundleView> view_of(const Caller& caller, std::string_view capabilities);

  /// Whether the member kept a list waiting a moment ago, so that others do not wait for it.
  bool rests(const ServerLink& member) const;
  /// A list or an announcement goes out without the member. `slow`: it was waited for in vain.
  void left_out(const Caller& caller, const ServerLink& member, std::string_view method,
                std::string_view reason, bool slow);
  /// Something of a member is withheld from clients because of its name: told once.
  void alarm(const BundleSettings& bundle, std::string_view server, std::string_view kind,
             std::string_view name, std::string_view reason);

  /// For what members answer; valid until it is used again.
  json::Reader& reader() { return reader_; }

  /// Views of sessions are the worker's to tick, with the sessions.
  void tick();

 private:
  void clear_retired() { retired_.clear(); }

  Worker& worker_;
  std::vector<std::unique_ptr<BundleCall>> calls_;
  std::vector<std::unique_ptr<BundleCall>> retired_;
  bool clearing_ = false;
  io::Task clear_task_;
  struct Viewed {
    std::shared_ptr<BundleView> view;
    std::int64_t used_us;
  };
  std::map<std::string, Viewed, std::less<>> views_;
  struct Health {
    std::int64_t rests_until_us = INT64_MIN;
    std::int64_t told_us = INT64_MIN;
  };
  std::map<const ServerLink*, Health> health_;
  std::set<std::string> alarms_;
  json::Reader reader_;
};

}  // namespace doorward::gateway
