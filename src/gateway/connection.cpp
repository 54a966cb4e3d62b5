#include "gateway/connection.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "gateway/sse_client.h"
#include "gateway/worker.h"
#include "http/head_writer.h"
#include "mcp/sse.h"

namespace doorward::gateway {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kKeepAliveUs = 15'000'000;
constexpr std::int64_t kLingerUs = 1'000'000;
/// A stream's client may lag behind by this much before its server is read no further.
constexpr std::size_t kPauseAt = 256u << 10;
constexpr std::size_t kResumeAt = 64u << 10;

constexpr std::string_view kRetryAfter = "Retry-After: 1\r\n";
constexpr std::string_view kStreamLines =
    "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
    "Transfer-Encoding: chunked\r\n";

}  // namespace

ClientConnection::ClientConnection(Worker& worker, io::Stream stream, const io::Address& peer)
    : worker_(worker),
      stream_(std::move(stream)),
      peer_(peer),
      address_(peer.host_to_string()),
      next_task_(io::call<&ClientConnection::next_request>, this) {}

ClientConnection::~ClientConnection() { worker_.loop().withdraw(next_task_); }

void ClientConnection::start(std::string_view bytes) {
  deadline_us_ = worker_.loop().now_us() + worker_.shared().options.header_timeout.count() * 1000;
  if (!worker_.loop().add(stream_.fd(), *this)) return close();
  in_.append(bytes);
  readable_ = true;
  // A connection that was handed over has shaken hands, and may hold more that no edge will tell of.
  if (stream_.is_tls()) return bytes.empty() ? shake_hands() : next_request();
  if (!bytes.empty()) process();
}

void ClientConnection::shake_hands() {
  phase_ = Phase::handshake;
  const io::IoResult result = stream_.handshake();
  switch (result.state) {
    case io::IoState::ok:
      phase_ = Phase::head;
      return read();
    case io::IoState::would_block:
      return;
    case io::IoState::eof:
      return close();
    case io::IoState::error:
      break;
  }
  // One that merely ended (a probe of the port) is nobody's attempt.
  if (result.error == 0 && !to_end_) {
    const std::string reason = stream_.error_text(result);
    audit::RejectRecord record;
    record.code = "tls_failed";
    record.client.address = address_;
    record.reason = reason;
    worker_.record_rejection(record);
  }
  close();
}

void ClientConnection::on_ready(std::uint32_t events) {
  if (phase_ == Phase::handshake) {
    to_end_ = (events & io::kReadToEnd) != 0;
    return shake_hands();
  }
  if ((stream_.is_tls() || (events & io::kWritable) != 0) && !out_.empty()) {
    flush();
    if (phase_ == Phase::closed) return;
  }
  if ((events & (io::kReadable | io::kReadToEnd)) == 0) return;
  readable_ = true;
  to_end_ = to_end_ || (events & io::kReadToEnd) != 0;
  if (phase_ == Phase::busy || phase_ == Phase::streaming) {
    if (to_end_) client_gone("client_gone");
    return;
  }
  read();
}

void ClientConnection::read() {
  while (readable_ && (phase_ == Phase::head || phase_ == Phase::body || phase_ == Phase::lingering)) {
    if (phase_ == Phase::lingering) in_.clear();
    const std::size_t expected = phase_ == Phase::body ? static_cast<std::size_t>(decoder_.remaining()) : 0;
    const char* before = in_.data();
    const std::span<char> room = in_.room(std::max<std::size_t>(expected, 1));
    // At once: the read may find nothing, and the head would be left with memory that is gone.
    if (phase_ == Phase::body && in_.data() != before) head_.rebase(in_.data());
    const io::IoResult result = stream_.read(room);
    switch (result.state) {
      case io::IoState::ok:
        in_.commit(result.bytes);
        if (result.drained && !to_end_) readable_ = false;
        process();
        break;
      case io::IoState::would_block:
        readable_ = false;
        if (in_.empty()) in_.release();
        break;
      case io::IoState::eof:
      case io::IoState::error:
        return close();
    }
  }
}

void ClientConnection::process() {
  in_process_ = true;
  while (!in_.empty() && (phase_ == Phase::head || phase_ == Phase::body)) {
    if (phase_ == Phase::head) {
      const http::ParseState state = head_.parse(in_.view());
      if (state == http::ParseState::need_more) {
        if (head_.begun() && !timing_head_) {
          timing_head_ = true;
          deadline_us_ = worker_.loop().now_us() + worker_.shared().options.header_timeout.count() * 1000;
        }
        break;
      }
      if (state == http::ParseState::refused) {
        refuse(head_.refusal().status, "bad_http", head_.refusal().reason);
        break;
      }
      if (check_head() == Go::stop) break;
    }
    if (!take_body()) break;
    phase_ = Phase::busy;
    deadline_us_ = kNever;
    handle();
  }
  in_process_ = false;
}

bool ClientConnection::take_body() {
  if (decoder_.state() == http::ParseState::need_more) {
    char* base = in_.data();
    const http::BodyDecoder::Step step =
        decoder_.decode(base + body_raw_, in_.size() - body_raw_, base + body_end_);
    body_raw_ += step.consumed;
    body_end_ += step.produced;
    if (step.state == http::ParseState::refused) {
      refuse(decoder_.refusal().status, decoder_.refusal().status == 413 ? "too_large" : "bad_http",
             decoder_.refusal().reason);
      return false;
    }
  }
  return decoder_.state() == http::ParseState::done;
}

void ClientConnection::write_response(int status, Pieces json, std::string_view lines) {
  std::size_t bytes = 0;
  for (std::string_view piece : json) bytes += piece.size();
  http::HeadWriter writer(out_.room(512 + lines.size() + bytes));
  writer.response(status).field("Date", worker_.date());
  if (bytes != 0) writer.lines("Content-Type: application/json\r\n");
  writer.lines(lines);
  if (status == 503 || status == 429) writer.lines(kRetryAfter);
  if (close_after_ || worker_.draining()) writer.lines("Connection: close\r\n");
  writer.content_length(bytes);
  out_.commit(writer.finish().size());
  for (std::string_view piece : json) out_.append(piece);
  flush();
}

void ClientConnection::answer(int status, Pieces json, std::string_view session) {
  underway_ = nullptr;
  if (session.empty()) {
    write_response(status, json, {});
  } else {
    write_response(status, json, "Mcp-Session-Id: " + std::string(session) + "\r\n");
  }
  request_done();
}

void ClientConnection::write_stream_head(std::string_view session) {
  http::HeadWriter writer(out_.room(512));
  writer.response(200).field("Date", worker_.date()).lines(kStreamLines);
  if (!session.empty()) writer.field("Mcp-Session-Id", session);
  out_.commit(writer.finish().size());
  phase_ = Phase::streaming;
  flush();
}

bool ClientConnection::start_stream(std::string_view session) {
  if (phase_ != Phase::busy) return phase_ == Phase::streaming;
  write_stream_head(session);
  if (phase_ != Phase::streaming || underway_ == nullptr) return phase_ == Phase::streaming;
  if (!session.empty()) {
    session_ = worker_.sessions().find(session, grant_->grant->id);
    if (session_) revision_ = session_->revision;
  }
  if (session_ == nullptr || !has_event_ids(revision_)) return true;
  const bool may_prime = revision_ >= mcp::Revision::v2025_11_25;
  Underway& underway = *std::exchange(underway_, nullptr);
  events_ = head_.method() == http::Method::get
                ? &session_->streams.open_own(underway, grant_->grant, may_prime)
                : &session_->streams.open(underway, grant_->grant, may_prime);
  events_->attach(*this, after_);
  return phase_ == Phase::streaming;
}

void ClientConnection::open_stream(std::string_view session) {
  if (start_stream(session) && events_ != nullptr) events_->open_stream({});
}

bool ClientConnection::prime(std::optional<std::uint32_t> retry_ms) {
  return start_stream({}) && events_ != nullptr && events_->prime(retry_ms);
}

void ClientConnection::send(Pieces json, std::string_view session) {
  if (!start_stream(session)) return;
  if (events_ != nullptr) return events_->send(json, {});
  static thread_local std::string message;
  static thread_local std::string event;
  message.clear();
  event.clear();
  for (std::string_view piece : json) message += piece;
  mcp::append_sse_message(event, message);
  write_event(event);
}

void ClientConnection::write_event(std::string_view text) {
  write_chunk(text);
  if (phase_ != Phase::streaming || paused_ || out_.size() <= kPauseAt) return;
  pause_source();
}

void ClientConnection::pause_source() {
  paused_ = true;
  if (events_ != nullptr) return events_->pause();
  if (underway_ != nullptr) return underway_->pause();
  if (sse_ != nullptr) sse_->pause();
}

void ClientConnection::resume_source() {
  paused_ = false;
  if (events_ != nullptr) return events_->resume();
  if (underway_ != nullptr) return underway_->resume();
  if (sse_ != nullptr) sse_->resume();
}

void ClientConnection::write_chunk(std::string_view text) {
  char size[20];
  char* end = std::to_chars(size, size + 16, text.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out_.append({size, static_cast<std::size_t>(end - size)});
  out_.append(text);
  out_.append("\r\n");
  last_sent_us_ = worker_.loop().now_us();
  flush();
}

void ClientConnection::end_stream() {
  if (start_stream({}) && events_ != nullptr) return events_->end_stream();
  underway_ = nullptr;
  end_events();
}

void ClientConnection::end_events() {
  events_ = nullptr;
  if (phase_ != Phase::streaming) return;
  out_.append("0\r\n\r\n");
  phase_ = Phase::busy;
  flush();
  request_done();
}

void ClientConnection::request_done() {
  if (phase_ == Phase::closed || phase_ == Phase::lingering) return;
  world_.reset();
  grant_ = nullptr;
  session_.reset();
  after_ = 0;
  waits_until_us_ = 0;
  paused_ = false;
  if (!head_.keep_alive() || worker_.draining()) close_after_ = true;
  in_.consume(body_raw_);
  head_.reset();
  timing_head_ = false;
  phase_ = Phase::head;
  if (close_after_) return linger();
  deadline_us_ = worker_.loop().now_us() + worker_.shared().options.idle_timeout.count() * 1000;
  if (in_.empty()) in_.release();
  if (in_process_ || (in_.empty() && !readable_)) return;
  if (!next_queued_) {
    next_queued_ = true;
    worker_.loop().defer(next_task_);
  }
}

void ClientConnection::next_request() {
  next_queued_ = false;
  if (phase_ != Phase::head) return;
  process();
  read();
}

void ClientConnection::flush() {
  while (!out_.empty()) {
    const io::IoResult result = stream_.write(out_.view());
    if (result.state == io::IoState::would_block) break;
    if (result.state != io::IoState::ok) {
      out_.clear();
      return client_gone("client_gone");
    }
    const bool partial = result.bytes < out_.size();
    out_.consume(result.bytes);
    if (partial && !stream_.is_tls()) break;
  }
  if (out_.empty()) out_.release();
  if (!out_.empty()) {
    deadline_us_ = worker_.loop().now_us() + worker_.shared().options.body_timeout.count() * 1000;
    return;
  }
  if (phase_ == Phase::streaming) deadline_us_ = kNever;
  if (paused_ && out_.size() < kResumeAt) resume_source();
  if (phase_ == Phase::lingering) stream_.shutdown_write();
}

void ClientConnection::linger() {
  phase_ = Phase::lingering;
  deadline_us_ = worker_.loop().now_us() + kLingerUs;
  if (out_.empty()) stream_.shutdown_write();
  if (in_process_ || next_queued_) return;
  next_queued_ = true;
  worker_.loop().defer(next_task_);
}

void ClientConnection::client_gone(std::string_view why) {
  if (EventStream* events = std::exchange(events_, nullptr)) {
    events->detach();
    if (paused_) events->resume();
  }
  if (Underway* underway = std::exchange(underway_, nullptr)) underway->abandon(why);
  if (SseClient* sse = std::exchange(sse_, nullptr)) worker_.sse_clients().close(*sse, why);
  close();
}

void ClientConnection::end_now(std::string_view why) {
  if (EventStream* events = std::exchange(events_, nullptr)) {
    events->detach();
    events->abandon(why);
  }
  client_gone(why);
}

void ClientConnection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  worker_.loop().remove(stream_.fd(), *this);
  stream_.close();
  in_.release();
  out_.release();
  worker_.remove(*this);
}

void ClientConnection::check(std::int64_t now_us, std::int64_t wall_s) {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::busy || phase_ == Phase::streaming) {
    const identity::Grant& grant = *grant_->grant;
    if (grant.is_revoked() || grant.is_expired(wall_s)) return end_now("grant_ended");
  }
  if (sse_ != nullptr && sse_->is_over()) return client_gone("session_ended");
  if (now_us >= deadline_us_) {
    if (phase_ == Phase::waiting) return issuers_changed();
    if (phase_ == Phase::head && head_.begun())
      return refuse(408, "timeout", "The request's head took too long.");
    if (phase_ == Phase::body) return refuse(408, "timeout", "The request's body took too long.");
    return client_gone("client_too_slow");
  }
  if (phase_ == Phase::streaming && out_.empty() && now_us - last_sent_us_ >= kKeepAliveUs) {
    keep_alive();
  }
}

void ClientConnection::keep_alive() {
  std::string comment;
  mcp::append_sse_keep_alive(comment);
  write_chunk(comment);
}

void ClientConnection::drain() {
  if (phase_ == Phase::handshake) return close();
  if (phase_ == Phase::head && !head_.begun() && in_.empty()) return close();
  if (phase_ != Phase::streaming) return;
  if (events_ != nullptr) return events_->abandon("gateway_stopping");
  if (Underway* underway = std::exchange(underway_, nullptr)) underway->abandon("gateway_stopping");
  if (SseClient* sse = std::exchange(sse_, nullptr)) worker_.sse_clients().close(*sse, "gateway_stopping");
  end_events();
}

}  // namespace doorward::gateway
