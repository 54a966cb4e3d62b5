#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "gateway/bundle_session.h"
#include "gateway/front.h"
#include "gateway/list_part.h"
#include "gateway/server_link.h"

namespace doorward::gateway {

class BundleCall;

/// The part of a bundle's call that one member has: waits for a session with it where the era has sessions,
/// begins an Exchange and hears its answer. Worker's thread.
class MemberCall final : public Front, public MemberWaiter, public ToolsWaiter {
 public:
  MemberCall(BundleCall& call, std::size_t member) : call_(call), member_(member) {}
  MemberCall(const MemberCall&) = delete;
  MemberCall& operator=(const MemberCall&) = delete;

  /// What comes back goes to BundleCall::on_answer and so on, perhaps before this returns.
  void ask(std::string text);
  /// Only the session: on_answer without a message.
  void open();
  /// Learns the member's tools: on_answer without a message.
  void learn_tools();
  /// The stream of the member's session.
  void listen();
  void abandon(std::string_view why);
  void pause();
  void resume();

  std::size_t member() const { return member_; }
  bool under_way() const { return exchange_ != nullptr; }

  void on_member(bool ready) override;
  void on_tools_listed(bool ok) override;
  void answer(int status, Pieces json, std::string_view session) override;
  void send(Pieces json, std::string_view session) override;
  void open_stream(std::string_view session) override;
  bool prime(std::optional<std::uint32_t> retry_ms) override;
  void suspend(std::optional<std::uint32_t> retry_ms) override;
  void end_stream() override;
  const http::Headers* headers() const override;
  std::string_view shown_tool(std::string_view name) const override;
  bool heard() const override;

  bool done = false;              ///< nothing is waited for any more
  std::set<std::string> cursors;  ///< of the pages so far
  ListPart part;                  ///< of the pages so far
  std::string capabilities;       ///< of a discovery, as JSON
  std::string instructions;
  std::int64_t ttl_ms = -1;           ///< the least of the pages; -1: none was named
  std::int64_t retry_us = INT64_MAX;  ///< a stream that has ended is asked for again then
  bool acknowledged = false;          ///< of a subscription
  std::uint64_t epoch = 0;            ///< of the server's lists, when it was asked
  std::string last;                   ///< the answer, which its stream has not ended behind yet

 private:
  enum class Want : std::uint8_t { ask, open, tools, listen };
  void go();
  void begin();

  BundleCall& call_;
  std::size_t member_;
  Want want_ = Want::ask;
  std::string text_;
  Exchange* exchange_ = nullptr;
  bool waiting_ = false;
};

}  // namespace doorward::gateway
