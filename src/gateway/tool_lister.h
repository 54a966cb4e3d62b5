#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/server_link.h"
#include "upstream/call.h"

namespace doorward::gateway {

class Worker;

/// Asks a server for all pages of its tools, for the gateway's own knowledge. Bounded: a cursor that repeats
/// or a list without end fails, and a part of a list is never taken for the whole (attack case T145).
class ToolLister final : public upstream::Call {
 public:
  /// `grant`: id of the grant in whose name it asks.
  ToolLister(Worker& worker, ServerLink& link, Session* session, mcp::Revision revision, std::string grant)
      : worker_(worker), link_(link), session_(session), revision_(revision), grant_(std::move(grant)) {}
  ~ToolLister();

  /// Asks for the first page.
  void start() { ask({}); }
  /// The session that it asks in is gone.
  void session_gone(const Session& session);

  void on_head(int, std::string_view, bool) override {}
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 private:
  void ask(std::string_view cursor_json);
  void done(bool ok);

  static constexpr unsigned kMostPages = 1000;

  Worker& worker_;
  ServerLink& link_;
  Session* session_;
  mcp::Revision revision_;
  std::string grant_;
  upstream::Ticket* ticket_ = nullptr;
  std::uint64_t number_ = 0;
  unsigned pages_ = 0;
  std::set<std::string> cursors_;
  std::string next_;
  bool answered_ = false;
  bool failed_ = false;
};

}  // namespace doorward::gateway
