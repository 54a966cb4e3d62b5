#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/crossing.h"
#include "gateway/upstream_session.h"

namespace doorward::gateway {

/// `subscriptions/listen` of a modern client, kept up by what a legacy server tells in its session: its
/// notifications of changed lists, and subscriptions to resources.
class LegacyListen final : public Crossing {
 public:
  LegacyListen(BridgeToLegacy& bridge, const Outgoing& outgoing, upstream::Call& client,
               const mcp::Message& message);

  Status begin();

  bool done() const override { return client_ == nullptr && !deferred; }
  void on_session_ready() override;
  void on_session_failed(const upstream::Failure& failure) override;
  void on_turn() override;
  void tick() override;
  void give_up() override;
  void cancel() override;

  /// Whether the server lets it hear of a resource.
  void on_subscribed(const std::string& uri, bool agreed);
  /// One of the notifications that a client may listen for.
  void on_change(std::string_view text, const mcp::Message& message);

 private:
  /// One kind of list, of which many changes in a row are told as one.
  struct List {
    mcp::Method method;
    bool wanted = false;
    bool changed = false;  ///< and not told yet
    std::int64_t told_us = INT64_MIN / 2;
  };

  void acknowledge();
  void tell(List& list);
  void leave_session();
  List* list_of(mcp::Method method);

  std::string capabilities_;
  Askable askable_;
  List tools_{mcp::Method::tools_list_changed};
  List prompts_{mcp::Method::prompts_list_changed};
  List resources_{mcp::Method::resources_list_changed};
  std::vector<std::string> wanted_uris_;
  std::set<std::string, std::less<>> uris_;  ///< those that the server agreed to
  std::size_t pending_uris_ = 0;
  bool acknowledged_ = false;
  bool ended_ = false;   ///< the session has gone: the client is told when its turn comes
  bool opened_ = false;  ///< the session stood
  upstream::FailureKind failure_ = upstream::FailureKind::closed;
  std::string failure_detail_;
};

}  // namespace doorward::gateway
