#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "base/ids.h"
#include "gateway/approval_wait.h"
#include "gateway/errand.h"
#include "gateway/front.h"
#include "gateway/server_link.h"
#include "gateway/session.h"
#include "gateway/splice.h"
#include "gateway/world.h"
#include "mcp/denial.h"
#include "mcp/envelope.h"
#include "mcp/header_mirror.h"
#include "policy/decide.h"
#include "policy/explain.h"
#include "quota/table.h"
#include "upstream/call.h"

namespace doorward::gateway {

class WaitingTask;
class Worker;
struct TaskEntry;

/// Who sent a message and under what.
struct Caller {
  std::shared_ptr<const World> world;  ///< keeps `grant` alive
  const GrantEntry* grant = nullptr;
  ServerLink* server = nullptr;
  std::shared_ptr<Session> session;  ///< legacy; null before and during initialize, and in the modern era
  mcp::Revision revision = mcp::Revision::v2025_03_26;
  std::string_view client_address;
  std::string_view hops;  ///< gateways that the message has come through, as its header has them
  std::string_view client_name;
};

/// One message of a client on its way: judged, counted, recorded, forwarded, its answer checked and recorded
/// (docs/life-of-a-call.md). Comes from a pool of its worker and goes back there, so that a steady call
/// allocates nothing. Worker's thread.
class Exchange final : public Errand, public upstream::Call, public ToolsWaiter {
 public:
  explicit Exchange(Worker& worker) : worker_(worker) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void begin(Front& front, const Caller& caller, std::string_view text, const mcp::Message& message) override;
  void begin_listening(Front& front, const Caller& caller) override;
  void begin_closing(Front& front, const Caller& caller) override;
  void abandon(std::string_view why) override;
  void pause() override;
  void resume() override;
  void continue_in(Front& front) override;

  // Called by what this waits for.
  void on_tools_listed(bool ok) override;
  void on_durable();
  /// What was recorded cannot be made durable now: the call is refused, or its answer withheld.
  void on_log_failed();

  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_priming(std::optional<std::uint32_t> retry_ms) override;
  void on_suspended(std::optional<std::uint32_t> retry_ms) override;
  void on_failure(const upstream::Failure& failure) override;
  bool wants_log() const override { return wants_log_; }

  /// One message of a session that belongs to no request (stdio): to the GET stream.
  void relay(std::string_view text);
  /// A request of the server, in this answer or where nothing tells in which (stdio).
  void on_server_request(std::string_view text, const mcp::Message& message);
  void on_server_notification(std::string_view text, const mcp::Message& message);
  /// The client has answered a question of the server that was asked in this answer.
  void client_answered();
  /// The client's user has answered a question of the gateway's own.
  void user_answered(const mcp::Message& message);

  // Called by the ApprovalWait of a call that needs a person, and by the worker that it waits on.
  void on_people_heard();
  void on_patience_out();
  void on_progress_due();
  /// What the worker judges by is another world now.
  void on_world_changed();
  /// Whether the server works on this request and may speak in its answer.
  bool takes_messages() const { return stage_ == Stage::forwarded && !responded_ && front_ != nullptr; }

  const GrantEntry& grant() const override { return *caller_.grant; }
  bool speaks_to(const ServerLink& server) const { return caller_.server == &server; }

 private:
  enum class Stage : std::uint8_t { idle, listing, approval, intent, forwarded, outcome, settled };
  enum class Then : std::uint8_t { forward, answer };

  // exchange_request.cpp
  /// What is common to all that the policy is asked about this caller.
  policy::Call policy_call(policy::Kind kind, std::string_view name) const;
  void judge(const mcp::Message& message);
  void judge_tool(const mcp::Message& message);
  void judge_named(const mcp::Message& message, policy::Kind kind, std::string_view name, json::Value args);
  void collect_demands(const policy::Call& call);
  /// An amount was refused: a limit before it that is full names the rule instead (policy.md section 5).
  void name_full_limit(const policy::Call& call, policy::Decision& decision);
  bool reserve(const policy::Call& call, policy::Decision& decision);
  void refuse(const policy::Call& call, const policy::Decision& decision);
  /// Records that the call is not forwarded, and answers.
  void conclude(const policy::Decision& decision, json::Value args, std::string_view told);
  /// `data`: JSON of the error, or empty.
  void refuse_rpc(mcp::ErrorCode code, std::string_view message, std::string_view audit_code,
                  std::string_view data = {});
  void forward(const mcp::Message& message, json::Value args, const policy::Decision* decision);
  bool record_intent(const policy::Decision* decision, json::Value args);
  void fill(audit::CallRecord& record, const policy::Decision* decision, json::Value args);
  void keep_arguments(json::Value args);
  void commit_values(audit::CallRecord& record, json::Value args);
  bool prepare(const mcp::Message& message, const KnownTool* tool, json::Value args);
  void inject(json::Value params);
  void transmit();
  /// The tool's definition changed between the decision and the sending: nothing is sent.
  void withdraw_call();
  void cancel_other(const mcp::Message& message);
  void cancelled_by_client();
  void accept();

  // exchange_approval.cpp
  /// Step 7: whether people have agreed to the call. Where not, it waits, or is answered.
  bool approved(const mcp::Message& message, const policy::Call& call, policy::Decision& decision,
                const KnownTool& tool);
  void ask_people(const mcp::Message& message, const policy::Call& call, const policy::Decision& decision,
                  approval::Binding binding);
  approval::Binding binding_of(const mcp::Message& message, const policy::Decision& decision,
                               const KnownTool& tool);
  void wait_for_people(const mcp::Message& message, const policy::Call& call, const policy::Decision& decision);
  /// Nothing more is waited for: the client shall come back.
  void answer_pending(const mcp::Message& message, const policy::Call& call, const policy::Decision& decision);
  void answer_input_required(const mcp::Message& message, const policy::Decision& decision, bool question);
  bool may_come_back(const mcp::Message& message) const;
  /// A retry of a call that was told to come back; false where `state` is another one's.
  bool take_leg(const mcp::Message& message, std::string_view opened);
  /// Whether a call of this caller can be one that people are asked about.
  bool may_begin_task() const;
  void begin_task(WaitingTask& task);
  void ask_user();
  bool asks_user_alone() const;
  std::string question_params() const;
  std::string approval_page() const;
  /// Judges the call from its start, by what is known now.
  void judge_again();
  void adopt_world();
  bool adopt(const GrantEntry& entry);  ///< false: it is not for this server
  void end_waiting(std::string_view why);
  /// Of a call that has waited for people, and ends without one.
  void record_not_run(std::string_view why);
  policy::ApprovalTold approval_told();

  // exchange_answer.cpp
  void on_response(std::string_view text, const mcp::Message& message);
  bool shape_result(std::string_view text, const mcp::Message& message, Splice& splice);
  bool shape_call_result(std::string_view text, const mcp::Message& message, Splice& splice);
  void filter_list(std::string_view text, const mcp::Message& message);
  void limit_caching(json::Value result, Splice& splice);
  /// The server ran nothing: quota and approval can be used again.
  void give_back();
  void released_by_server();
  void upstream_failed(const upstream::Failure& failure);

  // exchange_input.cpp
  /// The kind of a question that the server may not ask; empty where all are allowed.
  std::string_view forbidden_input(json::Value input_requests) const;
  bool take_input(const mcp::Message& message);
  void refuse_question(std::string_view what);
  bool open_state(const mcp::Message& message);
  void seal_state(std::string_view text, json::Value state, Splice& splice);
  std::string state_context(json::Value arguments) const;

  // exchange_task.cpp
  void judge_task(const mcp::Message& message);
  void answer_own_task(const TaskEntry& task);
  /// Answers to questions that the task does not wait for go no further (attack case T198).
  void keep_open_answers(json::Value responses, const TaskEntry& task);
  bool may_still_call(std::string_view tool);
  std::string task_handle(json::Value server_id) const;
  std::string new_task(json::Value server_id);
  bool name_related_task(json::Value meta, Splice& splice, std::string& handle_json);
  bool shape_task(const mcp::Message& message, Splice& splice);
  bool filter_tasks(std::string_view text, const mcp::Message& message);

  // exchange_ask.cpp
  void withdraw_question(std::string_view text, const mcp::Message& message);
  void record_server_request(std::string_view event, const mcp::Message& message);
  void answer_server(std::string json);

  // exchange.cpp
  /// The session that the first message of an answer names to the client: the one that initialize opens.
  std::string_view opened_session() const;
  void reset(Front& front, const Caller& caller);
  void go_on();
  void tell_cancelled();
  void release();
  void record_outcome(std::string_view result, std::string_view code, std::int64_t rpc_error, bool is_error,
                      std::size_t bytes, std::string_view reason);
  void when_durable(Then then);

  Worker& worker_;
  Front* front_ = nullptr;
  Caller caller_;
  std::string address_;
  std::string hops_;
  std::string client_name_;
  std::string_view text_;     ///< of the request, in the front's memory
  std::string client_id_;     ///< the request's id as JSON; empty: a notification
  std::string client_token_;  ///< its progress token as JSON; empty: none
  std::string tool_;          ///< what was judged: a tool or action, a URI, a prompt
  std::string method_name_;
  std::string mirror_lines_;
  std::string capabilities_;  ///< of the client, as the server is told
  std::string number_text_;   ///< our id, as JSON
  std::string opened_state_;  ///< the server's requestState, as JSON; of a cancellation: the id at the server
  std::string asked_;         ///< the name that the request gave, which a sealed state is bound to
  std::string task_;          ///< the server's id of the task that was asked about; empty: none
  std::string task_json_;
  std::string injected_;      ///< what is added to the arguments of the call, as JSON; secret
  std::string input_responses_;  ///< what goes on of the client's, as JSON; empty: all
  std::string_view outcome_code_;  ///< why the server's result is withheld, or empty
  std::string scratch_;            ///< a replacement of this answer
  std::string answer_;             ///< the final answer
  std::string new_session_;        ///< id of the session that this initialize opened
  DecisionId id_;
  std::uint64_t number_ = 0;
  std::uint64_t tools_generation_ = 0;  ///< of the tool table that the call was judged by
  std::int64_t started_us_ = 0;  ///< monotonic
  std::int64_t held_us_ = -1;    ///< from there until it was sent on; -1: not sent, or it waited for others
  unsigned rounds_ = 0;          ///< of input that this call has had
  mcp::Method method_ = mcp::Method::unknown;
  Stage stage_ = Stage::idle;
  Then then_ = Then::forward;
  bool request_ = false;  ///< has an id
  bool intent_recorded_ = false;
  bool refreshed_ = false;  ///< the server was asked for its tools on behalf of this call
  bool listed_ = false;     ///< and it listed them
  bool stream_ = false;     ///< the server answers with a stream, and so do we
  bool streamed_ = false;   ///< our stream is open
  bool primed_ = false;     ///< the client can come back to our stream
  bool responded_ = false;  ///< the final answer is on its way
  bool listening_ = false;
  bool closing_ = false;
  bool lost_ = false;       ///< while it waited for people its grant has gone
  bool wants_log_ = false;       ///< modern: the request asked for log messages
  bool first_page_ = false;      ///< of a list: no cursor was given
  bool wants_task_ = false;      ///< the call asks for a task: its client takes a task or an error, no result
  bool quota_returned_ = false;  ///< deltas_ hold what was given back
  int status_ = 0;               ///< of the server's answer over HTTP; 0: none yet, or another transport
  int answer_status_ = 200;
  upstream::Ticket* ticket_ = nullptr;
  std::shared_ptr<ApprovalWait> wait_;  ///< of a call that needs a person; else null
  std::string clock_text_;  ///< of approval_told()
  std::string page_;        ///< likewise
  Splice request_splice_;
  quota::Reservation reservation_;
  std::vector<quota::Demand> demands_;
  std::vector<audit::QuotaDelta> deltas_;
  std::vector<std::string_view> keys_;
  std::vector<audit::Commitment> commitments_;
  std::vector<audit::ValueRef> values_;
};

}  // namespace doorward::gateway
