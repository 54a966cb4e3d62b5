#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/bundle_view.h"
#include "gateway/errand.h"
#include "gateway/exchange.h"
#include "gateway/front.h"
#include "io/loop.h"

namespace doorward::gateway {

class BundleSession;
class MemberCall;

/// One message of a client to a bundle, on its way to one member (a call goes to the one whose tool it names)
/// or to all of them (a list is gathered), each through an Exchange of its own, which judges by the member's
/// policy and records. It decides nothing by itself but which member is meant. Worker's thread.
class BundleCall final : public Errand {
 public:
  explicit BundleCall(Worker& worker);
  ~BundleCall();
  BundleCall(const BundleCall&) = delete;
  BundleCall& operator=(const BundleCall&) = delete;

  void begin(Front& front, const Caller& caller, std::string_view text, const mcp::Message& message) override;
  void begin_listening(Front& front, const Caller& caller) override;
  void begin_closing(Front& front, const Caller& caller) override;
  void abandon(std::string_view why) override;
  void pause() override;
  void resume() override;
  void continue_in(Front& front) override { front_ = &front; }
  const GrantEntry& grant() const override { return *caller_.grant; }

  // For its MemberCalls.

  Worker& worker() { return worker_; }
  /// The caller narrowed to one member.
  Caller member_caller(std::size_t member, std::shared_ptr<Session> session) const;
  ServerLink& link(std::size_t member) const { return *links_[member]; }
  bool legacy() const { return mcp::era_of(caller_.revision) == mcp::Era::legacy; }
  BundleSession& bundle_session() const { return *caller_.session->bundle; }
  const http::Headers* client_headers() const { return front_ == nullptr ? nullptr : front_->headers(); }
  std::string_view shown_tool(std::size_t member, std::string_view name) const;
  bool client_listens() const { return front_ != nullptr && front_->heard(); }
  /// The member answered: with one message, with nothing (a notification was taken), or what was waited for
  /// is so.
  void on_answer(MemberCall& from, int status, Front::Pieces json);
  /// One message of an answer that has several, or of a stream.
  void on_message(MemberCall& from, Front::Pieces json);
  void on_stream(MemberCall& from);
  bool on_priming(std::optional<std::uint32_t> retry_ms);
  void on_suspended(std::optional<std::uint32_t> retry_ms);
  void on_end(MemberCall& from);
  /// The member cannot be reached now: nothing was sent.
  void on_unavailable(MemberCall& from);

  /// The session has ended: so does its stream.
  void finish() { reply(200, {}); }
  /// A session with the member has been opened while this listens.
  void attach(std::size_t member);
  const std::string& client_id() const { return client_id_; }
  const std::vector<std::unique_ptr<MemberCall>>& member_calls() const { return members_; }
  void tick();

  std::size_t slot = 0;  ///< in the worker's list

 private:
  enum class Mode : std::uint8_t { routed, learning, gathering, listening };

  // bundle_call.cpp
  void keep(Front& front, const Caller& caller);
  void route();
  void route_tool();
  void route_prompt();
  void route_resource();
  void route_task();
  void to_member(std::size_t member, std::string_view own_name);
  std::string text_for(std::string_view own_name) const;
  void refuse_unknown();
  void reply(int status, std::string_view json, std::string_view session = {});
  void reply_result(std::string_view result, std::string_view session = {});
  void reply_error(int status, mcp::ErrorCode code, std::string_view message);
  void end();
  void fill(audit::CallRecord& record, std::string_view verdict) const;
  bool record_own(std::string_view result);
  MemberCall& call_of(std::size_t member);

  // bundle_gather.cpp
  void gather(mcp::Method what, const std::vector<std::size_t>& members);
  void learn(std::vector<std::size_t> members);
  std::vector<std::size_t> all_members() const;
  std::string gather_text(std::string_view cursor) const;
  void take_part(MemberCall& from, std::string_view json);
  bool take_page(MemberCall& from, json::Value result, std::string_view text, std::string& cursor);
  void part_done(MemberCall& from, bool got, std::string_view reason);
  void out_of_patience();
  void gathered();
  void reply_list();
  void reply_discovery();
  void open_session(const mcp::Message& message);
  void reply_initialize();
  void append_server_info(std::string& out) const;
  void append_server_info_meta(std::string& out) const;
  std::string instructions_of(std::size_t member, std::string_view text) const;

  // bundle_listen.cpp
  void subscribe(const mcp::Message& message);
  void start_subscription();
  std::string subscription_text(std::size_t member) const;
  void on_heard(MemberCall& from, std::string_view json);
  void on_stream_lost(MemberCall& from);
  void acknowledge();
  void note_change(mcp::Method change);
  void tell_changes();
  void pass(std::string_view json);

  Worker& worker_;
  Front* front_ = nullptr;
  Caller caller_;
  std::vector<std::shared_ptr<ServerLink>> links_;  ///< of the members
  std::string address_;
  std::string client_name_;
  std::string text_;
  std::string client_id_;  ///< as JSON; empty: a notification
  std::string name_;       ///< what the request names: a tool, a prompt, a URI
  std::string own_name_;   ///< how its member calls that
  std::string meta_;       ///< of a modern request without its progress token, as JSON
  std::string method_name_;
  mcp::Method method_ = mcp::Method::unknown;
  Mode mode_ = Mode::routed;
  mcp::Method gathering_ = mcp::Method::unknown;
  bool streamed_ = false;
  bool refreshed_ = false;  ///< the members' tools, prompts or resources were asked for anew
  bool ended_ = false;
  bool asked_ = false;  ///< a member's exchange has recorded this
  std::size_t pending_ = 0;
  std::vector<bool> got_;  ///< of each member: its part is there
  std::vector<std::unique_ptr<MemberCall>> members_;
  std::vector<std::unique_ptr<MemberCall>> spent_;  ///< may be on the stack
  std::shared_ptr<BundleView> view_;
  std::int64_t started_us_ = 0;
  DecisionId id_;
  io::Timer patience_;

  // Of a stream.
  struct Filter {
    std::array<bool, 3> changes{};  ///< of the lists of tools, resources, prompts
    std::vector<std::string> uris;
  };
  Filter wanted_;
  Filter granted_;
  bool acknowledged_ = false;
  std::array<bool, 3> changes_{};  ///< which are to be told
  io::Timer changes_timer_;
};

}  // namespace doorward::gateway
