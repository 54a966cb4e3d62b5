#include "upstream/request_table.h"

#include <charconv>
#include <optional>

#include "mcp/envelope.h"
#include "mcp/header_mirror.h"

namespace doorward::upstream {
namespace {

/// An id or progress token of ours: the number that we gave.
std::optional<std::uint64_t> our_number(json::Value value) {
  if (!value.is(json::Type::number)) return std::nullopt;
  const std::string_view text = value.number();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

struct RequestTable::Pending final : Ticket {
  explicit Pending(RequestTable& table) : owner(table) {}
  void cancel() override { owner.forget(id); }
  void pause() override {
    paused = true;
    deadline_us = INT64_MAX;
  }
  void resume() override {
    paused = false;
    held = 0;
    touch();
  }
  void set_patient(bool value) override {
    patient = value;
    touch();
  }
  /// The server, or its client, has shown that it lives.
  void touch() { deadline_us = listening || patient || paused ? INT64_MAX : owner.silence_deadline(); }

  RequestTable& owner;
  std::uint64_t id = 0;
  Call* call = nullptr;
  std::int64_t deadline_us = 0;
  std::size_t held = 0;  ///< bytes that it was sent while paused
  bool listening = false;
  bool patient = false;
  bool paused = false;
};

RequestTable::RequestTable(io::Loop& loop, const ServerSettings& settings, ChannelListener& listener)
    : loop_(loop), settings_(settings), listener_(listener) {}

RequestTable::~RequestTable() {
  loop_.withdraw(late_task_);
}

Ticket& RequestTable::add(std::uint64_t id, Call& call, bool listening) {
  std::unique_ptr<Pending> entry;
  if (spare_.empty()) {
    entry = std::make_unique<Pending>(*this);
  } else {
    entry = std::move(spare_.back());
    spare_.pop_back();
  }
  Pending& pending = *entry;
  pending.id = id;
  pending.call = &call;
  pending.held = 0;
  pending.listening = listening;
  pending.patient = pending.paused = false;
  pending.deadline_us =
      listening ? INT64_MAX : loop_.now_us() + settings_.timeouts.first_byte.count() * 1000;
  pending_.insert_or_assign(id, std::move(entry));
  return pending;
}

RequestTable::Pending* RequestTable::find(json::Value number) {
  const std::optional<std::uint64_t> id = our_number(number);
  const auto found = id ? pending_.find(*id) : pending_.end();
  return found == pending_.end() ? nullptr : found->second.get();
}

void RequestTable::take(std::string_view text) {
  json::Limits limits;
  limits.bytes = settings_.result_bytes;
  const auto root = reader_.read(text, limits);
  if (!root) return listener_.on_protocol_error("a message is not strict JSON");
  const auto message = mcp::read_message(*root, mcp::Sender::server);
  if (!message) return listener_.on_protocol_error("a message is no JSON-RPC message");
  switch (message->kind) {
    case mcp::Kind::result:
    case mcp::Kind::error: {
      Pending* pending = find(message->id);
      if (pending == nullptr) return listener_.on_protocol_error("an answer to no request of ours");
      return settle(*pending, text);
    }
    case mcp::Kind::request:
      return listener_.on_request(text, *message);
    case mcp::Kind::notification: {
      if (message->method == mcp::Method::progress) {
        Pending* pending = find(message->params.find("progressToken"));
        if (pending == nullptr) return listener_.on_protocol_error("progress of no request of ours");
        pending->touch();
        return deliver(*pending, text);
      }
      if (const json::Value subscription = message->meta.find(mcp::kMetaSubscriptionId)) {
        Pending* pending = find(subscription);
        if (pending == nullptr) return listener_.on_protocol_error("a notice to no subscription of ours");
        return deliver(*pending, text);
      }
      if (message->method == mcp::Method::message) {
        if (Pending* pending = sole_log_reader()) return deliver(*pending, text);
      }
      return listener_.on_notification(text, *message);
    }
  }
}

RequestTable::Pending* RequestTable::sole_log_reader() {
  Pending* sole = nullptr;
  for (const auto& [id, pending] : pending_) {
    if (!pending->call->wants_log()) continue;
    if (sole != nullptr) return nullptr;
    sole = pending.get();
  }
  return sole;
}

void RequestTable::deliver(Pending& pending, std::string_view text) {
  if (pending.paused && (pending.held += text.size()) > settings_.result_bytes) {
    return fail(pending.id, {FailureKind::too_large, true, "its caller reads too slowly"});
  }
  pending.call->on_message(text);
}

void RequestTable::settle(Pending& pending, std::string_view text) {
  const std::uint64_t id = pending.id;
  pending.call->on_message(text);
  if (Call* call = forget(id)) call->on_end();
}

Call* RequestTable::forget(std::uint64_t id) {
  auto node = pending_.extract(id);
  if (node.empty()) return nullptr;
  Call* call = node.mapped()->call;
  spare_.push_back(std::move(node.mapped()));
  return call;
}

void RequestTable::fail(std::uint64_t id, const Failure& failure) {
  if (Call* call = forget(id)) call->on_failure(failure);
}

void RequestTable::fail_later(std::uint64_t id, const Failure& failure) {
  late_.push_back({id, failure});
  if (late_queued_) return;
  late_queued_ = true;
  loop_.defer(late_task_);
}

void RequestTable::fail_late() {
  late_queued_ = false;
  std::vector<Late> late;
  late.swap(late_);
  for (const Late& each : late) fail(each.id, each.failure);
}

void RequestTable::fail_all(const Failure& failure) {
  while (!pending_.empty()) fail(pending_.begin()->first, failure);
}

std::int64_t RequestTable::silence_deadline() const {
  return loop_.now_us() + settings_.timeouts.stream_idle.count() * 1000;
}

void RequestTable::tick() {
  const std::int64_t now = loop_.now_us();
  for (auto at = pending_.begin(); at != pending_.end();) {
    if (now < at->second->deadline_us) {
      ++at;
      continue;
    }
    fail(at->first, {FailureKind::timeout, true, "the server sent nothing for too long"});
    at = pending_.begin();  // the call may have changed the table
  }
}

}  // namespace doorward::upstream
