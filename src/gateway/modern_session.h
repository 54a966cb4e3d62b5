#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/bridged_call.h"
#include "gateway/session.h"
#include "json/value.h"
#include "mcp/modern_request.h"
#include "mcp/revision.h"

namespace doorward::gateway {

class ModernSubscription;
class SessionStream;

/// What of a modern server's capabilities decides how its bridge answers.
struct ModernOffer {
  bool logging = false;
  bool subscribe = false;
  bool tools_change = false;
  bool prompts_change = false;
  bool resources_change = false;

  static ModernOffer of(json::Value capabilities);
};

/// What a bridge keeps for one session of a legacy client: what the client said of itself, the questions that
/// it was asked, and the one subscription at the server that stands for the session's stream and its
/// subscribed resources. Worker's thread.
class ModernSession final : public SessionEar {
 public:
  ModernSession(BridgeToModern& bridge, Session& session, mcp::Revision revision, mcp::ClientSelf self,
                ModernOffer offer);
  ~ModernSession();

  Session& session() { return session_; }
  mcp::ClientSelf& self() { return self_; }
  mcp::Revision revision() const { return revision_; }
  const ModernOffer& offer() const { return offer_; }

  /// A question to the client, and the call (by BridgedCall::id) that waits for the answer.
  void expect(std::uint64_t question, std::uint64_t call) { questions_.emplace(question, call); }
  /// The call that waits for the answer to this question, which is forgotten; 0: none does.
  std::uint64_t take_question(std::uint64_t question);
  void forget_questions(std::uint64_t call);

  /// Answers the call when the server has confirmed.
  void subscribe(std::string_view uri, BridgedCall& call);
  void unsubscribe(std::string_view uri, BridgedCall& call);
  void stream_opened(SessionStream& stream);
  void stream_closed(SessionStream& stream);
  void tick();
  /// The session has ended.
  void close();

  /// What the session's process says without naming a request.
  void on_server_message(std::string_view text, const mcp::Message& message) override;

  // For its subscription.

  /// `granted`: the filter that the server confirms.
  void confirmed(ModernSubscription& by, json::Value granted);
  void heard(ModernSubscription& from, std::string_view text, const mcp::Message& message);
  void ended(ModernSubscription& which, std::string_view why);

 private:
  struct Waiting {
    std::uint64_t call;  ///< BridgedCall::id
    std::string uri;     ///< to be granted; empty: the call only takes one away
  };
  std::string filter() const;
  /// Opens a subscription to what is wanted now; the present one stays until that is confirmed.
  void renew();
  void settle(const std::set<std::string, std::less<>>* granted, std::string_view why);
  void drop(std::unique_ptr<ModernSubscription>& which);

  BridgeToModern& bridge_;
  Session& session_;
  const mcp::Revision revision_;
  mcp::ClientSelf self_;
  const ModernOffer offer_;
  std::map<std::uint64_t, std::uint64_t> questions_;
  std::set<std::string, std::less<>> uris_;
  std::vector<Waiting> waiting_;
  SessionStream* stream_ = nullptr;
  std::unique_ptr<ModernSubscription> current_;
  std::unique_ptr<ModernSubscription> next_;
  std::vector<std::unique_ptr<ModernSubscription>> finished_;  ///< until the next tick
  std::int64_t pause_us_ = 0;
  std::int64_t retry_us_ = 0;
};

/// `subscriptions/listen` at the server, from the request to the end of its stream.
class ModernSubscription final : public upstream::Call {
 public:
  ModernSubscription(BridgeToModern& bridge, ModernSession& owner) : bridge_(bridge), owner_(&owner) {}
  ~ModernSubscription();

  /// `filter`: a SubscriptionFilter, JSON.
  Status open(std::string_view filter);
  /// Nobody wants to hear more of it.
  void close();
  void tick();

  void on_head(int, std::string_view, bool) override {}
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 private:
  void end(std::string_view why);

  BridgeToModern& bridge_;
  ModernSession* owner_;  ///< null: closed
  upstream::Ticket* ticket_ = nullptr;
  std::uint64_t number_ = 0;
  std::int64_t confirm_by_us_ = 0;
  std::string refusal_;  ///< what the server answered in place of a stream
  bool confirmed_ = false;
};

/// The stream of a session's own messages (GET), fed by its subscription.
class SessionStream final : public BridgedCall {
 public:
  using BridgedCall::BridgedCall;

  void start() { later(Later::go_on); }
  void deliver(std::string_view text);

  void cancel() override;
  void on_head(int, std::string_view, bool) override {}
  void on_message(std::string_view) override {}
  void on_end() override {}
  void on_failure(const upstream::Failure&) override {}

 private:
  void go_on() override;
};

}  // namespace doorward::gateway
