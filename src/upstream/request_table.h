#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/loop.h"
#include "json/reader.h"
#include "upstream/call.h"
#include "upstream/channel.h"
#include "upstream/settings.h"

namespace doorward::upstream {

/// The requests under way on a channel. Brings each message of the server to the request that it belongs to,
/// by id, progress token or subscription id, or to the channel's listener; and looks at their deadlines.
///
/// A channel carries the calls of many, so one whose caller reads slowly does not stop it: what a paused
/// request is sent goes to its Call all the same, up to the server's result limit; past that it fails.
class RequestTable {
 public:
  /// All three must outlive the table.
  RequestTable(io::Loop& loop, const ServerSettings& settings, ChannelListener& listener);
  ~RequestTable();
  RequestTable(const RequestTable&) = delete;
  RequestTable& operator=(const RequestTable&) = delete;

  /// As Channel::send.
  Ticket& add(std::uint64_t id, Call& call, bool listening);
  /// One message of the server, unchecked.
  void take(std::string_view text);

  /// Fails a request, unless it has ended already. `detail` as in Failure.
  void fail(std::uint64_t id, const Failure& failure);
  /// The same from the loop, for what add() must not do itself; `failure.detail` is a literal.
  void fail_later(std::uint64_t id, const Failure& failure);
  void fail_all(const Failure& failure);

  void tick();

 private:
  struct Pending;
  struct Late {
    std::uint64_t id;
    Failure failure;
  };

  Pending* find(json::Value number);
  /// The only request that asked for log messages; null where none or several did.
  Pending* sole_log_reader();
  void deliver(Pending& pending, std::string_view text);
  void settle(Pending& pending, std::string_view text);
  Call* forget(std::uint64_t id);
  void fail_late();
  std::int64_t silence_deadline() const;

  io::Loop& loop_;
  const ServerSettings& settings_;
  ChannelListener& listener_;
  json::Reader reader_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Pending>> pending_;
  std::vector<std::unique_ptr<Pending>> spare_;
  std::vector<Late> late_;
  bool late_queued_ = false;
  io::Task late_task_{io::call<&RequestTable::fail_late>, this};
};

}  // namespace doorward::upstream
