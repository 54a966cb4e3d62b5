// Which member a message is for, and what the client is told where there is none.

#include "gateway/bundle_call.h"

#include <algorithm>

#include "gateway/bundle_session.h"
#include "gateway/bundles.h"
#include "gateway/member_call.h"
#include "gateway/record_refs.h"
#include "gateway/worker.h"
#include "json/writer.h"

namespace doorward::gateway {
namespace {

/// What a request names, or what the reference of a completion does.
json::Value name_in(const mcp::Message& message) {
  switch (message.method) {
    case mcp::Method::tools_call:
    case mcp::Method::prompts_get:
      return message.params.find("name");
    case mcp::Method::resources_read:
    case mcp::Method::resources_subscribe:
    case mcp::Method::resources_unsubscribe:
      return message.params.find("uri");
    case mcp::Method::tasks_get:
    case mcp::Method::tasks_result:
    case mcp::Method::tasks_cancel:
    case mcp::Method::tasks_update:
      return message.params.find("taskId");
    case mcp::Method::completion_complete: {
      const json::Value reference = message.params.find("ref");
      const json::Value name = reference.find("name");
      return name ? name : reference.find("uri");
    }
    default:
      return {};
  }
}

}  // namespace

BundleCall::BundleCall(Worker& worker)
    : worker_(worker),
      patience_(io::call<&BundleCall::out_of_patience>, this),
      changes_timer_(io::call<&BundleCall::tell_changes>, this) {}

BundleCall::~BundleCall() = default;

void BundleCall::keep(Front& front, const Caller& caller) {
  front_ = &front;
  caller_ = caller;
  address_ = caller.client_address;
  client_name_ = caller.client_name;
  caller_.client_address = address_;
  caller_.client_name = client_name_;
  id_ = worker_.ids().next();
  started_us_ = worker_.loop().now_us();
  // Now: a world that comes later knows other servers by these names.
  for (const GrantEntry& member : caller_.grant->members) {
    links_.push_back(worker_.link(*member.server).shared_from_this());
  }
}

Caller BundleCall::member_caller(std::size_t member, std::shared_ptr<Session> session) const {
  Caller caller = caller_;
  caller.grant = &caller_.grant->members[member];
  caller.server = links_[member].get();
  if (session != nullptr) caller.revision = session->revision;
  caller.session = std::move(session);
  return caller;
}

void BundleCall::begin(Front& front, const Caller& caller, std::string_view text,
                       const mcp::Message& message) {
  keep(front, caller);
  text_ = text;
  method_ = message.method;
  method_name_ = message.method_name;
  if (message.kind == mcp::Kind::request) client_id_ = bytes_of_value(text, message.id);
  if (const json::Value name = name_in(message); name.is(json::Type::string)) name_ = name.string();
  if (method_ == mcp::Method::initialize) return open_session(message);
  std::string_view capabilities;
  if (!legacy()) {
    append_without(meta_, text, message.meta, {"progressToken"});
    const json::Value declared = message.meta.find(mcp::kMetaClientCapabilities);
    if (declared) capabilities = bytes_of_value(text_, declared);
  } else {
    BundleSession& session = bundle_session();
    session.touch(worker_.loop().now_us());
    if (session.running.size() >= worker_.shared().options.requests_in_flight) {
      return reply_error(429, mcp::ErrorCode::invalid_request,
                         "This session has too many requests under way; wait for one to end.");
    }
    session.running.push_back(this);
  }
  view_ = worker_.bundles().view_of(caller_, capabilities);
  switch (method_) {
    case mcp::Method::ping:
      if (record_own("ok")) reply_result("{}");
      return;
    case mcp::Method::tools_list:
    case mcp::Method::resources_list:
    case mcp::Method::resources_templates_list:
    case mcp::Method::prompts_list:
      // All pages are one here, so nobody was given a cursor.
      if (message.params.find("cursor")) {
        return reply_error(200, mcp::ErrorCode::invalid_params,
                           "The cursor is unknown: list from the start.");
      }
      return gather(method_, all_members());
    case mcp::Method::server_discover:
      return gather(method_, all_members());
    case mcp::Method::logging_set_level:
      bundle_session().set_log_level(text_);
      return gather(method_, all_members());
    case mcp::Method::initialized:
      bundle_session().set_initialized();
      [[fallthrough]];
    case mcp::Method::roots_list_changed:
    case mcp::Method::progress: {
      std::vector<std::size_t> open;
      for (std::size_t i : all_members()) {
        if (bundle_session().is_open(i)) open.push_back(i);
      }
      return gather(method_, open);
    }
    case mcp::Method::cancelled: {
      std::vector<std::size_t> concerned;
      if (const json::Value wanted = message.params.find("requestId"); wanted && legacy()) {
        for (const BundleCall* other : bundle_session().running) {
          if (other == this || other->client_id() != bytes_of_value(text_, wanted)) continue;
          for (const auto& call : other->member_calls()) {
            if (call->under_way()) concerned.push_back(call->member());
          }
        }
      }
      return gather(method_, concerned);
    }
    case mcp::Method::subscriptions_listen:
      return subscribe(message);
    default:
      return route();
  }
}

void BundleCall::begin_closing(Front& front, const Caller& caller) {
  keep(front, caller);
  worker_.record_event("session.ended", {{"grant", caller_.grant->grant->configured_id()},
                                         {"server", caller_.grant->target()},
                                         {"session", caller_.session->digest}});
  worker_.end_session(*caller_.session);
  reply(204, {});
}

void BundleCall::abandon(std::string_view why) {
  if (ended_) return;
  front_ = nullptr;
  for (const auto& call : members_) call->abandon(why);
  const std::shared_ptr<Session> session = caller_.session;
  end();
  // Nobody was told its id.
  if (method_ == mcp::Method::initialize && session != nullptr) worker_.end_session(*session);
}

void BundleCall::pause() {
  for (const auto& call : members_) call->pause();
}

void BundleCall::resume() {
  for (const auto& call : members_) call->resume();
}

void BundleCall::end() {
  if (ended_) return;
  ended_ = true;
  patience_.disarm();
  changes_timer_.disarm();
  for (const auto& call : members_) call->abandon("client_answered");
  if (caller_.session != nullptr && caller_.session->bundle != nullptr) {
    std::erase(bundle_session().running, this);
    if (bundle_session().listener == this) bundle_session().listener = nullptr;
  }
  worker_.bundles().retire(*this);
}

MemberCall& BundleCall::call_of(std::size_t member) {
  members_.push_back(std::make_unique<MemberCall>(*this, member));
  return *members_.back();
}

void BundleCall::route() {
  switch (method_) {
    case mcp::Method::tools_call:
      return route_tool();
    case mcp::Method::prompts_get:
      return route_prompt();
    case mcp::Method::resources_read:
    case mcp::Method::resources_subscribe:
    case mcp::Method::resources_unsubscribe:
      return route_resource();
    case mcp::Method::completion_complete: {
      const auto root = worker_.bundles().reader().read(text_);
      const json::Value type = root->find("params").find("ref").find("type");
      const bool prompt = type.is(json::Type::string) && type.string() == "ref/prompt";
      return prompt ? route_prompt() : route_resource();
    }
    case mcp::Method::tasks_get:
    case mcp::Method::tasks_result:
    case mcp::Method::tasks_cancel:
    case mcp::Method::tasks_update:
      return route_task();
    case mcp::Method::subscriptions_listen:
      return start_subscription();
    default:
      return reply_error(legacy() ? 200 : 404, mcp::ErrorCode::method_not_found, "Method not found");
  }
}

void BundleCall::route_tool() {
  const BundleSettings& bundle = *caller_.grant->bundle->settings;
  if (bundle.names == BundleNames::always) {
    // The prefix names the member alone; whether it has the tool its exchange finds out.
    const auto match = match_prefix(bundle, name_);
    return match ? to_member(match->member, match->rest) : refuse_unknown();
  }
  std::vector<std::size_t> unknown;
  std::vector<std::size_t> stale;
  for (std::size_t i : all_members()) {
    if (worker_.bundles().rests(link(i))) continue;
    if (!link(i).tools().known()) unknown.push_back(i);
    if (link(i).may_list_tools()) stale.push_back(i);
  }
  if (mode_ != Mode::learning && !unknown.empty()) return learn(std::move(unknown));
  if (const NameTable::Target* target = view_->tools().find(name_)) {
    return to_member(target->member, std::string(target->name));
  }
  // A hidden tool takes the same steps as one that does not exist.
  if (!refreshed_) {
    refreshed_ = true;
    if (!stale.empty()) return learn(std::move(stale));
  }
  const auto hidden = view_->hidden_tool(name_);
  return hidden ? to_member(hidden->member, hidden->name) : refuse_unknown();
}

void BundleCall::route_prompt() {
  const BundleSettings& bundle = *caller_.grant->bundle->settings;
  if (bundle.names == BundleNames::always) {
    const auto match = match_prefix(bundle, name_);
    return match ? to_member(match->member, match->rest) : refuse_unknown();
  }
  if (const NameTable::Target* target = view_->prompts().find(name_)) {
    return to_member(target->member, std::string(target->name));
  }
  if (refreshed_) return refuse_unknown();
  refreshed_ = true;
  gather(mcp::Method::prompts_list, all_members());
}

void BundleCall::route_resource() {
  if (const auto member = view_->member_of(name_)) return to_member(*member, name_);
  // Templates first: what they tell of counts only where no list has the URI.
  if (gathering_ == mcp::Method::resources_list) {
    return gather(mcp::Method::resources_templates_list, all_members());
  }
  if (!refreshed_) {
    refreshed_ = true;
    return gather(mcp::Method::resources_list, all_members());
  }
  refuse_unknown();
}

void BundleCall::route_task() {
  for (std::size_t i : all_members()) {
    const GrantEntry& member = caller_.grant->members[i];
    if (worker_.shared().tasks.find(name_, member.grant->id, member.server->settings->name)) {
      return to_member(i, name_);
    }
  }
  refuse_unknown();
}

void BundleCall::to_member(std::size_t member, std::string_view own_name) {
  mode_ = Mode::routed;
  own_name_ = own_name;
  asked_ = true;
  for (auto& spent : members_) spent_.push_back(std::move(spent));
  members_.clear();
  call_of(member).ask(text_for(own_name_));
}

std::string BundleCall::text_for(std::string_view own_name) const {
  const auto root = worker_.bundles().reader().read(text_);
  const auto message = mcp::read_message(*root, mcp::Sender::client);
  std::string quoted;
  json::append_string(quoted, own_name);
  Splice splice(text_);
  if (own_name != name_) splice.replace(name_in(*message), quoted);
  std::string out;
  for (std::string_view piece : splice.pieces()) out += piece;
  return out;
}

std::string_view BundleCall::shown_tool(std::size_t member, std::string_view name) const {
  if (mode_ == Mode::routed && name == own_name_) return name_;
  const std::string* shown = view_ == nullptr ? nullptr : view_->tools().shown(member, name);
  return shown == nullptr ? name : *shown;
}

void BundleCall::on_answer(MemberCall& from, int status, Front::Pieces json) {
  if (ended_) return;
  if (mode_ != Mode::routed) {
    std::string text;
    for (std::string_view piece : json) text += piece;
    if (mode_ == Mode::listening) return on_stream_lost(from);
    return take_part(from, text);
  }
  std::string text;
  for (std::string_view piece : json) text += piece;
  from.done = true;
  // A member that lost its session is not the bundle's session.
  if (legacy() && status == 404) status = 200;
  reply(status, text);
}

void BundleCall::on_message(MemberCall& from, Front::Pieces json) {
  if (ended_) return;
  std::string text;
  for (std::string_view piece : json) text += piece;
  if (mode_ == Mode::listening) return on_heard(from, text);
  if (mode_ != Mode::routed) {
    const auto root = worker_.bundles().reader().read(text);
    // The next page may be asked for only when this exchange has ended.
    if (root && !root->find("method")) {
      from.last = std::move(text);
      return;
    }
  }
  pass(text);
}

void BundleCall::on_stream(MemberCall&) {
  if (ended_ || mode_ != Mode::routed || front_ == nullptr) return;
  streamed_ = true;
  front_->open_stream({});
}

bool BundleCall::on_priming(std::optional<std::uint32_t> retry_ms) {
  if (ended_ || mode_ != Mode::routed || front_ == nullptr || !front_->prime(retry_ms)) return false;
  streamed_ = true;
  return true;
}

void BundleCall::on_suspended(std::optional<std::uint32_t> retry_ms) {
  if (!ended_ && mode_ == Mode::routed && front_ != nullptr) front_->suspend(retry_ms);
}

void BundleCall::on_end(MemberCall& from) {
  if (ended_) return;
  if (mode_ == Mode::listening) return on_stream_lost(from);
  if (mode_ != Mode::routed) {
    const std::string text = std::exchange(from.last, {});
    if (text.empty()) return part_done(from, false, "it ended without an answer");
    return take_part(from, text);
  }
  from.done = true;
  Front* to = front_;
  front_ = nullptr;
  end();
  if (to != nullptr) to->end_stream();
}

void BundleCall::on_unavailable(MemberCall& from) {
  if (ended_) return;
  if (mode_ == Mode::listening) return on_stream_lost(from);
  if (mode_ != Mode::routed) return part_done(from, false, "it could not be reached");
  const std::string& server = caller_.grant->members[from.member()].server->settings->name;
  const std::string words =
      "[UPSTREAM ERROR] The server " + server +
      " failed: it could not be reached. This is not a policy decision. The call did not "
      "run; it can be repeated later. Ref " +
      std::string(id_.view());
  if (!record_own("upstream_error")) return;
  std::string out;
  if (method_ == mcp::Method::tools_call) {
    mcp::append_denial(
        out, client_id_, mcp::era_of(caller_.revision), words,
        {.id = id_.view(), .code = "upstream_error", .rule = {}, .retry = {}, .retry_after_s = 0});
  } else {
    mcp::append_error(out, client_id_, mcp::ErrorCode::internal_error, words);
  }
  reply(200, out);
}

void BundleCall::pass(std::string_view json) {
  if (front_ == nullptr) return;
  streamed_ = true;
  front_->send({&json, 1}, {});
}

void BundleCall::refuse_unknown() {
  audit::CallRecord record;
  fill(record, "hide");
  std::string out;
  const mcp::Era era = mcp::era_of(caller_.revision);
  switch (method_) {
    case mcp::Method::tools_call:
      mcp::append_unknown_tool(out, client_id_, name_);
      record.code = "unknown_tool";
      record.rule = "(unknown tool)";
      record.tool = name_;
      break;
    case mcp::Method::prompts_get:
      mcp::append_error(out, client_id_, mcp::ErrorCode::invalid_params, "Prompt not found: " + name_);
      break;
    case mcp::Method::tasks_get:
    case mcp::Method::tasks_result:
    case mcp::Method::tasks_cancel:
    case mcp::Method::tasks_update:
      mcp::append_error(out, client_id_, mcp::ErrorCode::invalid_params, "Task not found: " + name_);
      break;
    default:
      mcp::append_error(out, client_id_,
                        era == mcp::Era::modern ? mcp::ErrorCode::invalid_params : mcp::ErrorCode::resource_not_found,
                        "Resource not found: " + name_);
      break;
  }
  if (record.rule.empty()) {
    record.rule = "(unknown name)";
    record.target = name_;
  }
  worker_.counters().judged(record.verdict);
  static_cast<void>(worker_.ring().append(audit::write_denial(record, worker_.record_buffer())));
  reply(200, out);
}

void BundleCall::fill(audit::CallRecord& record, std::string_view verdict) const {
  const identity::Grant& grant = *caller_.grant->grant;
  record.id = id_.view();
  record.time_us = worker_.loop().wall_us();
  record.verdict = verdict;
  record.grant = grant_ref(grant);
  record.identity = identity_ref(grant);
  record.client = {address_, client_name_};
  record.server = caller_.grant->target();
  record.era = legacy() ? "legacy" : "modern";
  record.revision = mcp::to_string(caller_.revision);
  if (caller_.session) record.session = caller_.session->digest;
  record.method = method_name_;
  record.request_id = client_id_;
}

bool BundleCall::record_own(std::string_view result) {
  audit::CallRecord record;
  fill(record, "allow");
  (method_ == mcp::Method::tools_call ? record.tool : record.target) = name_;
  worker_.counters().judged(record.verdict);
  worker_.relieve_ring();
  if (!worker_.shared().log->accepting() ||
      !worker_.ring().append_intent(audit::write_intent(record, worker_.record_buffer()))) {
    reply_error(503, mcp::ErrorCode::internal_error,
                "The gateway cannot record calls at the moment, so it forwards none. Try again later.");
    return false;
  }
  audit::OutcomeRecord outcome;
  outcome.id = id_.view();
  outcome.time_us = worker_.loop().wall_us();
  outcome.result = result;
  outcome.grant = record.grant.id;
  outcome.server = record.server;
  outcome.method = method_name_;
  outcome.tool = name_;
  outcome.is_error = result != "ok";
  if (outcome.is_error) outcome.code = "upstream_error";
  worker_.loop().refresh_time();
  outcome.duration_us = worker_.loop().now_us() - started_us_;
  worker_.counters().ended(result, outcome.duration_us);
  audit::OutcomeBuffer buffer;
  worker_.ring().append_outcome(audit::write_outcome(outcome, buffer));
  return true;
}

void BundleCall::reply(int status, std::string_view json, std::string_view session) {
  Front* to = front_;
  front_ = nullptr;
  const bool streamed = streamed_;
  end();
  if (to == nullptr) return;
  const Front::Pieces pieces{&json, json.empty() ? 0u : 1u};
  if (!streamed) return to->answer(status, pieces, session);
  if (!json.empty()) to->send(pieces, session);
  to->end_stream();
}

void BundleCall::reply_result(std::string_view result, std::string_view session) {
  std::string out;
  mcp::append_result(out, client_id_, result);
  reply(200, out, session);
}

void BundleCall::reply_error(int status, mcp::ErrorCode code, std::string_view message) {
  std::string out;
  mcp::append_error(out, client_id_, code, message);
  reply(status, out);
}

}  // namespace doorward::gateway
