// The way of a message from the server to the client: check, shape, settle, record, answer.

#include <charconv>

#include "gateway/capabilities.h"
#include "gateway/exchange.h"
#include "gateway/injection.h"
#include "gateway/worker.h"
#include "json/decimal.h"
#include "json/writer.h"
#include "mcp/tool_list.h"

namespace doorward::gateway {
namespace {

constexpr std::string_view kLongestTtlMs = "60000";

/// Whether the value is the number that we gave, as spelled by us.
bool is_number(json::Value value, std::string_view text) {
  return value.is(json::Type::number) && value.number() == text;
}

std::int64_t error_code(json::Value error) {
  const std::string_view text = error.find("code").number();
  std::int64_t code = 0;
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

/// Errors by which a server says that it ran nothing (policy.md section 5).
bool did_not_run(std::int64_t code) {
  return code == -32700 || code == -32600 || code == -32601;
}

/// The HTTP status that belongs to a modern error, for a server that does not speak HTTP; 200 for the others.
int http_status_of(std::int64_t code) {
  if (code == -32601) return 404;
  return code >= -32022 && code <= -32020 ? 400 : 200;
}

/// Codes by which legacy servers refuse a request without a session; no modern server may send them.
bool is_legacy_sdk_code(std::int64_t code) {
  return code >= -32019 && code <= -32000;
}

/// What an agent is told of a failure; the log has the detail.
std::string_view words_of(upstream::FailureKind kind) {
  switch (kind) {
    case upstream::FailureKind::resolve:
    case upstream::FailureKind::connect:
    case upstream::FailureKind::tls:
    case upstream::FailureKind::start:
      return "it could not be reached";
    case upstream::FailureKind::timeout:
      return "it did not answer in time";
    case upstream::FailureKind::closed:
      return "it ended the connection before it had answered";
    case upstream::FailureKind::protocol:
      return "its answer was not valid";
    case upstream::FailureKind::too_large:
      return "its answer was too large";
    case upstream::FailureKind::session_lost:
      return "it has lost the session";
    case upstream::FailureKind::unauthorized:
      return "it needs an authorization that the gateway does not have";
  }
  return "it failed";
}

/// What an agent reads where no account is connected, or the server takes it no more.
std::string authorize_first(const upstream::ServerSettings& server, const identity::Grant& grant) {
  const upstream::OAuthSettings* oauth = server.is_http() && server.http().oauth ? &*server.http().oauth : nullptr;
  std::string words = "[AUTHORIZATION NEEDED] The server " + server.name;
  if (oauth != nullptr && oauth->grant == upstream::OAuthSettings::Grant::client_credentials) {
    return words + " gives the gateway no token. Whoever runs the gateway finds the reason in its log. ";
  }
  words += " wants an account to be connected, or connected with more rights. Authorize first: whoever runs the "
           "gateway does so by `doorward connect-account " +
           server.name;
  if (oauth != nullptr && oauth->per_grant) words += " --grant " + grant.label;
  return words + "`. ";
}

}  // namespace

void Exchange::on_head(int status, std::string_view session, bool stream) {
  status_ = status;
  stream_ = stream;
  if (method_ == mcp::Method::initialize && caller_.session && !session.empty()) {
    caller_.session->upstream_id = session;
  }
  if (listening_ && method_ == mcp::Method::unknown && stream && status == 200 && front_ != nullptr) {
    streamed_ = true;
    front_->open_stream({});
  }
}

void Exchange::on_priming(std::optional<std::uint32_t> retry_ms) {
  // Before its answer a session has no id to come back to, and older clients stumble over an empty event.
  const bool ready = caller_.session != nullptr && caller_.session->ready;
  if (front_ == nullptr || responded_ || !ready || caller_.revision < mcp::Revision::v2025_11_25) return;
  if (front_->prime(retry_ms)) streamed_ = primed_ = true;
}

void Exchange::on_suspended(std::optional<std::uint32_t> retry_ms) {
  if (front_ != nullptr && primed_ && !responded_) front_->suspend(retry_ms);
}

void Exchange::on_message(std::string_view text) {
  if (closing_) return;
  if (responded_) {
    worker_.record_event("upstream.protocol_error", {{"id", id_.view()},
                                                     {"server", caller_.server->settings().name},
                                                     {"reason", "a message after the answer"}});
    return;
  }
  json::Limits limits;
  limits.bytes = caller_.server->settings().result_bytes;
  const auto root = worker_.answer_reader().read(text, limits);
  const auto message =
      root ? mcp::read_message(*root, mcp::Sender::server)
           : std::expected<mcp::Message, mcp::Refusal>(std::unexpected(mcp::refuse_text(root.error())));
  if (!message) {
    if (ticket_ != nullptr) ticket_->cancel();
    ticket_ = nullptr;
    return upstream_failed({upstream::FailureKind::protocol, true, message.error().message});
  }
  switch (message->kind) {
    case mcp::Kind::request:
      return on_server_request(text, *message);
    case mcp::Kind::notification:
      return on_server_notification(text, *message);
    case mcp::Kind::result:
    case mcp::Kind::error:
      break;
  }
  if (status_ == 404 && caller_.session && method_ != mcp::Method::initialize) return;  // on_end tells
  const bool unaddressed = message->kind == mcp::Kind::error && status_ >= 400 && !message->id;
  if (!request_ || (!unaddressed && !is_number(message->id, number_text_))) {
    worker_.record_event("upstream.protocol_error", {{"id", id_.view()},
                                                     {"server", caller_.server->settings().name},
                                                     {"reason", "an answer to no request of ours"}});
    return;
  }
  on_response(text, *message);
}

void Exchange::on_server_notification(std::string_view text, const mcp::Message& message) {
  if (message.method == mcp::Method::tools_list_changed ||
      message.method == mcp::Method::prompts_list_changed ||
      message.method == mcp::Method::resources_list_changed) {
    caller_.grant->server->list_changes.fetch_add(1, std::memory_order_relaxed);
  }
  if (message.method == mcp::Method::tools_list_changed) {
    caller_.server->outdate_tools(caller_.session.get(), caller_.revision, caller_.grant->grant->id);
  }
  if (front_ == nullptr) return;
  Splice splice(text);
  switch (message.method) {
    case mcp::Method::progress: {
      const json::Value token = message.params.find("progressToken");
      if (client_token_.empty() || !is_number(token, number_text_)) return;
      splice.replace(token, client_token_);
      break;
    }
    case mcp::Method::cancelled:
      return withdraw_question(text, message);
    case mcp::Method::unknown:
      return;
    case mcp::Method::message:
      // A modern server may log only where the request asked for it (attack case T112).
      if (mcp::era_of(caller_.revision) == mcp::Era::modern && !wants_log_) return;
      break;
    default:
      break;
  }
  std::string task;
  if (message.method == mcp::Method::tasks_status) {
    const json::Value id = message.params.find("taskId");
    const std::string handle = task_handle(id);
    if (handle.empty() || !forbidden_input(message.params.find("inputRequests")).empty()) return;
    json::append_string(task, handle);
    splice.replace(id, task);
  } else if (!name_related_task(message.meta, splice, task)) {
    return;
  }
  const json::Value subscription = message.meta.find(mcp::kMetaSubscriptionId);
  if (subscription) {
    if (!is_number(subscription, number_text_)) return;
    splice.replace(subscription, client_id_);
  }
  streamed_ = true;
  front_->send(splice.pieces(), opened_session());
}

void Exchange::on_response(std::string_view text, const mcp::Message& message) {
  Splice splice(text);
  splice.replace(message.id, client_id_);
  const bool is_error = message.kind == mcp::Kind::error;
  answer_.clear();
  std::int64_t code = 0;
  bool tool_error = false;
  if (is_error) {
    code = error_code(message.error);
    if (did_not_run(code)) give_back();
    if (mcp::era_of(caller_.revision) == mcp::Era::modern && status_ == 0) {
      answer_status_ = http_status_of(code);
    } else if (mcp::era_of(caller_.revision) == mcp::Era::modern && (status_ == 400 || status_ == 404)) {
      answer_status_ = status_;
      if (is_legacy_sdk_code(code)) caller_.server->doubt_era();
    }
    if (method_ == mcp::Method::initialize && caller_.session) worker_.end_session(*caller_.session);
  } else {
    const json::Value failed = message.result.find("isError");
    tool_error = failed.is(json::Type::boolean) && failed.boolean();
    if (!shape_result(text, message, splice)) {
      if (ticket_ != nullptr) ticket_->cancel();
      ticket_ = nullptr;
      return upstream_failed(
          {upstream::FailureKind::protocol, true, "the result lacks what its method demands"});
    }
  }
  if (answer_.empty()) {
    if (is_error && !message.id) {
      mcp::append_error(answer_, client_id_, static_cast<mcp::ErrorCode>(code),
                        message.error.find("message").string());
    } else {
      for (std::string_view piece : splice.pieces()) answer_ += piece;
    }
  }
  responded_ = true;
  record_outcome(is_error || !outcome_code_.empty() ? "error"
                 : tool_error                       ? "tool_error"
                                                    : "ok",
                 outcome_code_, code, is_error || tool_error, text.size(), {});
  when_durable(Then::answer);
}

bool Exchange::shape_result(std::string_view text, const mcp::Message& message, Splice& splice) {
  const json::Value result = message.result;
  switch (method_) {
    case mcp::Method::initialize:
    case mcp::Method::server_discover: {
      const json::Value capabilities = result.find("capabilities");
      if (!capabilities.is(json::Type::object)) return false;
      scratch_.clear();
      append_server_capabilities(scratch_, text, capabilities, mcp::era_of(caller_.revision), may_begin_task());
      limit_caching(result, splice);
      splice.replace(capabilities, scratch_);
      if (method_ == mcp::Method::initialize) {
        const json::Value version = result.find("protocolVersion");
        const auto revision =
            version.is(json::Type::string) ? mcp::parse_revision(version.string()) : std::nullopt;
        if (!revision || mcp::era_of(*revision) == mcp::Era::modern) return false;
        caller_.session->revision = *revision;
        caller_.session->ready = true;
        new_session_ = caller_.session->id;
      }
      return true;
    }
    case mcp::Method::tools_list:
    case mcp::Method::resources_list:
    case mcp::Method::resources_templates_list:
    case mcp::Method::prompts_list:
      if (!result.find(mcp::list_member(method_)).is(json::Type::array)) return false;
      filter_list(text, message);
      return true;
    case mcp::Method::tools_call:
    case mcp::Method::prompts_get:
    case mcp::Method::resources_read:
      return shape_call_result(text, message, splice);
    case mcp::Method::tasks_get:
    case mcp::Method::tasks_result:
    case mcp::Method::tasks_cancel:
    case mcp::Method::tasks_update:
      return shape_task(message, splice);
    case mcp::Method::tasks_list:
      return filter_tasks(text, message);
    default:
      return true;
  }
}

bool Exchange::shape_call_result(std::string_view text, const mcp::Message& message, Splice& splice) {
  const json::Value result = message.result;
  limit_caching(result, splice);
  if (mcp::era_of(caller_.revision) == mcp::Era::legacy) {
    const bool task = method_ == mcp::Method::tools_call && result.find("task").is(json::Type::object);
    return task ? shape_task(message, splice) : true;
  }
  const json::Value type = result.find("resultType");
  if (!type || (type.is(json::Type::string) && type.string() == "complete")) return true;
  if (!type.is(json::Type::string)) return false;
  if (wait_ != nullptr && wait_->manner == ApprovalWait::Manner::task) return false;
  if (type.string() == "task" && method_ == mcp::Method::tools_call) return shape_task(message, splice);
  if (type.string() != "input_required") return false;
  if (const std::string_view what = forbidden_input(result.find("inputRequests")); !what.empty()) {
    refuse_question(what);
    return true;
  }
  if (const json::Value state = result.find("requestState")) seal_state(text, state, splice);
  return true;
}

void Exchange::limit_caching(json::Value result, Splice& splice) {
  if (mcp::era_of(caller_.revision) == mcp::Era::legacy) return;
  // What one grant sees is nobody else's, and must follow the policy soon (attack case T156).
  splice.replace(result.find("cacheScope"), "\"private\"");
  const json::Value ttl = result.find("ttlMs");
  if (!ttl) return;
  const auto spelled = ttl.is(json::Type::number) ? json::Decimal::parse(ttl.number()) : std::nullopt;
  const auto most = json::Decimal::parse(kLongestTtlMs);
  const auto least = json::Decimal::parse("0");
  if (!spelled || *spelled < *least) return splice.replace(ttl, "0");
  if (*spelled > *most) splice.replace(ttl, kLongestTtlMs);
}

void Exchange::filter_list(std::string_view text, const mcp::Message& message) {
  const GrantEntry& grant = *caller_.grant;
  const json::Value result = message.result;
  const json::Value list = result.find(mcp::list_member(method_));
  ToolTable& tools = caller_.server->tools();
  const bool of_tools = method_ == mcp::Method::tools_list;
  // Of a server behind a bridge the bridge has learned them, before it translated.
  const bool bridged = caller_.session != nullptr && caller_.session->bridge != nullptr;
  if (of_tools && !bridged) caller_.server->learn_tools(result, first_page_);
  policy::Call call = policy_call(of_tools                               ? policy::Kind::tool
                                  : method_ == mcp::Method::prompts_list ? policy::Kind::prompt
                                                                         : policy::Kind::resource,
                                  {});
  const auto shown = [&](std::string_view name) {
    call.tool = name;
    if (!of_tools) return policy::listed(grant.policy.get(), call, worker_.scratch());
    if (!tools.offered(name)) return false;
    call.category = tools.category(name);
    return policy::listed(grant.policy.get(), call, worker_.scratch());
  };
  std::string filtered;
  filtered.reserve(list.end_offset() - list.begin_offset());
  if (of_tools) {
    mcp::append_filtered_tools(filtered, text, list.begin_offset(), list.end_offset(), result, shown,
                               [&](std::string& out, json::Value tool) {
                                 append_without_injected(out, text, tool, caller_.server->settings().injected);
                               });
  } else {
    const std::string_view key = method_ == mcp::Method::prompts_list     ? "name"
                                 : method_ == mcp::Method::resources_list ? "uri"
                                                                          : "uriTemplate";
    mcp::append_filtered(filtered, text, list.begin_offset(), list.end_offset(), list,
                         [&](json::Value element) {
                           const json::Value name = element.find(key);
                           return name.is(json::Type::string) && shown(name.string());
                         });
  }
  if (of_tools && tools.wants_whole_list()) {
    caller_.server->refresh_tools(caller_.session.get(), caller_.revision, grant.grant->id);
  }
  Splice splice(text);
  splice.replace(message.id, client_id_);
  splice.replace(list, filtered);
  limit_caching(result, splice);
  for (std::string_view piece : splice.pieces()) answer_ += piece;
}

void Exchange::give_back() {
  if (wait_ != nullptr) wait_->give_back();
  if (reservation_.empty() || quota_returned_) return;
  worker_.shared().quotas->release(reservation_);
  for (audit::QuotaDelta& delta : deltas_) delta.amount = -delta.amount;
  quota_returned_ = true;
}

void Exchange::on_end() {
  ticket_ = nullptr;
  if (responded_) return released_by_server();
  if (closing_) {
    worker_.end_session(*caller_.session);
    Front* to = front_;
    release();
    if (to != nullptr) to->answer(204, {}, {});
    return;
  }
  if (status_ == 404 && caller_.session && method_ != mcp::Method::initialize && request_) {
    return upstream_failed(
        {upstream::FailureKind::session_lost, true, "the server answered 404 in this session"});
  }
  if (listening_ && method_ == mcp::Method::unknown) {
    Front* to = front_;
    const bool streamed = streamed_;
    const int status = status_;
    release();
    if (to == nullptr) return;
    if (streamed) return to->end_stream();
    return to->answer(status == 405 ? 405 : 502, {}, {});
  }
  if (request_) {
    return upstream_failed({upstream::FailureKind::protocol, true, "the server ended without an answer"});
  }
  responded_ = true;
  record_outcome("ok", {}, 0, false, 0, {});
  answer_.clear();
  answer_status_ = 202;
  stream_ = streamed_ = false;
  when_durable(Then::answer);
}

void Exchange::released_by_server() {
  // The answer may still wait to be durable; then it goes on without the server.
  if (stage_ != Stage::outcome) release();
}

void Exchange::on_failure(const upstream::Failure& failure) {
  ticket_ = nullptr;
  if (responded_) return released_by_server();
  upstream_failed(failure);
}

void Exchange::upstream_failed(const upstream::Failure& failure) {
  if (closing_ || (listening_ && method_ == mcp::Method::unknown)) {
    if (closing_) worker_.end_session(*caller_.session);
    Front* to = front_;
    const bool streamed = streamed_;
    const bool closing = closing_;
    release();
    if (to == nullptr) return;
    if (streamed) return to->end_stream();
    return to->answer(closing ? 204 : 502, {}, {});
  }
  if (!failure.sent) give_back();
  const bool unauthorized = failure.kind == upstream::FailureKind::unauthorized;
  if (!unauthorized) caller_.server->doubt_era();
  const std::string& server = caller_.server->settings().name;
  std::string words;
  if (unauthorized) {
    words = authorize_first(caller_.server->settings(), *caller_.grant->grant);
  } else {
    words = "[UPSTREAM ERROR] The server " + server + " failed: ";
    words += words_of(failure.kind);
    words += ". This is not a policy decision. ";
  }
  words += failure.sent ? "The call may or may not have run; check before you repeat it. "
                        : "The call did not run; it can be repeated later. ";
  words += "Ref ";
  words += id_.view();
  answer_.clear();
  if (method_ == mcp::Method::tools_call && !wants_task_) {
    mcp::append_denial(
        answer_, client_id_, mcp::era_of(caller_.revision), words,
        {.id = id_.view(), .code = unauthorized ? "authorization_needed" : "upstream_error", .rule = {}, .retry = {}, .retry_after_s = 0});
  } else {
    mcp::append_error(answer_, client_id_, mcp::ErrorCode::internal_error, words);
  }
  if (failure.kind == upstream::FailureKind::session_lost) {
    answer_status_ = 404;
    stream_ = false;
    worker_.end_session(*caller_.session);
  } else if (!request_) {
    answer_status_ = 502;
  }
  if (method_ == mcp::Method::initialize && caller_.session) worker_.end_session(*caller_.session);
  if (!streamed_) stream_ = false;
  responded_ = true;
  if (intent_recorded_) {
    std::string reason(upstream::to_string(failure.kind));
    reason += ": ";
    reason += failure.detail;
    record_outcome(failure.kind == upstream::FailureKind::timeout ? "timeout" : "upstream_error",
                   unauthorized ? "authorization_needed" : "upstream_error", 0, true, 0, reason);
  }
  when_durable(Then::answer);
}

}  // namespace doorward::gateway
