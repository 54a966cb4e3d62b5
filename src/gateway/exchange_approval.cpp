// Calls that need a person: how they ask, wait and go on (docs/approvals.md, "How the caller waits").

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

#include "gateway/exchange.h"
#include "gateway/own_task.h"
#include "gateway/waiting_task.h"
#include "gateway/worker.h"
#include "json/writer.h"

namespace doorward::gateway {
namespace {

/// The TypeScript SDK gives up after ten rounds of a call; the last one is answered for good.
constexpr unsigned kMostLegs = 10;
constexpr std::int64_t kLegLifetimeS = 3600;
/// Under it the gateway asks in an input-required result.
constexpr std::string_view kQuestion = "approval";
/// A sealed state of the gateway's own begins with it; a server's begins with a digit.
constexpr char kLegMark = 'a';

std::string clock_text(std::int64_t time_us) {
  const std::time_t seconds = time_us / 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%H:%M UTC", &parts)};
}

std::string left_text(std::int64_t left_us) {
  const std::int64_t seconds = std::max<std::int64_t>(left_us / 1'000'000, 0);
  return seconds >= 90 ? std::to_string((seconds + 30) / 60) + " min left" : std::to_string(seconds) + " s left";
}

bool has_input(const mcp::Message& message) {
  return message.params.find("requestState") || message.params.find("inputResponses");
}

/// Whether the user turned down what the client was asked to show.
bool is_refusal(json::Value answer) {
  const json::Value action = answer.find("action");
  return action.is(json::Type::string) && action.string() != "accept";
}

}  // namespace

bool Exchange::approved(const mcp::Message& message, const policy::Call& call, policy::Decision& decision,
                        const KnownTool& tool) {
  if (worker_.shared().options.desk == nullptr) {
    refuse(call, decision);
    return false;
  }
  if (wait_ == nullptr) wait_ = std::make_shared<ApprovalWait>(worker_, *this);
  if (caller_.world != worker_.world()) {
    adopt_world();
    judge_again();
    return false;
  }
  approval::Binding binding = binding_of(message, decision, tool);
  if (!wait_->asked_for(binding)) {
    ask_people(message, call, decision, std::move(binding));
    return false;
  }
  stage_ = Stage::approval;
  if (!wait_->answer) return false;
  switch (wait_->answer->standing) {
    case approval::Standing::waiting:
      wait_for_people(message, call, decision);
      return false;
    case approval::Standing::denied:
      refuse(call, policy::approval_denial(decision, policy::Code::approval_denied));
      return false;
    case approval::Standing::expired:
      refuse(call, policy::approval_denial(decision, policy::Code::approval_expired));
      return false;
    case approval::Standing::refused:
      refuse(call, policy::approval_denial(decision, policy::Code::approval_refused));
      return false;
    case approval::Standing::granted:
      break;
  }
  wait_->stop_timers();
  if (!front_->heard()) {
    // Nobody would hear that it ran. The approval waits for the next call of the same kind.
    wait_->give_back();
    refuse(call, decision);
    return false;
  }
  decision.code = policy::Code::none;
  return true;
}

approval::Binding Exchange::binding_of(const mcp::Message& message, const policy::Decision& decision,
                                       const KnownTool& tool) {
  const policy::Policy& policy = *caller_.grant->policy;
  approval::Binding binding;
  binding.grant = caller_.grant->grant->configured_id();
  if (const auto& subject = caller_.grant->grant->subject) binding.identity = subject->actor();
  binding.server = caller_.server->settings().name;
  binding.tool = tool_;
  binding.definition = tool.digest;
  // All that the server is sent, also beside an action's own arguments.
  if (const json::Value arguments = message.params.find("arguments")) binding.arguments = worker_.keyed_digest(arguments);
  binding.policy = policy.name();
  binding.policy_version = policy.version();
  binding.policy_sha256 = policy.sha256();
  binding.rule = decision.rule->rule;
  return binding;
}

void Exchange::ask_people(const mcp::Message& message, const policy::Call& call, const policy::Decision& decision,
                          approval::Binding binding) {
  // What was asked for before, under another policy or definition, is another decision.
  if (!wait_->decision().empty()) id_ = worker_.ids().next();
  if (wait_->text.empty()) {
    wait_->text = text_;
    text_ = wait_->text;
  }
  wait_->decision_made = decision;
  const identity::Grant& grant = *caller_.grant->grant;
  approval::Ask ask;
  ask.binding = std::move(binding);
  ask.decision = id_.view();
  ask.request = wait_->before;
  ask.grant_label = grant.label;
  ask.owner = grant.owner;
  ask.client = client_name_;
  if (call.category) ask.category = to_string(*call.category);
  ask.pointer = decision.rule->pointer;
  ask.note = decision.rule->note;
  const json::Value arguments = message.params.find("arguments");
  ask.arguments = arguments ? worker_.canonical_text(arguments) : std::string_view("{}");
  ask.lifetime_us = INT64_MAX;
  for (const policy::Approval* approval : worker_.scratch().approvals()) {
    ask.groups.push_back({approval->approvers, approval->approvals, approval->self_confirm});
    ask.lifetime_us = std::min(ask.lifetime_us, approval->expires_s * 1'000'000);
  }
  wait_->asked_of = policy::asked_of(worker_.scratch().approvals());
  stage_ = Stage::approval;
  wait_->ask(std::move(ask));
}

void Exchange::on_people_heard() {
  if (stage_ == Stage::approval) judge_again();
}

void Exchange::on_patience_out() {
  wait_->patience_out = true;
  // A task waits without its client.
  if (stage_ == Stage::approval && wait_->manner != ApprovalWait::Manner::task) judge_again();
}

void Exchange::on_world_changed() {
  if (stage_ != Stage::approval) return;
  adopt_world();
  judge_again();
}

void Exchange::adopt_world() {
  const identity::Grant& grant = *caller_.grant->grant;
  if (grant.subject != nullptr) {
    const std::shared_ptr<const Agent> agent = worker_.agents().renew(grant);
    if (agent == nullptr || !adopt(agent->entry)) {
      lost_ = true;
    } else {
      caller_.world = {agent, agent->world.get()};
    }
    return;
  }
  const std::shared_ptr<const World>& world = worker_.world();
  for (const GrantEntry& entry : world->grants()) {
    if (entry.grant->id != grant.id) continue;
    if (!adopt(entry)) break;
    caller_.world = world;
    return;
  }
  lost_ = true;
}

bool Exchange::adopt(const GrantEntry& entry) {
  const std::string& server = caller_.server->settings().name;
  const GrantEntry* found = entry.bundle == nullptr ? &entry : nullptr;
  for (const GrantEntry& member : entry.members) {
    if (member.server->settings->name == server) found = &member;
  }
  if (found == nullptr || found->server->settings->name != server) return false;
  caller_.grant = found;
  caller_.server = &worker_.link(*found->server);
  return true;
}

void Exchange::judge_again() {
  stage_ = Stage::idle;
  mirror_lines_.clear();
  refreshed_ = listed_ = false;
  json::Limits limits;
  limits.bytes = text_.size();
  const auto root = worker_.request_reader().read(text_, limits);
  const mcp::Message message = *mcp::read_message(*root, mcp::Sender::client);
  if (lost_) return refuse(policy_call(policy::Kind::tool, tool_), policy::no_policy());
  if (caller_.session != nullptr && caller_.session->ended) {
    record_not_run("session_ended");
    return upstream_failed({upstream::FailureKind::session_lost, false, "the session ended while people were asked"});
  }
  judge_tool(message);
}

void Exchange::wait_for_people(const mcp::Message& message, const policy::Call& call,
                               const policy::Decision& decision) {
  if (wait_->declined) {
    wait_->answer->reason = "The user of this client declined.";
    return refuse(call, policy::approval_denial(decision, policy::Code::approval_denied));
  }
  using Manner = ApprovalWait::Manner;
  if (wait_->manner != Manner::task && (wait_->patience_out || worker_.draining())) {
    return answer_pending(message, call, decision);
  }
  wait_->watch();
  if (wait_->manner != Manner::none) return;
  const bool modern = mcp::era_of(caller_.revision) == mcp::Era::modern;
  const json::Value declared = message.meta.find(mcp::kMetaClientCapabilities);
  if (modern && declared.find("extensions").find(mcp::kTasksExtension) && !has_input(message)) {
    if (auto task = worker_.take_waiting_task(*this, std::string(front_->shown_tool(tool_)))) {
      return begin_task(*task);
    }
  }
  wait_->manner = Manner::held;
  if (asks_user_alone()) {
    if (modern && wait_->legs == 0 && declared.find("elicitation").find("url") && may_come_back(message)) {
      return answer_input_required(message, decision, true);
    }
    if (!modern && caller_.session->opens_urls && caller_.revision >= mcp::Revision::v2025_11_25) ask_user();
  }
  const Options& options = worker_.shared().options;
  const ClientWait& limits = wait_of(options.client_waits, client_name_);
  const auto hold = client_token_.empty() ? limits.hold : limits.hold_with_progress;
  wait_->be_patient_for(hold.count() * 1000);
  if (!client_token_.empty()) wait_->report_every(options.progress_interval.count() * 1000);
}

void Exchange::on_progress_due() {
  if (stage_ != Stage::approval || front_ == nullptr || !wait_->answer) return;
  // Steps so small that the server's own progress still grows from here.
  std::string steps = std::to_string(std::min(++wait_->reports, 999'999U));
  std::string json = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)";
  json += client_token_ + ",\"progress\":0." + std::string(6 - steps.size(), '0') + steps;
  if (caller_.revision >= mcp::Revision::v2025_03_26) {
    json += ",\"message\":";
    json::append_string(json, "waiting for " + wait_->asked_of + ", " +
                                  left_text(wait_->answer->expires_us - worker_.loop().wall_us()));
  }
  json += "}}";
  streamed_ = true;
  const std::string_view piece = json;
  front_->send({&piece, 1}, {});
}

bool Exchange::may_come_back(const mcp::Message& message) const {
  return mcp::era_of(caller_.revision) == mcp::Era::modern && wait_->legs + 1 < kMostLegs && !has_input(message);
}

void Exchange::answer_pending(const mcp::Message& message, const policy::Call& call,
                              const policy::Decision& decision) {
  if (may_come_back(message)) return answer_input_required(message, decision, false);
  refuse(call, decision);
}

void Exchange::answer_input_required(const mcp::Message& message, const policy::Decision& decision, bool question) {
  const std::string plain = kLegMark + std::to_string(wait_->legs + 1) + " " + wait_->answer->request;
  const std::string state =
      worker_.shared().sealer.seal(plain, state_context(message.params.find("arguments")),
                                   worker_.loop().wall_us() / 1'000'000 + kLegLifetimeS);
  std::string result = R"({"resultType":"input_required","requestState":)";
  json::append_string(result, state);
  if (question) {
    result += ",\"inputRequests\":{";
    json::append_string(result, kQuestion);
    result += R"(:{"method":"elicitation/create","params":)" + question_params() + "}}";
  }
  answer_.clear();
  mcp::append_result(answer_, client_id_, result += '}');
  conclude(decision, message.params.find("arguments"),
           question ? "not run yet: the client was given the page where its user can decide"
                    : "not run yet: the client was told to come back");
}

bool Exchange::take_leg(const mcp::Message& message, std::string_view opened) {
  if (!opened.starts_with(kLegMark)) return false;
  if (wait_ == nullptr) wait_ = std::make_shared<ApprovalWait>(worker_, *this);
  const char* const end = opened.data() + opened.size();
  const char* const space = std::from_chars(opened.data() + 1, end, wait_->legs).ptr;
  wait_->before.assign(space + 1, end);
  // An answer of the user never counts as consent (attack case T194); it can only turn the call down.
  wait_->declined = is_refusal(message.params.find("inputResponses").find(kQuestion));
  // What goes on is the call as it was before the gateway had answered it.
  std::string params;
  append_without(params, text_, message.params, {"requestState", "inputResponses"});
  Splice splice(text_);
  splice.replace(message.params, params);
  std::string text;
  for (std::string_view piece : splice.pieces()) text += piece;
  wait_->text = std::move(text);
  text_ = wait_->text;
  judge_again();
  return true;
}

bool Exchange::asks_user_alone() const {
  const auto approvals = worker_.scratch().approvals();
  return !worker_.shared().options.console_url.empty() &&
         std::all_of(approvals.begin(), approvals.end(), [](const auto* approval) { return approval->self_confirm; });
}

std::string Exchange::approval_page() const {
  const std::string& console = worker_.shared().options.console_url;
  if (console.empty() || wait_ == nullptr || !wait_->answer || wait_->answer->request.empty()) return {};
  return console + "/approvals/" + wait_->answer->request;
}

std::string Exchange::question_params() const {
  std::string json = R"({"mode":"url","message":)";
  json::append_string(json, "The policy wants you to confirm " + std::string(front_->shown_tool(tool_)) +
                                ". Sign in on this page to see the call and decide.");
  json += ",\"url\":";
  json::append_string(json, approval_page());
  if (mcp::era_of(caller_.revision) == mcp::Era::legacy) {
    json += ",\"elicitationId\":";
    json::append_string(json, wait_->answer->request);
  }
  return json += '}';
}

void Exchange::ask_user() {
  Session& session = *caller_.session;
  if (session.asked.size() >= kMostAsked) return;
  Asked asked;
  asked.number = worker_.next_number();
  asked.exchange = this;
  worker_.record_event("gateway.asked", {{"id", id_.view()},
                                         {"grant", session.grant_id},
                                         {"server", caller_.server->settings().name},
                                         {"session", session.digest},
                                         {"approval", wait_->answer->request},
                                         {"request", static_cast<std::int64_t>(asked.number)}});
  std::string json = R"({"jsonrpc":"2.0","id":)" + std::to_string(asked.number) +
                     R"(,"method":"elicitation/create","params":)" + question_params() + "}";
  session.asked.push_back(std::move(asked));
  wait_->manner = ApprovalWait::Manner::question;
  streamed_ = true;
  const std::string_view piece = json;
  front_->send({&piece, 1}, {});
}

void Exchange::user_answered(const mcp::Message& message) {
  if (stage_ != Stage::approval) return;
  // A page was shown, or not; whether the call may run is decided there alone (attack case T194).
  if (message.kind != mcp::Kind::result || !is_refusal(message.result)) return;
  wait_->declined = true;
  judge_again();
}

bool Exchange::may_begin_task() const {
  const policy::Policy* policy = caller_.grant->policy.get();
  return worker_.shared().options.desk != nullptr && policy != nullptr && policy->asks_people();
}

void Exchange::begin_task(WaitingTask& task) {
  wait_->manner = ApprovalWait::Manner::task;
  const approval::Answer& answer = *wait_->answer;
  wait_->task = task.open("waiting for " + wait_->asked_of, answer.expires_us - worker_.loop().wall_us());
  const std::string handle = worker_.shared().tasks.add({.handle = {},
                                                         .grant = caller_.grant->grant->id,
                                                         .server = caller_.server->settings().name,
                                                         .session = {},
                                                         .server_id = std::string(id_.view()),
                                                         .tool = tool_,
                                                         .open_keys = {},
                                                         .own = wait_->task});
  worker_.record_event("approval.task", {{"id", id_.view()},
                                         {"grant", caller_.grant->grant->configured_id()},
                                         {"server", caller_.server->settings().name},
                                         {"tool", tool_},
                                         {"approval", answer.request}});
  std::string result = R"({"resultType":"task",)";
  wait_->task->append_members(result, handle);
  std::string json;
  mcp::append_result(json, client_id_, result += '}');
  Front* client = std::exchange(front_, &task);
  const std::string_view piece = json;
  client->answer(200, {&piece, 1}, {});
}

policy::ApprovalTold Exchange::approval_told() {
  policy::ApprovalTold told;
  told.possible = worker_.shared().options.desk != nullptr;
  if (wait_ == nullptr || !wait_->answer) return told;
  const approval::Answer& answer = *wait_->answer;
  told.request = answer.request;
  told.reason = answer.reason;
  clock_text_ = clock_text(answer.expires_us);
  told.expires = clock_text_;
  page_ = approval_page();
  told.url = page_;
  return told;
}

void Exchange::end_waiting(std::string_view why) {
  record_not_run(why);
  release();
}

void Exchange::record_not_run(std::string_view why) {
  audit::CallRecord record;
  fill(record, &*wait_->decision_made, {});
  record.reason = why;
  worker_.counters().judged(record.verdict);
  static_cast<void>(worker_.ring().append(audit::write_denial(record, worker_.record_buffer())));
}

}  // namespace doorward::gateway
