// Streams that stay open: the GET of a legacy session, a modern subscription. One of each member, told as
// one.

#include <algorithm>
#include <array>

#include "gateway/bundle_call.h"
#include "gateway/bundle_session.h"
#include "gateway/bundles.h"
#include "gateway/member_call.h"
#include "gateway/worker.h"
#include "json/writer.h"

namespace doorward::gateway {
namespace {

constexpr std::int64_t kPatienceUs = 5'000'000;
/// Changes that members announce within this time are one change.
constexpr std::int64_t kCoalesceUs = 100'000;
/// A member's stream that has ended is asked for again after this time.
constexpr std::int64_t kRetryUs = 5'000'000;

struct Change {
  mcp::Method method;
  std::string_view member;  ///< of a subscription's filter
};
constexpr std::array<Change, 3> kChanges = {{{mcp::Method::tools_list_changed, "toolsListChanged"},
                                             {mcp::Method::resources_list_changed, "resourcesListChanged"},
                                             {mcp::Method::prompts_list_changed, "promptsListChanged"}}};

}  // namespace

void BundleCall::begin_listening(Front& front, const Caller& caller) {
  keep(front, caller);
  mode_ = Mode::listening;
  acknowledged_ = true;
  granted_.changes = {true, true, true};
  view_ = worker_.bundles().view_of(caller_, {});
  BundleSession& session = bundle_session();
  session.touch(worker_.loop().now_us());
  session.listener = this;
  streamed_ = true;
  front.open_stream({});
  for (std::size_t i : all_members()) attach(i);
}

void BundleCall::attach(std::size_t member) {
  if (ended_) return;
  for (const auto& call : members_) {
    if (call->member() == member && !call->done) return;
  }
  call_of(member).listen();
}

void BundleCall::subscribe(const mcp::Message& message) {
  const json::Value filter = message.params.find("notifications");
  for (std::size_t i = 0; i < kChanges.size(); ++i) {
    const json::Value set = filter.find(kChanges[i].member);
    wanted_.changes[i] = set.is(json::Type::boolean) && set.boolean();
  }
  for (const json::Value uri : filter.find("resourceSubscriptions").elements()) {
    if (uri.is(json::Type::string)) wanted_.uris.emplace_back(uri.string());
  }
  route();
}

void BundleCall::start_subscription() {
  const bool all_known = std::ranges::all_of(
      wanted_.uris, [this](const std::string& uri) { return view_->member_of(uri).has_value(); });
  if (!all_known && gathering_ == mcp::Method::resources_list) {
    return gather(mcp::Method::resources_templates_list, all_members());
  }
  if (!all_known && !std::exchange(refreshed_, true))
    return gather(mcp::Method::resources_list, all_members());
  mode_ = Mode::listening;
  gathering_ = method_;
  patience_.arm(worker_.loop(), kPatienceUs);
  pending_ = caller_.grant->members.size() + 1;
  got_.assign(caller_.grant->members.size(), false);
  for (std::size_t i : all_members()) call_of(i).ask(subscription_text(i));
  if (--pending_ == 0) acknowledge();
}

std::string BundleCall::subscription_text(std::size_t member) const {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("jsonrpc").string("2.0").key("id").raw(client_id_);
  writer.key("method").string(mcp::to_string(method_)).key("params").begin_object();
  writer.key("_meta").raw(meta_).key("notifications").begin_object();
  for (std::size_t i = 0; i < kChanges.size(); ++i) {
    if (wanted_.changes[i]) writer.key(kChanges[i].member).boolean(true);
  }
  // A member hears of its own URIs only.
  writer.key("resourceSubscriptions").begin_array();
  for (const std::string& uri : wanted_.uris) {
    if (view_->member_of(uri) == member) writer.string(uri);
  }
  writer.end_array().end_object().end_object().end_object();
  return out;
}

void BundleCall::on_heard(MemberCall& from, std::string_view json) {
  const auto root = worker_.bundles().reader().read(json);
  const auto message = root ? mcp::read_message(*root, mcp::Sender::server)
                            : std::expected<mcp::Message, mcp::Refusal>(std::unexpected(mcp::Refusal{}));
  // The completing answer of one member's subscription ends it alone.
  if (!message || message->kind == mcp::Kind::result || message->kind == mcp::Kind::error) return;
  if (message->method == mcp::Method::subscriptions_acknowledged) {
    if (from.acknowledged) return;
    from.acknowledged = true;
    const json::Value filter = message->params.find("notifications");
    for (std::size_t i = 0; i < kChanges.size(); ++i) {
      const json::Value set = filter.find(kChanges[i].member);
      if (wanted_.changes[i] && set.is(json::Type::boolean) && set.boolean()) granted_.changes[i] = true;
    }
    for (const json::Value uri : filter.find("resourceSubscriptions").elements()) {
      if (uri.is(json::Type::string) && view_->member_of(uri.string()) == from.member()) {
        granted_.uris.emplace_back(uri.string());
      }
    }
    got_[from.member()] = true;
    if (!acknowledged_ && --pending_ == 0) acknowledge();
    return;
  }
  if (std::ranges::find(kChanges, message->method, &Change::method) != kChanges.end()) {
    return note_change(message->method);
  }
  if (acknowledged_) pass(json);
}

void BundleCall::acknowledge() {
  if (acknowledged_) return;
  patience_.disarm();
  if (std::find(got_.begin(), got_.end(), true) == got_.end()) {
    return reply_error(200, mcp::ErrorCode::internal_error,
                       "No server of this bundle answered. This is not a policy decision. Try again later.");
  }
  acknowledged_ = true;
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("jsonrpc").string("2.0");
  writer.key("method").string(mcp::to_string(mcp::Method::subscriptions_acknowledged));
  writer.key("params").begin_object().key("_meta").begin_object();
  writer.key(mcp::kMetaSubscriptionId).raw(client_id_).end_object().key("notifications").begin_object();
  for (std::size_t i = 0; i < kChanges.size(); ++i) {
    if (granted_.changes[i]) writer.key(kChanges[i].member).boolean(true);
  }
  if (!granted_.uris.empty()) {
    writer.key("resourceSubscriptions").begin_array();
    for (const std::string& uri : granted_.uris) writer.string(uri);
    writer.end_array();
  }
  writer.end_object().end_object().end_object();
  pass(out);
}

void BundleCall::on_stream_lost(MemberCall& from) {
  if (from.done) return;
  from.done = true;
  from.retry_us = worker_.loop().now_us() + kRetryUs;
  if (!legacy() && !acknowledged_ && !from.acknowledged && --pending_ == 0) acknowledge();
}

void BundleCall::note_change(mcp::Method change) {
  for (std::size_t i = 0; i < kChanges.size(); ++i) {
    if (kChanges[i].method == change && (granted_.changes[i] || !acknowledged_)) changes_[i] = true;
  }
  if (!changes_timer_.armed()) changes_timer_.arm(worker_.loop(), kCoalesceUs);
}

void BundleCall::tell_changes() {
  for (std::size_t i = 0; i < kChanges.size(); ++i) {
    if (!std::exchange(changes_[i], false) || !granted_.changes[i] || ended_) continue;
    std::string out;
    json::Writer writer(out);
    writer.begin_object().key("jsonrpc").string("2.0").key("method").string(
        mcp::to_string(kChanges[i].method));
    if (!legacy()) {
      writer.key("params").begin_object().key("_meta").begin_object();
      writer.key(mcp::kMetaSubscriptionId).raw(client_id_).end_object().end_object();
    }
    writer.end_object();
    pass(out);
  }
}

void BundleCall::tick() {
  if (ended_ || mode_ != Mode::listening || !acknowledged_) return;
  const std::int64_t now = worker_.loop().now_us();
  if (legacy()) bundle_session().touch(now);
  for (std::size_t i = members_.size(); i-- > 0;) {
    MemberCall& call = *members_[i];
    if (!call.done || now < call.retry_us) continue;
    const std::size_t member = call.member();
    // The configuration has another server of this name now: the client listens anew, under it.
    if (link(member).retired()) {
      return legacy() ? finish() : reply_result(R"({"resultType":"complete"})");
    }
    spent_.clear();
    spent_.push_back(std::move(members_[i]));
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(i));
    if (legacy()) {
      attach(member);
    } else {
      call_of(member).ask(subscription_text(member));
    }
    // What the member has changed meanwhile nobody has told.
    for (const Change& change : kChanges) note_change(change.method);
    return;
  }
}

}  // namespace doorward::gateway
