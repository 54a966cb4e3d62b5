#include "gateway/legacy_listen.h"

#include <algorithm>
#include <utility>

#include "gateway/bridge_to_legacy.h"
#include "gateway/worker.h"
#include "json/writer.h"
#include "mcp/header_mirror.h"

namespace doorward::gateway {
namespace {

/// Between two notices of one list: a flood of changes is told as few (attack case T113).
constexpr std::int64_t kListPauseUs = 250'000;
constexpr std::size_t kMostUris = 256;

}  // namespace

LegacyListen::LegacyListen(BridgeToLegacy& bridge, const Outgoing& outgoing, upstream::Call& client,
                           const mcp::Message& message)
    : Crossing(bridge, outgoing, client) {
  const json::Value capabilities = message.meta.find(mcp::kMetaClientCapabilities);
  capabilities_ = bridge.canonical_capabilities(capabilities);
  askable_ = Askable::from(capabilities);
  const json::Value wanted = message.params.find("notifications");
  tools_.wanted = json::is_true(wanted.find("toolsListChanged"));
  prompts_.wanted = json::is_true(wanted.find("promptsListChanged"));
  resources_.wanted = json::is_true(wanted.find("resourcesListChanged"));
  for (const json::Value uri : wanted.find("resourceSubscriptions").elements()) {
    if (!uri.is(json::Type::string) || wanted_uris_.size() >= kMostUris) continue;
    if (std::find(wanted_uris_.begin(), wanted_uris_.end(), uri.string()) == wanted_uris_.end()) {
      wanted_uris_.emplace_back(uri.string());
    }
  }
}

Status LegacyListen::begin() {
  Result<UpstreamSession*> session = bridge_.session_for(grant_, capabilities_, askable_);
  if (!session) return std::unexpected(session.error());
  session_ = *session;
  session_->enter(*this);
  return {};
}

void LegacyListen::on_session_ready() {
  if (opened_ || client_ == nullptr) return;
  opened_ = true;
  const mcp::Introduction& server = session_->introduction();
  tools_.wanted = tools_.wanted && server.tools_change;
  prompts_.wanted = prompts_.wanted && server.prompts_change;
  resources_.wanted = resources_.wanted && server.resources_change;
  if (!server.resources_update) wanted_uris_.clear();
  if (tools_.wanted || prompts_.wanted || resources_.wanted || !wanted_uris_.empty()) {
    session_->add_listener(*this);
  }
  pending_uris_ = wanted_uris_.size();
  for (const std::string& uri : wanted_uris_) session_->subscribe(uri, *this);
  if (wanted_uris_.empty()) bridge_.defer(*this);
}

void LegacyListen::on_subscribed(const std::string& uri, bool agreed) {
  if (agreed) uris_.insert(uri);
  if (--pending_uris_ == 0) bridge_.defer(*this);
}

void LegacyListen::acknowledge() {
  acknowledged_ = true;
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("jsonrpc").string("2.0").key("method");
  writer.string(mcp::to_string(mcp::Method::subscriptions_acknowledged)).key("params").begin_object();
  writer.key("_meta").begin_object().key(mcp::kMetaSubscriptionId).raw(number_).end_object();
  writer.key("notifications").begin_object();
  if (tools_.wanted) writer.key("toolsListChanged").boolean(true);
  if (prompts_.wanted) writer.key("promptsListChanged").boolean(true);
  if (resources_.wanted) writer.key("resourcesListChanged").boolean(true);
  if (!uris_.empty()) {
    writer.key("resourceSubscriptions").begin_array();
    for (const std::string& uri : uris_) writer.string(uri);
    writer.end_array();
  }
  writer.end_object().end_object().end_object();
  client_->on_message(text);
}

LegacyListen::List* LegacyListen::list_of(mcp::Method method) {
  for (List* list : {&tools_, &prompts_, &resources_}) {
    if (list->method == method) return list;
  }
  return nullptr;
}

void LegacyListen::on_change(std::string_view text, const mcp::Message& message) {
  if (client_ == nullptr || !acknowledged_) return;
  if (List* list = list_of(message.method)) {
    list->changed = list->wanted;
    return tell(*list);
  }
  const json::Value uri = message.params.find("uri");
  if (!uri.is(json::Type::string) || !uris_.contains(uri.string())) return;
  std::string tagged;
  mcp::append_tagged(tagged, message.method, text, message.params, number_);
  client_->on_message(tagged);
}

void LegacyListen::tell(List& list) {
  const std::int64_t now = bridge_.worker().loop().now_us();
  if (client_ == nullptr || !list.changed || now - list.told_us < kListPauseUs) return;
  list.changed = false;
  list.told_us = now;
  std::string tagged;
  mcp::append_tagged(tagged, list.method, {}, {}, number_);
  client_->on_message(tagged);
}

void LegacyListen::tick() {
  for (List* list : {&tools_, &prompts_, &resources_}) tell(*list);
}

void LegacyListen::on_session_failed(const upstream::Failure& failure) {
  ended_ = true;
  failure_ = failure.kind;
  failure_detail_ = failure.detail;
  leave_session();
  bridge_.defer(*this);
}

void LegacyListen::on_turn() {
  if (client_ == nullptr) return;
  if (ended_ && !acknowledged_) return fail({failure_, false, failure_detail_});
  if (ended_) {
    // The client may listen anew, and a new session is opened for it.
    std::string text;
    json::Writer writer(text);
    writer.begin_object().key("jsonrpc").string("2.0").key("id").raw(number_).key("result").begin_object();
    writer.key("resultType").string("complete").key("_meta").begin_object();
    writer.key(mcp::kMetaSubscriptionId).raw(number_).end_object().end_object().end_object();
    return answer(text, 0);
  }
  if (!acknowledged_ && pending_uris_ == 0) acknowledge();
}

void LegacyListen::leave_session() {
  if (session_ == nullptr) return;
  if (opened_) {
    for (const std::string& uri : wanted_uris_) session_->unsubscribe(uri, *this);
  }
  bridge_.leave(*this, *std::exchange(session_, nullptr));
}

void LegacyListen::cancel() {
  client_ = nullptr;
  leave_session();
}

void LegacyListen::give_up() {
  if (!ended_)
    on_session_failed({upstream::FailureKind::closed, false, "the server has left the configuration"});
}

}  // namespace doorward::gateway
