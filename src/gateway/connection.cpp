#include "gateway/connection.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/hash.h"
#include "gateway/admission.h"
#include "gateway/worker.h"
#include "http/content_type.h"
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

constexpr std::string_view kChallenge = "WWW-Authenticate: Bearer realm=\"doorward\"\r\n";
constexpr std::string_view kChallengeInvalid =
    "WWW-Authenticate: Bearer realm=\"doorward\", error=\"invalid_token\"\r\n";
constexpr std::string_view kRetryAfter = "Retry-After: 1\r\n";
constexpr std::string_view kStreamLines =
    "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
    "Transfer-Encoding: chunked\r\n";

/// The server's name in `/mcp/<server>` or `/mcp/<server>/`; empty for any other path.
std::string_view server_in(std::string_view path) {
  constexpr std::string_view kPrefix = "/mcp/";
  if (!path.starts_with(kPrefix)) return {};
  path.remove_prefix(kPrefix.size());
  if (path.ends_with('/')) path.remove_suffix(1);
  return path.find('/') == std::string_view::npos ? path : std::string_view{};
}

mcp::Header mirror_header(const http::RequestHead& head, http::Field field) {
  return {head.get(field), head.has(field) ? 1u : 0u};
}

}  // namespace

ClientConnection::ClientConnection(Worker& worker, io::Fd fd, const io::Address& peer)
    : worker_(worker),
      stream_(std::move(fd)),
      peer_(peer),
      address_(peer.host_to_string()),
      next_task_(io::call<&ClientConnection::next_request>, this) {}

ClientConnection::~ClientConnection() = default;

void ClientConnection::start(std::string_view bytes) {
  deadline_us_ = worker_.loop().now_us() + worker_.shared().options.header_timeout.count() * 1000;
  if (!worker_.loop().add(stream_.fd(), *this)) return close();
  in_.append(bytes);
  readable_ = true;
  if (!bytes.empty()) process();
}

void ClientConnection::on_ready(std::uint32_t events) {
  if ((events & io::kWritable) != 0 && !out_.empty()) {
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
    const io::IoResult result = stream_.read(in_.room(std::max<std::size_t>(expected, 1)));
    switch (result.state) {
      case io::IoState::ok:
        in_.commit(result.bytes);
        if (result.drained && !to_end_) readable_ = false;
        if (phase_ == Phase::body && in_.data() != before) head_.rebase(in_.data());
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
        if (head_.begun() && deadline_us_ == kNever) {
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

ClientConnection::Go ClientConnection::check_head() {
  Shared& shared = worker_.shared();
  if (!shared.guard->host_allowed(head_.get(http::Field::host))) {
    refuse(421, "wrong_host", "This gateway does not answer for that host; add it to allowed_hosts.");
    return Go::stop;
  }
  if (head_.has(http::Field::origin) && !shared.guard->origin_allowed(head_.get(http::Field::origin))) {
    refuse(403, "wrong_origin", "Requests from that origin are not allowed; add it to allowed_origins.");
    return Go::stop;
  }
  world_ = worker_.world();
  const std::string_view authorization = head_.get(http::Field::authorization);
  identity::Verification verified;
  if (known_world_ == world_.get() && !known_token_.empty() && constant_time_equal(authorization, known_token_)) {
    const identity::Grant& grant = *world_->grant(known_index_).grant;
    verified = {identity::Verdict::good, &grant, known_index_};
    if (grant.is_revoked()) verified.verdict = identity::Verdict::revoked;
    if (grant.is_expired(worker_.loop().wall_us() / 1'000'000)) verified.verdict = identity::Verdict::expired;
  } else {
    verified = world_->table().verify(head_.has(http::Field::authorization) ? std::optional(authorization) : std::nullopt,
                                      worker_.loop().wall_us() / 1'000'000);
  }
  if (verified.verdict != identity::Verdict::good) {
    const bool missing = verified.verdict == identity::Verdict::missing;
    refuse(401, identity::to_string(verified.verdict), "A valid grant token is needed: Authorization: Bearer <token>.",
           missing ? kChallenge : kChallengeInvalid);
    return Go::stop;
  }
  if (known_world_ != world_.get() || known_index_ != verified.index || known_token_ != authorization) {
    known_world_ = world_.get();
    known_index_ = verified.index;
    known_token_ = authorization;
  }
  grant_ = &world_->grant(verified.index);
  const std::string_view name = server_in(head_.path());
  const upstream::ServerSettings& settings = *grant_->server->settings;
  if (name.empty() || !head_.query().empty() || (name != settings.name && name != settings.uuid)) {
    refuse(404, "not_found", "There is nothing here for this grant.");
    return Go::stop;
  }
  const http::Method method = head_.method();
  if (method != http::Method::post && method != http::Method::get && method != http::Method::del) {
    refuse(405, "method_not_allowed", "Use POST, GET or DELETE.", "Allow: POST, GET, DELETE\r\n");
    return Go::stop;
  }
  if (method == http::Method::post) {
    if (const auto refusal = http::check_json_request(head_)) {
      refuse(refusal->status, "bad_content_type", refusal->reason);
      return Go::stop;
    }
    if (!http::accepts(head_.headers(), "application", "json") ||
        !http::accepts(head_.headers(), "text", "event-stream")) {
      refuse(406, "not_acceptable", "Accept must name both application/json and text/event-stream.");
      return Go::stop;
    }
  }
  // Before a byte of the body is decoded: the other worker reads the request anew.
  if (move_to_owner()) return Go::stop;
  if (decoder_.begin(head_.framing(), head_.content_length(), shared.options.body_bytes) ==
      http::ParseState::refused) {
    refuse(decoder_.refusal().status, "too_large", decoder_.refusal().reason);
    return Go::stop;
  }
  body_raw_ = body_end_ = head_.size();
  phase_ = Phase::body;
  deadline_us_ = worker_.loop().now_us() + shared.options.body_timeout.count() * 1000;
  if (head_.expects_continue()) {
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    flush();
  }
  return Go::on;
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

Caller ClientConnection::caller() const {
  Caller caller;
  caller.world = world_;
  caller.grant = grant_;
  caller.server = &worker_.link(*grant_->server);
  caller.client_address = address_;
  return caller;
}

void ClientConnection::handle() {
  switch (head_.method()) {
    case http::Method::get: return handle_get();
    case http::Method::del: return handle_delete();
    default: return handle_post(std::string_view(in_.data() + head_.size(), body_end_ - head_.size()));
  }
}

bool ClientConnection::move_to_owner() {
  const std::optional<unsigned> owner = SessionTable::worker_of(head_.get(http::Field::mcp_session_id));
  if (!owner || *owner == worker_.index() || *owner >= worker_.shared().workers.size() || !out_.empty()) return false;
  std::string bytes(in_.view());
  worker_.loop().remove(stream_.fd(), *this);
  phase_ = Phase::closed;
  worker_.hand_over(*owner, stream_.release(), peer_, std::move(bytes));
  in_.release();
  worker_.remove(*this, true);
  return true;
}

bool ClientConnection::find_session(Caller& caller, bool required) {
  const std::string_view id = head_.get(http::Field::mcp_session_id);
  if (id.empty()) {
    if (required) {
      refuse(400, "no_session", "The header Mcp-Session-Id is missing: initialize first, and send it with each request.");
    }
    return !required;
  }
  caller.session = worker_.sessions().find(id, grant_->grant->id);
  if (caller.session == nullptr || caller.session->server != caller.server) {
    refuse(404, "unknown_session", "The session does not exist or has ended: initialize again.");
    return false;
  }
  caller.revision = caller.session->revision;
  caller.client_name = caller.session->client_name;
  caller.session->last_used_us = worker_.loop().now_us();
  const std::string_view version = head_.get(http::Field::mcp_protocol_version);
  if (!version.empty() && version != mcp::to_string(caller.revision)) {
    refuse(400, "wrong_version", "MCP-Protocol-Version is not the version that this session agreed on.");
    return false;
  }
  return true;
}

void ClientConnection::handle_post(std::string_view text) {
  json::Limits limits;
  limits.bytes = worker_.shared().options.body_bytes;
  limits.refuse_proto = true;
  const auto root = worker_.request_reader().read(text, limits);
  const std::string_view version = head_.get(http::Field::mcp_protocol_version);
  const auto era_unread = version == "2026-07-28" ? mcp::Era::modern : mcp::Era::legacy;
  if (!root) return refuse_message(mcp::refuse_text(root.error()), text, era_unread);
  const auto message = mcp::read_message(*root, mcp::Sender::client);
  if (!message) return refuse_message(message.error(), text, era_unread);

  Caller who = caller();
  const mcp::Era era = mcp::era_of(*message, version, head_.has(http::Field::mcp_session_id));
  if (era == mcp::Era::modern) {
    const mcp::MirrorHeaders headers{mirror_header(head_, http::Field::mcp_protocol_version),
                                     mirror_header(head_, http::Field::mcp_method),
                                     mirror_header(head_, http::Field::mcp_name)};
    const auto revision = mcp::check_modern(*message, &headers);
    if (!revision) return refuse_message(revision.error(), text, era);
    who.revision = *revision;
    const json::Value info = message->meta.find(mcp::kMetaClientInfo);
    const json::Value name = info ? info.find("name") : json::Value();
    if (name.is(json::Type::string)) who.client_name = name.string();
  } else if (message->is_request(mcp::Method::initialize)) {
    if (head_.has(http::Field::mcp_session_id)) {
      return refuse(400, "second_initialize", "This session is initialized already.");
    }
    who.revision = mcp::Revision::v2025_11_25;
  } else {
    if (head_.has(http::Field::mcp_protocol_version) && !mcp::parse_revision(version)) {
      return refuse(400, "wrong_version", "MCP-Protocol-Version names a version that this gateway does not speak.");
    }
    if (!find_session(who, true)) return;
  }
  if (message->kind == mcp::Kind::result || message->kind == mcp::Kind::error) {
    return refuse(400, "unexpected_response", "The gateway has asked this client nothing.");
  }
  if (const auto refusal = check_admission(*message, who.revision)) {
    return refuse_message(*refusal, text, era);
  }
  if (who.session && who.session->running.size() >= worker_.shared().options.requests_in_flight) {
    return refuse(429, "too_many_in_flight", "This session has too many requests under way; wait for one to end.",
                  kRetryAfter);
  }
  begin(who, text, *message);
}

void ClientConnection::handle_get() {
  Caller who = caller();
  if (!head_.has(http::Field::mcp_session_id)) {
    return refuse(405, "method_not_allowed", "GET needs a session; without one only POST is possible.", "Allow: POST\r\n");
  }
  if (!http::accepts(head_.headers(), "text", "event-stream")) {
    return refuse(406, "not_acceptable", "Accept must name text/event-stream.");
  }
  if (!find_session(who, true)) return;
  if (who.session->listener != nullptr) {
    return refuse(409, "second_stream", "This session has an open stream already.");
  }
  exchange_ = &take_exchange();
  exchange_->begin_listening(*this, who);
}

void ClientConnection::handle_delete() {
  Caller who = caller();
  if (!head_.has(http::Field::mcp_session_id)) {
    return refuse(405, "method_not_allowed", "DELETE ends a session; this request names none.", "Allow: POST\r\n");
  }
  if (!find_session(who, true)) return;
  exchange_ = &take_exchange();
  exchange_->begin_closing(*this, who);
}

Exchange& ClientConnection::take_exchange() { return worker_.take_exchange(); }

void ClientConnection::begin(const Caller& caller, std::string_view text, const mcp::Message& message) {
  exchange_ = &take_exchange();
  exchange_->begin(*this, caller, text, message);
}

void ClientConnection::refuse(int status, std::string_view code, std::string_view reason, std::string_view lines) {
  audit::RejectRecord record;
  record.code = code;
  record.http_status = status;
  record.client.address = address_;
  record.reason = reason;
  if (grant_ != nullptr && status != 401 && status != 421 && status != 403) {
    record.grant = {grant_->grant->id, grant_->grant->label, grant_->grant->owner};
  }
  worker_.record_rejection(record);
  // Only a request that was read to its end leaves the connection at a known place.
  if (phase_ != Phase::busy) close_after_ = true;
  std::string body;
  mcp::append_error(body, {}, mcp::ErrorCode::invalid_request, reason);
  const std::string_view piece = body;
  write_response(status, {&piece, 1}, lines);
  if (close_after_) return linger();
  request_done();
}

void ClientConnection::refuse_message(const mcp::Refusal& refusal, std::string_view text, mcp::Era era) {
  const bool unknown_method = refusal.code == mcp::ErrorCode::method_not_found && !refusal.notification;
  const int status = !unknown_method ? 400 : era == mcp::Era::modern ? 404 : 200;
  audit::RejectRecord record;
  record.code = refusal.batch ? "batch" : unknown_method ? "unknown_method" : "bad_message";
  record.http_status = status;
  record.client.address = address_;
  record.grant = {grant_->grant->id, grant_->grant->label, grant_->grant->owner};
  record.server = grant_->server->settings->name;
  if (refusal.id) record.request_id = bytes_of_value(text, refusal.id);
  record.reason = refusal.message;
  worker_.record_rejection(record);
  std::string body;
  mcp::append_refusal(body, refusal, text);
  const std::string_view piece = body;
  write_response(status, {&piece, 1}, {});
  request_done();
}

void ClientConnection::write_response(int status, Pieces json, std::string_view lines) {
  std::size_t bytes = 0;
  for (std::string_view piece : json) bytes += piece.size();
  http::HeadWriter writer(out_.room(512 + lines.size() + bytes));
  writer.response(status).field("Date", worker_.date());
  if (bytes != 0) writer.lines("Content-Type: application/json\r\n");
  writer.lines(lines);
  if (status == 503) writer.lines(kRetryAfter);
  if (close_after_ || worker_.draining()) writer.lines("Connection: close\r\n");
  writer.content_length(bytes);
  out_.commit(writer.finish().size());
  for (std::string_view piece : json) out_.append(piece);
  flush();
}

void ClientConnection::answer(int status, Pieces json, std::string_view session) {
  exchange_ = nullptr;
  if (session.empty()) {
    write_response(status, json, {});
  } else {
    write_response(status, json, "Mcp-Session-Id: " + std::string(session) + "\r\n");
  }
  request_done();
}

void ClientConnection::open_stream(std::string_view session) {
  if (phase_ != Phase::busy) return;
  http::HeadWriter writer(out_.room(512));
  writer.response(200).field("Date", worker_.date()).lines(kStreamLines);
  if (!session.empty()) writer.field("Mcp-Session-Id", session);
  out_.commit(writer.finish().size());
  phase_ = Phase::streaming;
  flush();
}

void ClientConnection::send(Pieces json, std::string_view session) {
  open_stream(session);
  if (phase_ != Phase::streaming) return;
  static thread_local std::string message;
  static thread_local std::string event;
  message.clear();
  event.clear();
  for (std::string_view piece : json) message += piece;
  mcp::append_sse_message(event, message);
  char size[20];
  char* end = std::to_chars(size, size + 16, event.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out_.append({size, static_cast<std::size_t>(end - size)});
  out_.append(event);
  out_.append("\r\n");
  last_sent_us_ = worker_.loop().now_us();
  flush();
  if (phase_ == Phase::streaming && !paused_ && out_.size() > kPauseAt) {
    paused_ = true;
    exchange_->pause();
  }
}

void ClientConnection::end_stream() {
  exchange_ = nullptr;
  open_stream({});
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
  paused_ = false;
  if (!head_.keep_alive() || worker_.draining()) close_after_ = true;
  in_.consume(body_raw_);
  head_.reset();
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
    if (partial) break;
  }
  if (out_.empty()) out_.release();
  if (!out_.empty()) {
    deadline_us_ = worker_.loop().now_us() + worker_.shared().options.body_timeout.count() * 1000;
    return;
  }
  if (phase_ == Phase::streaming) deadline_us_ = kNever;
  if (paused_ && out_.size() < kResumeAt && exchange_ != nullptr) {
    paused_ = false;
    exchange_->resume();
  }
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
  if (exchange_ != nullptr) {
    Exchange* exchange = exchange_;
    exchange_ = nullptr;
    exchange->abandon(why);
  }
  close();
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
  if (exchange_ != nullptr && phase_ != Phase::head) {
    const identity::Grant& grant = *exchange_->grant().grant;
    if (grant.is_revoked() || grant.is_expired(wall_s)) return client_gone("grant_ended");
  }
  if (now_us >= deadline_us_) {
    if (phase_ == Phase::head && head_.begun()) return refuse(408, "timeout", "The request's head took too long.");
    if (phase_ == Phase::body) return refuse(408, "timeout", "The request's body took too long.");
    return client_gone("client_too_slow");
  }
  if (phase_ == Phase::streaming && out_.empty() && now_us - last_sent_us_ >= kKeepAliveUs) keep_alive(now_us);
}

void ClientConnection::keep_alive(std::int64_t now_us) {
  last_sent_us_ = now_us;
  std::string comment;
  mcp::append_sse_keep_alive(comment);
  char size[20];
  const auto [end, error] = std::to_chars(size, size + sizeof(size), comment.size(), 16);
  out_.append({size, static_cast<std::size_t>(end - size)});
  out_.append("\r\n");
  out_.append(comment);
  out_.append("\r\n");
  flush();
}

void ClientConnection::drain() {
  if (phase_ == Phase::head && !head_.begun() && in_.empty()) return close();
  if (phase_ == Phase::streaming && exchange_ != nullptr) {
    Exchange* exchange = exchange_;
    exchange->abandon("gateway_stopping");
    end_stream();
  }
}

}  // namespace doorward::gateway
