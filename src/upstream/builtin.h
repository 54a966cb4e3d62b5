#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/loop.h"
#include "upstream/call.h"
#include "upstream/channel.h"
#include "upstream/request_table.h"
#include "upstream/settings.h"

namespace doorward::upstream {

/// A server that is part of the gateway's own process. It serves every revision, keeps nothing for a caller, and never
/// speaks of its own accord. Outlives the workers' loops. Thread-safe.
class Builtin {
 public:
  /// Answers one JSON-RPC request of the grant with this id (empty: the gateway asks for itself), once, with one JSON
  /// message on `loop`'s thread.
  virtual void ask(std::string json, std::string grant, io::Loop& loop,
                   std::move_only_function<void(std::string)> answer) = 0;

 protected:
  ~Builtin() = default;
};

/// One worker's way to a server of the process. The loop's thread.
class BuiltinLink final : private ChannelListener {
 public:
  /// Both outlive the link.
  BuiltinLink(io::Loop& loop, Builtin& server, std::shared_ptr<const ServerSettings> settings);

  /// As Channel::send.
  Ticket& send(std::uint64_t id, std::span<const std::string_view> json, std::string_view grant, Call& call);
  void tick() { requests_.tick(); }

 private:
  // It says nothing that belongs to no request.
  void on_notification(std::string_view, const mcp::Message&) override {}
  void on_request(std::string_view, const mcp::Message&) override {}
  void on_protocol_error(std::string_view) override {}
  void on_error_line(std::string_view) override {}
  void on_closed(const Closing&) override {}

  io::Loop& loop_;
  Builtin& server_;
  std::shared_ptr<const ServerSettings> settings_;
  RequestTable requests_;
  std::shared_ptr<BuiltinLink*> alive_ = std::make_shared<BuiltinLink*>(this);
};

}  // namespace doorward::upstream
