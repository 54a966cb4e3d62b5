#include "gateway/worker.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/log.h"
#include "gateway/batch.h"
#include "gateway/bundle_session.h"
#include "gateway/bundle_view.h"
#include "gateway/bundles.h"
#include "gateway/connection.h"
#include "gateway/local_connection.h"
#include "gateway/notice.h"
#include "gateway/record_refs.h"
#include "gateway/waiting_task.h"

namespace doorward::gateway {
namespace {
constexpr std::int64_t kTickUs = 250'000;
constexpr unsigned kRejectionsPerSecond = 100;
/// Legacy clients rarely end their sessions; the one longest unused makes room for a new one.
constexpr std::size_t kSessionsOfGrant = 10'000;
constexpr std::size_t kProcessesOfGrant = 32;
}  // namespace

Worker::Worker(Shared& shared, unsigned index, std::shared_ptr<const World> world)
    : shared_(shared),
      index_(index),
      ring_(&shared.log->ring(index)),
      world_(std::move(world)),
      agents_(*this),
      sessions_(index),
      bundles_(std::make_unique<Bundles>(*this)),
      durable_task_([](void* self) { static_cast<Worker*>(self)->serve_durable(); }, this),
      tick_timer_(io::call<&Worker::tick>, this),
      arguments_hmac_(std::string_view(shared.digest_key)),
      record_buffer_(std::make_unique<audit::RecordBuffer>()) {}

Worker::~Worker() = default;

void Worker::start() {
  thread_ = std::thread([this] { run(); });
}

void Worker::run() {
  tick_timer_.arm(loop_, kTickUs);
  loop_.run();
  // Everything that refers to the loop goes while its thread still stands.
  for (const auto& connection : connections_) connection->abandon();
  connections_.clear();
  closed_.clear();
  for (const auto& local : locals_) local->abandon();
  locals_.clear();
  for (const auto& task : waiting_tasks_) task->abandon("gateway_stopping");
  waiting_tasks_.clear();
  sessions_.for_each([this](Session& session) {
    session.streams.end("gateway_stopping");
    end_session(session);
  });
  for (const auto& session : ended_sessions_) session->streams.end("gateway_stopping");
  ended_sessions_.clear();
  bundles_.reset();
  link_of_.clear();
  links_.clear();
  retired_links_.clear();
  notices_.clear();
  flush_rejections();
}

void Worker::stop_and_join() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

void Worker::adopt(io::Stream stream, const io::Address& peer, std::string bytes) {
  load_.fetch_add(1, std::memory_order_relaxed);
  loop_.post([this, stream = std::move(stream), peer, bytes = std::move(bytes)]() mutable {
    connections_.push_back(std::make_unique<ClientConnection>(*this, std::move(stream), peer));
    ClientConnection& connection = *connections_.back();
    connection.slot = connections_.size() - 1;
    connection.start(bytes);
  });
}

void Worker::adopt_local(io::Stream stream, std::string bytes) {
  load_.fetch_add(1, std::memory_order_relaxed);
  loop_.post([this, stream = std::move(stream), bytes = std::move(bytes)]() mutable {
    locals_.push_back(std::make_unique<LocalConnection>(*this, std::move(stream)));
    locals_.back()->start(bytes);
    wipe(bytes);  // a token is in it
  });
}

void Worker::hand_over_local(const GrantEntry& grant, io::Stream stream, std::string bytes) {
  shared_.workers[home_of(grant).value_or(index_)]->adopt_local(std::move(stream), std::move(bytes));
}

std::optional<unsigned> Worker::home_of(const GrantEntry& grant) {
  const unsigned workers = static_cast<unsigned>(shared_.workers.size());
  const auto keeps = [&](const GrantEntry& entry) {
    return entry.server->settings->is_process() || link(*entry.server).eras().modern != Speaks::yes;
  };
  // A bundle's calls meet at one of its members that keeps something.
  if (grant.bundle == nullptr) {
    if (!keeps(grant)) return std::nullopt;
    return home_worker(*grant.server->settings, grant.grant->id, workers);
  }
  const auto found = std::find_if(grant.members.begin(), grant.members.end(), keeps);
  if (found == grant.members.end()) return std::nullopt;
  return home_worker(*found->server->settings, grant.grant->id, workers);
}

void Worker::hand_over(unsigned worker, io::Stream stream, const io::Address& peer, std::string bytes) {
  shared_.workers[worker]->adopt(std::move(stream), peer, std::move(bytes));
}

void Worker::remove(ClientConnection& connection, bool handed_over) {
  const std::size_t slot = connection.slot;
  if (slot >= connections_.size() || connections_[slot].get() != &connection) return;
  closed_.push_back(std::move(connections_[slot]));
  if (slot + 1 != connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->slot = slot;
  }
  connections_.pop_back();
  load_.fetch_sub(1, std::memory_order_relaxed);
  if (handed_over) return;
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  shared_.peers.leave(closed_.back()->address(), shared_.options.connections_per_peer);
}

void Worker::set_world(std::shared_ptr<const World> world, std::move_only_function<void()> done) {
  loop_.post([this, world = std::move(world), done = std::move(done)]() mutable {
    world_ = std::move(world);
    ++judgement_;
    agents_.forget();
    link_of_.clear();
    for (auto at = links_.begin(); at != links_.end();) {
      const ServerEntry* entry = world_->server(at->first);
      if (entry != nullptr && *entry->settings == at->second->settings()) {
        at->second->set_server(*entry);
        ++at;
        continue;
      }
      ServerLink* gone = at->second.get();
      sessions_.for_each([&](Session& session) {
        if (session.server == gone || (session.bundle != nullptr && session.bundle->has_member(at->first))) {
          end_session(session);
        }
      });
      gone->retire();
      retired_links_.push_back(std::move(at->second));
      at = links_.erase(at);
    }
    sessions_.for_each([&](Session& session) {
      if (session.bundle == nullptr) return;
      const BundleEntry* entry = world_->bundle(session.bundle->settings().name);
      if (entry == nullptr || *entry->settings != session.bundle->settings()) end_session(session);
    });
    for_each_waiting(&Exchange::on_world_changed);
    done();
  });
}

void Worker::set_issuers(std::shared_ptr<const identity::IssuerTable> issuers) {
  loop_.post([this, issuers = std::move(issuers)]() mutable {
    ++judgement_;
    agents_.set_issuers(std::move(issuers));
    for (std::size_t i = connections_.size(); i-- > 0;) {
      if (i < connections_.size()) connections_[i]->issuers_changed();
    }
  });
}

ServerLink& Worker::link(const ServerEntry& server) {
  const auto cached = link_of_.find(&server);
  if (cached != link_of_.end()) return *cached->second;
  std::shared_ptr<ServerLink>& link = links_[server.settings->name];
  if (!link) link = std::make_shared<ServerLink>(*this, server);
  link_of_.emplace(&server, link.get());
  return *link;
}

void Worker::sweep_soon() {
  loop_.post([this] {
    check_connections();
    check_waiting_tasks();
    const std::int64_t now = loop_.now_us();
    const std::int64_t wall_s = loop_.wall_us() / 1'000'000;
    sessions_.for_each([&](Session& session) { session.streams.sweep(now, wall_s); });
    end_leftovers();
  });
}

void Worker::drain() {
  loop_.post([this] {
    draining_ = true;
    for_each_waiting(&Exchange::on_patience_out);
    for (std::size_t i = connections_.size(); i-- > 0;) {
      if (i < connections_.size()) connections_[i]->drain();
    }
    for (const auto& local : locals_) local->drain();
    sessions_.for_each([](Session& session) { session.streams.end("gateway_stopping"); });
  });
}

void Worker::check_connections() {
  loop_.refresh_time();
  const std::int64_t now = loop_.now_us();
  const std::int64_t wall_s = loop_.wall_us() / 1'000'000;
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->check(now, wall_s);
  }
  for (const auto& local : locals_) local->check(now, wall_s);
  forget_closed_locals();
}

void Worker::forget_closed_locals() {
  std::erase_if(locals_, [this](const auto& local) {
    if (!local->closed()) return false;
    load_.fetch_sub(1, std::memory_order_relaxed);
    if (!local->handed_over()) shared_.connections.fetch_sub(1, std::memory_order_relaxed);
    return true;
  });
}

void Worker::check_waiting_tasks() {
  if (waiting_tasks_.empty()) return;
  const std::int64_t wall_s = loop_.wall_us() / 1'000'000;
  for (const auto& task : waiting_tasks_) task->check(wall_s);
  std::erase_if(waiting_tasks_, [](const auto& task) { return task->done(); });
}

std::shared_ptr<WaitingTask> Worker::take_waiting_task(Exchange& exchange, std::string shown) {
  const auto of_grant = std::count_if(waiting_tasks_.begin(), waiting_tasks_.end(), [&](const auto& task) {
    return !task->done() && task->grant_id() == exchange.grant().grant->id;
  });
  if (static_cast<std::size_t>(of_grant) >= shared_.options.requests_in_flight) return nullptr;
  return waiting_tasks_.emplace_back(std::make_shared<WaitingTask>(*this, exchange, std::move(shown)));
}

void Worker::for_each_waiting(void (Exchange::*visit)()) {
  std::vector<std::weak_ptr<ApprovalWait>> waits;
  for (ApprovalWait* wait : waits_) waits.push_back(wait->weak_from_this());
  for (const auto& weak : waits) {
    const std::shared_ptr<ApprovalWait> wait = weak.lock();
    if (wait != nullptr && wait->exchange() != nullptr) (wait->exchange()->*visit)();
  }
}

void Worker::end_leftovers() {
  for (const auto& session : ended_sessions_) session->streams.end("session_ended");
  std::erase_if(ended_sessions_, [](const auto& session) {
    return session->running.empty() && session->listener == nullptr && !session->streams.busy();
  });
}

void Worker::tick() {
  tick_timer_.arm(loop_, kTickUs);
  closed_.clear();
  sse_clients_.tick();
  check_connections();
  check_waiting_tasks();
  end_leftovers();
  for (const auto& [name, link] : links_) link->tick();
  for (const auto& link : retired_links_) link->tick();
  std::erase_if(retired_links_, [this](const auto& link) {
    return link.use_count() == 1 && link->quiet() &&
           std::none_of(exchanges_.begin(), exchanges_.end(),
                        [&](const auto& exchange) { return exchange->speaks_to(*link); });
  });
  std::erase_if(notices_, [](const auto& notice) { return notice->done(); });
  std::erase_if(batches_, [](const auto& batch) { return batch->done(); });
  const std::int64_t now_us = loop_.now_us();
  const std::int64_t wall_s = loop_.wall_us() / 1'000'000;
  const std::int64_t idle_since = now_us - shared_.options.session_timeout.count() * 1000;
  // One visit for all that sessions need: there may be ten thousand.
  sessions_.for_each([&](Session& session) {
    session.streams.sweep(now_us, wall_s);
    if (session.ended) return;  // with another one that was visited before
    if (session.channel) session.channel->link().tick();
    const bool gone = session.channel && session.channel->gone();
    if (session.unused() && (session.last_used_us < idle_since || gone)) end_session(session);
    if (!session.ended && session.bundle && session.bundle->view) session.bundle->view->tick();
  });
  bundles_->tick();
  agents_.tick(wall_s);
  flush_rejections();
  shared_.quotas->sweep(now(), 64);
}

void Worker::end_session(Session& session) {
  if (session.ended) return;
  session.ended = true;
  // A bridge's own session is not in the table: the bridge holds it.
  if (auto held = sessions_.shared(session)) ended_sessions_.push_back(std::move(held));
  if (session.bundle) session.bundle->end();
  if (session.server != nullptr) {
    session.server->session_gone(session);
    session.server->end_channel(session);
  }
  sessions_.close(session);
}

bool Worker::make_session_room(const std::string& grant_id, const ServerLink* server) {
  const bool processes = server != nullptr && server->settings().is_process();
  const std::size_t most = processes ? kProcessesOfGrant : kSessionsOfGrant;
  if (sessions_.size() < most) return true;  // of all grants together
  std::size_t count = 0;
  Session* oldest = nullptr;
  sessions_.for_each([&](Session& session) {
    if (session.grant_id != grant_id || session.server != server) return;
    ++count;
    if (session.unused() && (oldest == nullptr || session.last_used_us < oldest->last_used_us)) oldest = &session;
  });
  if (count < most) return true;
  if (oldest == nullptr) return false;
  end_session(*oldest);
  return true;
}

quota::Now Worker::now() {
  return shared_.quotas->at(loop_.wall_us(), loop_.now_us());
}

std::string_view Worker::canonical_text(json::Value value) {
  canonical_text_.clear();
  canonical_.append(value, canonical_text_);
  return canonical_text_;
}

std::string_view Worker::keyed_digest(json::Value value) {
  const Digest digest = arguments_hmac_(canonical_text(value));
  constexpr std::string_view kHex = "0123456789abcdef";
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest_text_[2 * i] = kHex[digest[i] >> 4];
    digest_text_[2 * i + 1] = kHex[digest[i] & 15];
  }
  return {digest_text_.data(), digest_text_.size()};
}

std::string_view Worker::arguments_entry(std::string_view id, json::Value args) {
  arguments_entry_.assign(id).append("\n");
  canonical_.append(args, arguments_entry_);
  // Too large for the ring: the id alone, so that the log says that they are not kept.
  if (arguments_entry_.size() > audit::kMaxEntry) arguments_entry_.resize(id.size() + 1);
  return arguments_entry_;
}

std::string_view Worker::version_text(std::uint64_t version) {
  return {version_text_.data(),
          static_cast<std::size_t>(
              std::to_chars(version_text_.data(), version_text_.data() + version_text_.size(), version).ptr -
              version_text_.data())};
}

Errand& Worker::take_errand(const GrantEntry& grant) {
  if (grant.bundle != nullptr) return bundles_->take();
  return take_exchange();
}

Batch& Worker::take_batch(const Caller& caller) {
  batches_.push_back(std::make_unique<Batch>(*this, caller));
  return *batches_.back();
}

Exchange& Worker::take_exchange() {
  if (spare_exchanges_.empty()) {
    exchanges_.push_back(std::make_unique<Exchange>(*this));
    spare_exchanges_.reserve(exchanges_.size());
    return *exchanges_.back();
  }
  Exchange& exchange = *spare_exchanges_.back();
  spare_exchanges_.pop_back();
  return exchange;
}

void Worker::relieve_ring() {
  const std::uint64_t nearly_full = shared_.options.ring_bytes / 4 * 3;
  for (int i = 0; i < 20 && ring_->position() - ring_->drained() > nearly_full && shared_.log->accepting();
       ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

void Worker::wait_durable(Exchange& exchange) {
  durable_waiters_.push_back({ring_->position(), &exchange});
}

void Worker::stop_waiting(Exchange& exchange) {
  std::erase_if(durable_waiters_, [&](const Waiting& waiting) { return waiting.exchange == &exchange; });
}

void Worker::durable_advanced() {
  if (!durable_queued_.exchange(true, std::memory_order_acq_rel)) loop_.post(durable_task_);
}

void Worker::log_failed() {
  loop_.post([this] {
    std::deque<Waiting> waiting;
    waiting.swap(durable_waiters_);
    for (const Waiting& each : waiting) each.exchange->on_log_failed();
  });
}

void Worker::serve_durable() {
  durable_queued_.store(false, std::memory_order_release);
  const std::uint64_t durable = ring_->durable();
  while (!durable_waiters_.empty() && durable_waiters_.front().position <= durable) {
    Exchange* exchange = durable_waiters_.front().exchange;
    durable_waiters_.pop_front();
    exchange->on_durable();
  }
}

void Worker::send_notice(ServerLink& link, const std::shared_ptr<Session>& session, mcp::Revision revision,
                         std::string json) {
  notices_.push_back(std::make_unique<Notice>());
  notices_.back()->send(link, session, revision, std::move(json));
}

void Worker::record_event(std::string_view event, std::initializer_list<audit::EventRecord::Field> fields) {
  audit::EventRecord record;
  record.event = event;
  record.time_us = loop_.wall_us();
  record.fields = {fields.begin(), fields.size()};
  static_cast<void>(ring_->append(audit::write_event(record, *record_buffer_)));
}

void Worker::record_rejection(audit::RejectRecord record) {
  counters_.rejected();
  const std::int64_t second = loop_.now_us() / 1'000'000;
  if (second != rejection_second_) {
    rejection_second_ = second;
    rejections_this_second_ = 0;
  }
  record.time_us = loop_.wall_us();
  if (++rejections_this_second_ > kRejectionsPerSecond) {
    Rejections& rejections = uncounted_[std::string(record.code)];
    if (rejections.count++ == 0) rejections.from_us = record.time_us;
    rejections.http_status = record.http_status;
    rejections.last_address = record.client.address;
    return;
  }
  const DecisionId id = ids_.next();
  if (record.id.empty()) record.id = id.view();
  static_cast<void>(ring_->append(audit::write_rejection(record, *record_buffer_)));
}

void Worker::record_refusal(const Caller& caller, const mcp::Refusal& refusal, std::string_view text,
                            int http_status) {
  const identity::Grant& grant = *caller.grant->grant;
  const bool unknown_method = refusal.code == mcp::ErrorCode::method_not_found && !refusal.notification;
  audit::RejectRecord record;
  record.code = refusal.batch ? "batch" : unknown_method ? "unknown_method" : "bad_message";
  record.http_status = http_status;
  record.client.address = caller.client_address;
  record.grant = grant_ref(grant);
  record.identity = identity_ref(grant);
  record.server = caller.grant->target();
  if (refusal.id) record.request_id = bytes_of_value(text, refusal.id);
  record.reason = refusal.message;
  record_rejection(record);
}

void Worker::flush_rejections() {
  for (const auto& [code, rejections] : uncounted_) {
    audit::RejectSummary summary;
    const DecisionId id = ids_.next();
    summary.id = id.view();
    summary.time_us = loop_.wall_us();
    summary.from_us = rejections.from_us;
    summary.to_us = summary.time_us;
    summary.code = code;
    summary.http_status = rejections.http_status;
    summary.count = rejections.count;
    summary.last_address = rejections.last_address;
    static_cast<void>(ring_->append(audit::write_summary(summary, *record_buffer_)));
  }
  uncounted_.clear();
}

}  // namespace doorward::gateway
