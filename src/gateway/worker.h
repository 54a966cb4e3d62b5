#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "audit/record.h"
#include "audit/ring.h"
#include "base/hash.h"
#include "base/ids.h"
#include "gateway/agents.h"
#include "gateway/credential_throttle.h"
#include "gateway/call_counters.h"
#include "gateway/exchange.h"
#include "gateway/server_link.h"
#include "gateway/session.h"
#include "gateway/shared.h"
#include "gateway/sse_client.h"
#include "gateway/world.h"
#include "http/head_writer.h"
#include "io/buffer.h"
#include "io/loop.h"
#include "io/socket.h"
#include "io/stream.h"
#include "json/canonical.h"
#include "json/reader.h"
#include "policy/decide.h"

namespace doorward::gateway {

class Batch;
class Bundles;
class ClientConnection;
class LocalConnection;
class Notice;
class WaitingTask;

/// One thread of the gateway with all that it owns (docs/architecture.md, Threads). The first part may be
/// called from any thread, the rest on the worker's own.
class Worker {
 public:
  Worker(Shared& shared, unsigned index, std::shared_ptr<const World> world);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Any thread.

  void start();
  void stop_and_join();
  /// Takes a connection over; `bytes` were read from it already.
  void adopt(io::Stream stream, const io::Address& peer, std::string bytes = {});
  /// The same for a connection of `doorward connect`.
  void adopt_local(io::Stream stream, std::string bytes = {});
  /// Judges by another world from its next event on; `done` runs on the worker's thread when that is so.
  void set_world(std::shared_ptr<const World> world, std::move_only_function<void()> done);
  /// Verifies tokens of authorization servers by these keys from its next event on; requests that wait for a key
  /// look again.
  void set_issuers(std::shared_ptr<const identity::IssuerTable> issuers);
  /// Ends what holds grants that are revoked; otherwise it happens within a quarter of a second.
  void sweep_soon();
  /// Idle connections close now, others after their answer; streams end.
  void drain();
  /// The audit thread's word that more of the ring is on disk.
  void durable_advanced();
  /// The audit thread's word that nothing can be made durable now.
  void log_failed();
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  const CallCounters& counters() const { return counters_; }

  // The worker's thread.

  io::Loop& loop() { return loop_; }
  Shared& shared() { return shared_; }
  unsigned index() const { return index_; }
  audit::Ring& ring() { return *ring_; }
  CallCounters& counters() { return counters_; }
  const std::shared_ptr<const World>& world() const { return world_; }
  /// Grows whenever credentials that were good must be judged again.
  std::uint64_t judgement() const { return judgement_; }
  Agents& agents() { return agents_; }
  CredentialThrottle& throttle() { return throttle_; }
  bool draining() const { return draining_; }
  SessionTable& sessions() { return sessions_; }
  SseClientTable& sse_clients() { return sse_clients_; }
  Bundles& bundles() { return *bundles_; }
  /// Calls that wait for people.
  std::vector<ApprovalWait*>& waits() { return waits_; }
  /// Room for another task of the grant's own that waits for people; the task, or null where it has too many.
  std::shared_ptr<WaitingTask> take_waiting_task(Exchange& exchange, std::string shown);
  ServerLink& link(const ServerEntry& server);

  json::Reader& request_reader() { return request_reader_; }
  json::Reader& answer_reader() { return answer_reader_; }
  policy::Scratch& scratch() { return scratch_; }
  audit::RecordBuffer& record_buffer() { return *record_buffer_; }
  DecisionIds& ids() { return ids_; }
  std::string_view date() { return date_.at(loop_.wall_us()); }
  /// A JSON-RPC id toward servers that no other message of this gateway has.
  std::uint64_t next_number() { return ++numbers_ * 256 + index_; }
  quota::Now now();
  /// The keyed digest of a value's canonical form, hex; valid until the next call. Empty for nothing.
  std::string_view keyed_digest(json::Value value);
  /// The canonical form of a value; valid until the next call of either.
  std::string_view canonical_text(json::Value value);
  /// The ring's entry for stored arguments of a call (audit::EntryKind::arguments). Valid until the next one.
  std::string_view arguments_entry(std::string_view id, json::Value args);
  std::string_view version_text(std::uint64_t version);  ///< valid until the next call

  /// What will carry a message under the grant: an Exchange, or for a bundle a BundleCall.
  Errand& take_errand(const GrantEntry& grant);
  Exchange& take_exchange();
  Batch& take_batch(const Caller& caller);
  void give_back(Exchange& exchange) { spare_exchanges_.push_back(&exchange); }
  /// Lets the audit thread catch up where it shares a busy core with this one: waits up to 2 ms while the
  /// ring is nearly full, since the alternative is to refuse the call.
  void relieve_ring();
  /// Calls exchange.on_durable() when the ring up to its present position is on disk.
  void wait_durable(Exchange& exchange);
  void stop_waiting(Exchange& exchange);
  bool power_durability() const { return shared_.options.power_durability; }

  /// Appends an event of the gateway's own.
  void record_event(std::string_view event, std::initializer_list<audit::EventRecord::Field> fields);
  /// Records a request refused before a decision; under a flood it is only counted, and told in a summary.
  void record_rejection(audit::RejectRecord record);

  /// Records a message that was refused before a decision. `http_status` 0: not over HTTP, or in a batch.
  void record_refusal(const Caller& caller, const mcp::Refusal& refusal, std::string_view text,
                      int http_status);

  /// Sends a message of the gateway's own that expects no answer.
  void send_notice(ServerLink& link, const std::shared_ptr<Session>& session, mcp::Revision revision,
                   std::string json);

  /// Whether the grant may have another session with the server (null: with its bundle); ends the one longest
  /// unused where it has too many.
  bool make_session_room(const std::string& grant_id, const ServerLink* server);
  void end_session(Session& session);
  /// `handed_over`: the connection lives on at another worker.
  void remove(ClientConnection& connection, bool handed_over = false);
  /// Gives a connection to the worker that owns its session.
  void hand_over(unsigned worker, io::Stream stream, const io::Address& peer, std::string bytes);
  /// The worker that modern requests under the grant belong to; nothing where any will do.
  std::optional<unsigned> home_of(const GrantEntry& grant);
  /// Gives a connection of `doorward connect` to that one.
  void hand_over_local(const GrantEntry& grant, io::Stream stream, std::string bytes);

 private:
  void run();
  void tick();
  void check_connections();
  void forget_closed_locals();
  void check_waiting_tasks();
  /// Visits the calls that wait for people; the visitor may end them.
  void for_each_waiting(void (Exchange::*visit)());
  void end_leftovers();  ///< of sessions that have ended
  void serve_durable();
  void flush_rejections();

  Shared& shared_;
  const unsigned index_;
  io::Loop loop_;
  std::thread thread_;
  audit::Ring* ring_;
  std::shared_ptr<const World> world_;
  std::uint64_t judgement_ = 1;
  Agents agents_;
  CredentialThrottle throttle_;
  SessionTable sessions_;
  SseClientTable sse_clients_;
  std::vector<std::shared_ptr<Session>> ended_sessions_;  ///< until nothing of them runs
  std::map<std::string, std::shared_ptr<ServerLink>, std::less<>> links_;
  std::unordered_map<const ServerEntry*, ServerLink*> link_of_;
  std::vector<std::shared_ptr<ServerLink>> retired_links_;
  std::vector<std::unique_ptr<Notice>> notices_;
  std::vector<std::unique_ptr<Batch>> batches_;
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  std::vector<std::unique_ptr<ClientConnection>> closed_;
  std::vector<std::unique_ptr<LocalConnection>> locals_;
  std::unique_ptr<Bundles> bundles_;
  std::vector<ApprovalWait*> waits_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::vector<Exchange*> spare_exchanges_;
  std::vector<std::shared_ptr<WaitingTask>> waiting_tasks_;
  struct Waiting {
    std::uint64_t position;
    Exchange* exchange;
  };
  std::deque<Waiting> durable_waiters_;
  std::atomic<bool> durable_queued_{false};
  io::Task durable_task_;
  io::Timer tick_timer_;

  json::Reader request_reader_;
  json::Reader answer_reader_;
  json::Canonical canonical_;
  std::string canonical_text_;
  std::string arguments_entry_;
  std::array<char, 64> digest_text_{};
  HmacSha256 arguments_hmac_;
  std::array<char, 20> version_text_{};
  policy::Scratch scratch_;
  std::unique_ptr<audit::RecordBuffer> record_buffer_;
  DecisionIds ids_;
  http::DateValue date_;
  std::uint64_t numbers_ = 0;
  std::atomic<std::size_t> load_{0};
  CallCounters counters_;
  bool draining_ = false;

  struct Rejections {
    std::uint64_t count = 0;
    std::int64_t from_us = 0;
    std::int64_t http_status = 0;
    std::string last_address;
  };
  std::int64_t rejection_second_ = 0;
  unsigned rejections_this_second_ = 0;
  std::map<std::string, Rejections, std::less<>> uncounted_;
};

}  // namespace doorward::gateway
