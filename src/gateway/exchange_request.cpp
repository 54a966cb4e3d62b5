// The way of a message from the client to the server: judge, reserve, record, forward.

#include <algorithm>

#include "gateway/capabilities.h"
#include "gateway/exchange.h"
#include "gateway/injection.h"
#include "gateway/own_task.h"
#include "gateway/record_refs.h"
#include "gateway/worker.h"
#include "json/writer.h"
#include "policy/explain.h"

namespace doorward::gateway {
namespace {

/// How long a client that lost a stream of ours shall wait before it comes back.
constexpr std::uint32_t kComeBackMs = 1000;

/// Tools of the same server that the grant may call with some arguments, for the text of a denial.
std::size_t permitted_tools(ServerLink& link, const GrantEntry& grant, const policy::Call& denied,
                            policy::Scratch& scratch, std::array<std::string_view, 3>& names) {
  std::size_t found = 0;
  std::size_t looked = 0;
  link.tools().for_each([&](const std::string& name, const KnownTool& tool) {
    if (found == names.size() || ++looked > 500 || name == denied.tool || tool.category != Category::read)
      return;
    policy::Call call = denied;
    call.tool = name;
    call.category = tool.category;
    call.outer = {};
    call.args = {};
    if (policy::decide(*grant.policy, call, scratch).verdict == policy::Verdict::allow) names[found++] = name;
  });
  return found;
}

}  // namespace

policy::Call Exchange::policy_call(policy::Kind kind, std::string_view name) const {
  policy::Call call;
  call.kind = kind;
  call.tool = name;
  call.server = caller_.server->settings().name;
  call.subject = &caller_.grant->subject;
  call.now_us = worker_.loop().wall_us();
  return call;
}

void Exchange::judge(const mcp::Message& message) {
  switch (message.method) {
    case mcp::Method::tools_call:
      return judge_tool(message);
    case mcp::Method::resources_read:
    case mcp::Method::resources_subscribe:
    case mcp::Method::resources_unsubscribe:
      return judge_named(message, policy::Kind::resource, message.params.find("uri").string(), {});
    case mcp::Method::prompts_get:
      return judge_named(message, policy::Kind::prompt, message.params.find("name").string(),
                         message.params.find("arguments"));
    case mcp::Method::completion_complete: {
      const json::Value reference = message.params.find("ref");
      const json::Value type = reference.find("type");
      const json::Value name = reference.find("name");
      const json::Value uri = reference.find("uri");
      if (type.is(json::Type::string) && type.string() == "ref/prompt" && name.is(json::Type::string)) {
        return judge_named(message, policy::Kind::prompt, name.string(), {});
      }
      if (type.is(json::Type::string) && type.string() == "ref/resource" && uri.is(json::Type::string)) {
        return judge_named(message, policy::Kind::resource, uri.string(), {});
      }
      return refuse_rpc(mcp::ErrorCode::invalid_params, "ref must name a prompt or a resource.",
                        "bad_message");
    }
    case mcp::Method::tasks_get:
    case mcp::Method::tasks_result:
    case mcp::Method::tasks_list:
    case mcp::Method::tasks_cancel:
    case mcp::Method::tasks_update:
      return judge_task(message);
    case mcp::Method::cancelled:
      return cancel_other(message);
    case mcp::Method::progress:
      if (caller_.session) pass_progress(worker_, caller_.session, text_, message);
      return accept();
    case mcp::Method::tasks_status:  // of tasks that the client runs for the server: none is carried
      return accept();
    case mcp::Method::roots_list_changed:
      // A server that may not know the roots is not told of them.
      if (!caller_.session || !caller_.session->declared.roots) return accept();
      return forward(message, {}, nullptr);
    default:
      return forward(message, {}, nullptr);
  }
}

void Exchange::judge_tool(const mcp::Message& message) {
  if (!open_state(message)) return;
  const std::string_view name = message.params.find("name").string();
  const policy::Resolved resolved =
      caller_.grant->server->actions.resolve(name, message.params.find("arguments"));
  ToolTable& tools = caller_.server->tools();
  const KnownTool* known = tools.find(name);
  tool_ = resolved.tool;

  policy::Call call = policy_call(policy::Kind::tool, resolved.tool);
  call.args = resolved.args;
  call.known = known != nullptr && resolved.kind != policy::Resolved::Kind::unknown_action;
  if (resolved.kind != policy::Resolved::Kind::plain) {
    call.outer = resolved.outer;
    if (known != nullptr) call.outer_category = known->category;
  }
  if (known != nullptr) {
    call.category = resolved.kind == policy::Resolved::Kind::action ? tools.category(resolved.tool) : known->category;
  }
  if (caller_.grant->policy == nullptr) return refuse(call, policy::no_policy());

  const policy::ToolIndex* index = tools.known() ? &tools.index(caller_.grant->policy) : nullptr;
  policy::Decision decision = policy::decide(*caller_.grant->policy, call, worker_.scratch(), index);
  // A hidden name takes the same steps as one that does not exist, so that no answer and no delay tells them
  // apart.
  const bool hidden = decision.verdict == policy::Verdict::hide && (decision.enforced || !call.known);
  if (hidden) {
    if (!refreshed_ && caller_.server->may_list_tools()) {
      stage_ = Stage::listing;
      return caller_.server->list_tools(caller_.session.get(), caller_.revision, caller_.grant->grant->id, *this);
    }
    if (!tools.known()) {
      return upstream_failed(caller_.server->list_failure());
    }
  }
  const bool stands = hidden || known == nullptr || known->standing == Standing::reviewed;
  // By a list from before an announced change no call goes out; and what was changed may have been changed back.
  const bool outdated = caller_.server->tools_outdated();
  if (!refreshed_ && (outdated || (!stands && caller_.server->may_list_tools()))) {
    stage_ = Stage::listing;
    return caller_.server->list_tools(caller_.session.get(), caller_.revision, caller_.grant->grant->id, *this);
  }
  if (outdated && !listed_) {
    return upstream_failed(
        {upstream::FailureKind::protocol, false, "the server has changed its tools and does not list them"});
  }
  if (!stands) {
    return refuse(call, known->standing == Standing::changed ? policy::definition_changed()
                                                             : policy::not_reviewed());
  }
  if (!injected_in(caller_.server->settings().injected, name, message.params.find("arguments")).empty()) {
    return refuse(call, policy::argument_is_injected());
  }
  if (decision.limit != nullptr && decision.enforced) name_full_limit(call, decision);
  const bool asks = decision.verdict == policy::Verdict::approve && decision.enforced;
  if (!decision.passes() && !asks) return refuse(call, decision);
  tools_generation_ = tools.generation();
  if (!prepare(message, known, message.params.find("arguments"))) return;
  if (asks && !approved(message, call, decision, *known)) return;
  if (!asks && wait_ != nullptr) wait_->give_back();
  if (!reserve(call, decision)) return refuse(call, decision);
  forward(message, resolved.args, &decision);
}

void Exchange::on_tools_listed(bool ok) {
  refreshed_ = true;
  listed_ = ok;
  stage_ = Stage::idle;
  json::Limits limits;
  limits.bytes = text_.size();
  const auto root = worker_.request_reader().read(text_, limits);
  judge_tool(*mcp::read_message(*root, mcp::Sender::client));
}

void Exchange::judge_named(const mcp::Message& message, policy::Kind kind, std::string_view name,
                           json::Value args) {
  tool_ = name;
  if (!open_state(message)) return;
  policy::Call call = policy_call(kind, name);
  call.args = args;
  if (caller_.grant->policy == nullptr) return refuse(call, policy::no_policy());
  policy::Decision decision = policy::decide(*caller_.grant->policy, call, worker_.scratch());
  if (!decision.passes()) return refuse(call, decision);
  if (!prepare(message, nullptr, {})) return;
  if (!reserve(call, decision)) return refuse(call, decision);
  forward(message, args, &decision);
}

void Exchange::collect_demands(const policy::Call& call) {
  const std::span<const policy::LimitDemand> wanted = worker_.scratch().demands();
  const policy::Policy& policy = *caller_.grant->policy;
  demands_.clear();
  for (const policy::LimitDemand& demand : wanted) {
    const std::size_t at = static_cast<std::size_t>(demand.limit - policy.limits().data());
    demands_.push_back(caller_.grant->demands[at]);
    demands_.back().amount = demand.amount_millionths;
    if (demand.limit->scope == policy::Scope::session && caller_.session != nullptr) {
      Session& session = *caller_.session;
      if (session.keys_of != caller_.grant->policy) {
        session.keys_of = caller_.grant->policy;  // held: another policy must not come to lie at its address
        session.keys.clear();
        for (const policy::Limit& limit : policy.limits()) {
          session.keys.push_back(
              demand_of(policy, limit, call.server, quota::HolderKind::session, session.id).key);
        }
      }
      demands_.back().key = session.keys[at];
    }
  }
}

void Exchange::name_full_limit(const policy::Call& call, policy::Decision& decision) {
  const std::span<const policy::LimitDemand> before = worker_.scratch().demands();
  if (before.empty()) return;
  collect_demands(call);
  const quota::Outcome outcome = worker_.shared().quotas->peek(demands_, worker_.now());
  if (outcome.kind != quota::Outcome::Kind::no_room) return;
  decision.verdict = policy::Verdict::allow;
  decision = policy::limit_denial(decision, *before[outcome.demand].limit,
                                  std::max<std::int64_t>(outcome.retry_after_s, 0));
}

bool Exchange::reserve(const policy::Call& call, policy::Decision& decision) {
  const std::span<const policy::LimitDemand> wanted = worker_.scratch().demands();
  if (wanted.empty()) return true;
  const policy::Policy& policy = *caller_.grant->policy;
  collect_demands(call);
  const quota::Now now = worker_.now();
  quota::Table& table = *worker_.shared().quotas;
  const quota::Outcome outcome = decision.enforced ? table.reserve(demands_, now, reservation_)
                                                   : table.add_unchecked(demands_, now, reservation_);
  if (outcome.granted() || !decision.enforced) {
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      const quota::Demand& demand = demands_[i];
      const auto same = std::find_if(deltas_.begin(), deltas_.end(), [&](const audit::QuotaDelta& delta) {
        return delta.key_high == demand.key.high && delta.key_low == demand.key.low;
      });
      if (same == deltas_.end()) {
        const std::size_t at = static_cast<std::size_t>(wanted[i].limit - policy.limits().data());
        deltas_.push_back({demand.key.high, demand.key.low, caller_.grant->windows[at], demand.amount});
      } else {
        same->amount = std::max(same->amount, demand.amount);
      }
    }
  }
  if (outcome.granted()) return true;
  if (outcome.kind == quota::Outcome::Kind::full) {
    if (decision.enforced) decision = policy::policy_error();
    return !decision.enforced;
  }
  if (decision.verdict == policy::Verdict::allow || decision.enforced) {
    const bool enforced = decision.enforced;
    decision = policy::limit_denial(decision, *wanted[outcome.demand].limit,
                                    std::max<std::int64_t>(outcome.retry_after_s, 0));
    decision.enforced = enforced;
  }
  return !decision.enforced;
}

void Exchange::fill(audit::CallRecord& record, const policy::Decision* decision, json::Value args) {
  record.id = id_.view();
  record.time_us = worker_.loop().wall_us();
  record.verdict = "allow";
  if (decision != nullptr) {
    record.verdict = policy::to_string(decision->verdict);
    record.enforced = decision->enforced;
    record.rule = decision->rule->rule;
    record.pointer = decision->rule->pointer;
    if (decision->code != policy::Code::none) record.code = policy::to_string(decision->code);
    if (decision->retry_after_s > 0) record.retry_after_s = decision->retry_after_s;
  }
  if (const policy::Policy* policy = caller_.grant->policy.get()) {
    record.policy = {policy->name(), worker_.version_text(policy->version()), policy->sha256()};
  }
  const identity::Grant& grant = *caller_.grant->grant;
  record.grant = grant_ref(grant);
  record.identity = identity_ref(grant);
  record.client = {address_, client_name_};
  record.server = caller_.server->settings().name;
  record.era = mcp::era_of(caller_.revision) == mcp::Era::modern ? "modern" : "legacy";
  record.revision = mcp::to_string(caller_.revision);
  if (caller_.session) record.session = caller_.session->digest;
  record.method = method_name_;
  if (method_ == mcp::Method::tools_call) {
    record.tool = tool_;
  } else {
    record.target = tool_;
  }
  record.request_id = client_id_;
  if (args) {
    record.args.present = true;
    keys_.clear();
    for (const json::Member member : args.members()) keys_.push_back(member.key.string());
    std::sort(keys_.begin(), keys_.end());
    record.args.keys = keys_;
    record.args.digest = worker_.keyed_digest(args);
    record.args.bytes = args.end_offset() - args.begin_offset();
  }
  record.quota = deltas_;
  if (wait_ != nullptr && wait_->answer) record.approval = wait_->answer->request;
}

void Exchange::keep_arguments(json::Value args) {
  if (!args || method_ != mcp::Method::tools_call || !worker_.shared().options.stores_arguments()) return;
  // Without room the arguments are missing, which the log counts; the call's own record has their digest.
  static_cast<void>(worker_.ring().append(worker_.arguments_entry(id_.view(), args), audit::EntryKind::arguments));
}

void Exchange::commit_values(audit::CallRecord& record, json::Value args) {
  commitments_.clear();
  values_.clear();
  const std::vector<LoggedValue>& wanted = caller_.grant->server->logged_values;
  commitments_.reserve(wanted.size());
  for (const LoggedValue& logged : wanted) {
    if (method_ != mcp::Method::tools_call || (logged.tool != "*" && logged.tool != tool_)) continue;
    json::Value value = args;
    for (const std::string& step : logged.steps) value = value.find(step);
    if (!value) continue;
    commitments_.push_back(audit::make_commitment(id_.view(), logged.path, worker_.canonical_text(value),
                                                  worker_.record_buffer()));
    // Without room the record still holds the commitment; only its opening is missing.
    static_cast<void>(worker_.ring().append(commitments_.back().entry, audit::EntryKind::value));
    values_.push_back({logged.path, {commitments_.back().hex.data(), commitments_.back().hex.size()}});
  }
  record.values = values_;
}

void Exchange::refuse(const policy::Call& call, const policy::Decision& decision) {
  const policy::Policy* policy = caller_.grant->policy.get();
  const mcp::Era era = mcp::era_of(caller_.revision);
  answer_.clear();
  std::string told;
  if (decision.verdict == policy::Verdict::hide) {
    if (call.kind == policy::Kind::tool) {
      mcp::append_unknown_tool(answer_, client_id_, front_->shown_tool(tool_));
    } else if (call.kind == policy::Kind::resource) {
      mcp::append_error(answer_, client_id_,
                        era == mcp::Era::modern ? mcp::ErrorCode::invalid_params : mcp::ErrorCode::resource_not_found,
                        "Resource not found: " + tool_);
    } else {
      mcp::append_error(answer_, client_id_, mcp::ErrorCode::invalid_params, "Prompt not found: " + tool_);
    }
  } else {
    std::array<std::string_view, 3> names;
    std::size_t count = 0;
    if (policy != nullptr && call.kind == policy::Kind::tool &&
        (decision.code == policy::Code::tool_denied || decision.code == policy::Code::default_deny)) {
      count = permitted_tools(*caller_.server, *caller_.grant, call, worker_.scratch(), names);
      for (std::string_view& name : names) name = front_->shown_tool(name);
    }
    // Behind a bundle the agent knows the tool by another name.
    const std::string_view shown = front_->shown_tool(tool_);
    const std::string_view called = shown == tool_ ? std::string_view() : shown;
    told = policy::told_agent(policy, call, decision,
                              {id_.view(), {names.data(), count}, called, approval_told()});
    if (method_ == mcp::Method::tools_call && !wants_task_) {
      mcp::append_denial(answer_, client_id_, era, told,
                         {.id = id_.view(),
                          .code = policy::to_string(decision.code),
                          .rule = policy == nullptr || policy->detail() == policy::Detail::full
                                      ? std::string_view(decision.rule->rule)
                                      : std::string_view(),
                          .retry = policy::retry_of(decision.code),
                          .retry_after_s = decision.retry_after_s});
    } else {
      mcp::append_error(answer_, client_id_, mcp::ErrorCode::refused_by_policy, told);
    }
  }
  conclude(decision, call.args, told);
}

void Exchange::conclude(const policy::Decision& decision, json::Value args, std::string_view told) {
  audit::CallRecord record;
  fill(record, &decision, args);
  keep_arguments(args);
  commit_values(record, args);
  record.reason = told;
  worker_.counters().judged(record.verdict);
  // Without room the ring counts it: a denial is answered all the same.
  static_cast<void>(worker_.ring().append(audit::write_denial(record, worker_.record_buffer())));
  responded_ = true;
  when_durable(Then::answer);
}

void Exchange::refuse_rpc(mcp::ErrorCode code, std::string_view message, std::string_view audit_code,
                          std::string_view data) {
  audit::RejectRecord record;
  record.id = id_.view();
  record.code = audit_code;
  record.http_status = mcp::era_of(caller_.revision) == mcp::Era::modern ? 400 : 200;
  record.client = {address_, client_name_};
  const identity::Grant& grant = *caller_.grant->grant;
  record.grant = grant_ref(grant);
  record.identity = identity_ref(grant);
  record.server = caller_.server->settings().name;
  record.method = method_name_;
  record.request_id = client_id_;
  record.reason = message;
  worker_.record_rejection(record);
  answer_.clear();
  mcp::append_error(answer_, client_id_, code, message, data);
  // Clients of the legacy revisions read an error's message only where HTTP went well.
  answer_status_ = mcp::era_of(caller_.revision) == mcp::Era::modern ? 400 : 200;
  responded_ = true;
  stage_ = Stage::settled;
  then_ = Then::answer;
  go_on();
}

bool Exchange::prepare(const mcp::Message& message, const KnownTool* tool, json::Value args) {
  request_splice_ = Splice(text_);
  if (request_) {
    request_splice_.replace(message.id, number_text_);
    request_splice_.replace(message.progress_token, number_text_);
  }
  // What we would not let the server ask of the client must not be promised to it.
  const bool legacy = mcp::era_of(caller_.revision) == mcp::Era::legacy;
  const json::Value capabilities =
      legacy ? message.params.find("capabilities") : message.meta.find(mcp::kMetaClientCapabilities);
  if (!legacy || method_ == mcp::Method::initialize) {
    capabilities_.clear();
    if (wait_ != nullptr && wait_->manner == ApprovalWait::Manner::task) {
      capabilities_ = "{}";  // behind a task of ours nobody is asked, and no other task is begun
    } else {
      append_client_capabilities(capabilities_, text_, capabilities,
                                 Questions::allowed(caller_.server->settings().protocol));
    }
    request_splice_.replace(capabilities, capabilities_);
  }
  if (method_ == mcp::Method::tools_call) inject(message.params);
  if (!task_.empty()) {
    task_json_.clear();
    json::append_string(task_json_, task_);
    request_splice_.replace(message.params.find("taskId"), task_json_);
    if (!input_responses_.empty()) {
      request_splice_.replace(message.params.find("inputResponses"), input_responses_);
    }
  }
  if (legacy) return true;
  mcp::append_mirror_lines(mirror_lines_, message, caller_.revision, task_);
  if (tool != nullptr && !tool->mirror.empty()) {
    if (const http::Headers* headers = front_->headers()) {
      const auto difference = tool->mirror.mismatch(args, [headers](std::string_view name) {
        const http::Headers::Found found = headers->find(name);
        return mcp::Header{found.value, static_cast<unsigned>(found.count)};
      });
      if (difference) {
        refuse_rpc(mcp::ErrorCode::header_mismatch, *difference, "header_mismatch");
        return false;
      }
    }
    tool->mirror.append_lines(mirror_lines_, args);
  }
  if (!opened_state_.empty()) request_splice_.replace(message.params.find("requestState"), opened_state_);
  return true;
}

void Exchange::inject(json::Value params) {
  const InjectedArguments injected = caller_.server->settings().injected;
  if (injected.empty()) return;
  wipe(injected_);  // of a call that waited for people
  append_injected(injected_, injected, params.find("name").string());
  if (injected_.empty()) return;
  const json::Value arguments = params.find("arguments");
  if (!arguments) injected_ = "\"arguments\":{" + injected_ + "}";
  const json::Value into = arguments ? arguments : params;
  if (into.size() > 0) injected_ += ',';
  request_splice_.insert(into.begin_offset() + 1, injected_);
}

void Exchange::forward(const mcp::Message& message, json::Value args, const policy::Decision* decision) {
  if (method_ == mcp::Method::initialize &&
      !worker_.make_session_room(caller_.grant->grant->id, caller_.server)) {
    return refuse_rpc(mcp::ErrorCode::internal_error,
                      "This grant has too many sessions in use; end one, or wait for one to end.",
                      "too_many_sessions");
  }
  // What has no decision of its own (lists, handshakes) is prepared here.
  if (decision == nullptr && !prepare(message, nullptr, {})) return;
  if (!record_intent(decision, args)) {
    worker_.shared().quotas->release(reservation_);
    answer_.clear();
    mcp::append_error(answer_, client_id_, mcp::ErrorCode::internal_error,
                      "The gateway cannot record calls at the moment, so it forwards none. Try again later.");
    answer_status_ = 503;
    responded_ = true;
    stage_ = Stage::settled;
    then_ = Then::answer;
    return go_on();
  }
  if (method_ == mcp::Method::initialize) {
    caller_.session = worker_.sessions().open(caller_.grant->grant->id, caller_.server);
    caller_.session->last_used_us = worker_.loop().now_us();
    caller_.session->running.push_back(this);
    const json::Value name = message.params.find("clientInfo").find("name");
    if (name.is(json::Type::string)) caller_.session->client_name = name.string();
    caller_.session->opens_urls =
        static_cast<bool>(message.params.find("capabilities").find("elicitation").find("url"));
    caller_.session->declared = Questions::allowed(caller_.server->settings().protocol)
                                    .answered_by(message.params.find("capabilities"));
  }
  when_durable(Then::forward);
}

bool Exchange::record_intent(const policy::Decision* decision, json::Value args) {
  if (!worker_.shared().log->accepting()) return false;
  worker_.relieve_ring();
  audit::CallRecord record;
  fill(record, decision, args);
  keep_arguments(args);
  commit_values(record, args);
  worker_.counters().judged(record.verdict);
  intent_recorded_ = worker_.ring().append_intent(audit::write_intent(record, worker_.record_buffer()));
  return intent_recorded_;
}

void Exchange::transmit() {
  if (method_ == mcp::Method::tools_call && tools_generation_ != caller_.server->tools().generation()) {
    const KnownTool* known = caller_.server->tools().find(asked_);
    if (known == nullptr || known->standing != Standing::reviewed) return withdraw_call();
  }
  stage_ = Stage::forwarded;
  if (wait_ != nullptr) {
    wait_->sent = true;
    if (wait_->task) wait_->task->say("running", worker_.loop().wall_us());
  }
  Outgoing message;
  message.id = number_;
  message.json = request_splice_.pieces();
  message.session = caller_.session.get();
  message.revision = caller_.revision;
  message.mirror_lines = mirror_lines_;
  message.listening = listening_ || method_ == mcp::Method::tasks_result;  // which waits for the task's end
  message.method = method_;
  message.grant = caller_.grant->grant->id;
  message.hops = hops_;
  worker_.loop().refresh_time();
  held_us_ = wait_ == nullptr && !refreshed_ ? worker_.loop().now_us() - started_us_ : -1;
  const Result<upstream::Ticket*> sent = caller_.server->send(message, *this);
  if (!sent) return upstream_failed({upstream::FailureKind::start, false, sent.error().message});
  ticket_ = *sent;
  if (ticket_ == nullptr) return on_end();
  // Behind a channel or a bridge there is no stream of the server's for a client to come back to: ours is.
  const Session* session = caller_.session.get();
  if (session != nullptr && (session->bridge != nullptr || session->channel)) on_priming(kComeBackMs);
}

void Exchange::withdraw_call() {
  const policy::Decision decision = policy::definition_changed();
  const policy::Call call = policy_call(policy::Kind::tool, tool_);
  give_back();
  answer_.clear();
  mcp::append_denial(answer_, client_id_, mcp::era_of(caller_.revision),
                     policy::told_agent(caller_.grant->policy.get(), call, decision, {id_.view(), {}}),
                     {.id = id_.view(),
                      .code = policy::to_string(decision.code),
                      .rule = decision.rule->rule,
                      .retry = policy::retry_of(decision.code),
                      .retry_after_s = 0});
  responded_ = true;
  record_outcome("error", policy::to_string(decision.code), 0, true, 0,
                 "its definition changed while the call waited to be sent; it was not sent");
  when_durable(Then::answer);
}

void Exchange::cancel_other(const mcp::Message& message) {
  const json::Value wanted = message.params.find("requestId");
  if (caller_.session != nullptr && wanted) {
    const std::string_view id = bytes_of_value(text_, wanted);
    for (Exchange* other : caller_.session->running) {
      if (other == this || other->client_id_ != id || other->number_text_.empty()) continue;
      if (other->stage_ == Stage::approval) {  // the server knows nothing of it
        accept();
        return other->cancelled_by_client();
      }
      request_splice_ = Splice(text_);
      opened_state_ = other->number_text_;
      request_splice_.replace(wanted, opened_state_);
      if (!record_intent(nullptr, {})) break;
      when_durable(Then::forward);
      return other->cancelled_by_client();
    }
  }
  accept();
}

void Exchange::accept() {
  Front* to = front_;
  release();
  to->answer(202, {}, {});
}

}  // namespace doorward::gateway
