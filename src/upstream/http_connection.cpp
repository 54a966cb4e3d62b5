#include "upstream/http_connection.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/text.h"
#include "http/content_type.h"
#include "http/head_writer.h"

namespace doorward::upstream {
namespace {

/// Servers that announce no Keep-Alive time mostly close after 5 s; a request sent into that moment is lost.
constexpr std::int64_t kUnannouncedIdleUs = 4'000'000;
constexpr std::int64_t kLongestIdleUs = 60'000'000;

constexpr std::string_view kAcceptBoth = "Accept: application/json, text/event-stream\r\n";
constexpr std::string_view kAcceptStream = "Accept: text/event-stream\r\n";

/// The `timeout` of a Keep-Alive field in seconds, or nothing to go by.
std::int64_t announced_idle_us(std::string_view keep_alive) {
  constexpr std::string_view kName = "timeout=";
  const std::size_t at = keep_alive.find(kName);
  if (at == std::string_view::npos) return kUnannouncedIdleUs;
  std::int64_t seconds = 0;
  for (char c : keep_alive.substr(at + kName.size())) {
    if (c < '0' || c > '9' || seconds > 3600) break;
    seconds = seconds * 10 + (c - '0');
  }
  return std::clamp<std::int64_t>((seconds - 1) * 1'000'000, 0, kLongestIdleUs);
}

}  // namespace

HttpConnection::~HttpConnection() {
  if (stream_) pool_.loop_.remove(stream_.fd(), *this);
  pool_.loop_.withdraw(failure_task_);
  pool_.loop_.withdraw(resume_task_);
}

void HttpConnection::push_deadline(std::int64_t limit_ms) {
  deadline_us_ = (listening_ || patient_) && sent_ && out_.empty() && body_ != Body::head
                     ? std::numeric_limits<std::int64_t>::max()
                     : pool_.loop_.now_us() + limit_ms * 1000;
}

void HttpConnection::build(const HttpRequest& request) {
  const HttpTarget& target = pool_.settings_->http();
  std::size_t bytes = 0;
  for (std::string_view piece : request.body) bytes += piece.size();
  const std::string_view path = request.path.empty() ? std::string_view(target.path) : request.path;
  const std::string_view token = pool_.token().line;
  const std::size_t head_room =
      256 + path.size() + target.authority.size() + pool_.fixed_lines_.size() + request.lines.size() + token.size() +
      kHopsHeader.size() + request.hops.size() + pool_.hop_.size();
  http::HeadWriter writer(out_.room(head_room + bytes));
  writer.request(request.method, path, target.authority)
      .lines(request.method == http::Method::get ? kAcceptStream : kAcceptBoth)
      .lines(pool_.fixed_lines_)
      .lines(token)
      .lines(request.lines);
  if (!pool_.hop_.empty()) {
    writer.lines(kHopsHeader).lines(": ").lines(request.hops).lines(request.hops.empty() ? "" : ", ");
    writer.lines(pool_.hop_).lines("\r\n");
  }
  if (request.method == http::Method::post) {
    writer.lines("Content-Type: application/json\r\n").content_length(bytes);
  }
  out_.commit(writer.finish().size());
  for (std::string_view piece : request.body) out_.append(piece);
}

void HttpConnection::begin(const HttpRequest& request, Call& call, ResumePoint* point) {
  call_ = &call;
  point_ = point;
  listening_ = request.listening;
  sent_ = paused_ = failing_ = patient_ = false;
  body_ = Body::head;
  head_.reset();
  in_.clear();
  decoded_ = 0;
  build(request);
  if (state_ == State::idle) {
    state_ = State::exchanging;
    flush();
    return;
  }
  state_ = State::resolving;
  push_deadline(pool_.settings_->timeouts.connect.count());
}

void HttpConnection::refuse(std::string why) {
  refused_ = true;
  fail_later(FailureKind::connect, std::move(why));
}

void HttpConnection::dial() {
  address_ = 0;
  if (pool_.forbidden_) {
    return fail_later(FailureKind::resolve, "the host's name has a link-local or special-purpose address");
  }
  if (pool_.addresses_.empty()) return fail_later(FailureKind::resolve, "the host's name has no address");
  dial_address();
}

void HttpConnection::dial_next() {
  pool_.loop_.remove(stream_.fd(), *this);
  stream_.close();
  if (++address_ >= pool_.addresses_.size()) return fail(FailureKind::connect, "the connection was refused");
  dial_address();
}

void HttpConnection::dial_address() {
  Result<io::Fd> fd = io::connect_tcp(pool_.addresses_[address_]);
  if (!fd) return fail_later(FailureKind::connect, "the connection could not be started");
  stream_ = io::Stream(std::move(*fd));
  state_ = State::connecting;
  if (!pool_.loop_.add(stream_.fd(), *this))
    fail_later(FailureKind::connect, "no room for another descriptor");
}

void HttpConnection::on_ready(std::uint32_t events) {
  switch (state_) {
    case State::connecting:
      if ((events & (io::kWritable | io::kError | io::kHangup)) == 0) return;
      if (io::connect_result(stream_.fd()) != 0) return dial_next();
      pool_.prefer(address_);
      return connected();
    case State::handshaking:
      return shake_hands();
    case State::exchanging:
      if ((events & io::kReadToEnd) != 0) ending_ = true;
      if (!out_.empty() && (stream_.is_tls() || (events & io::kWritable) != 0)) flush();
      if (state_ == State::exchanging &&
          (stream_.is_tls() || (events & (io::kReadable | io::kReadToEnd)) != 0)) {
        read_all((events & io::kReadToEnd) != 0);
      }
      return;
    case State::idle:
      // The first edge after connecting only says that the socket can be written.
      if ((events & (io::kReadable | io::kReadToEnd)) != 0) close();
      return;
    default:
      return;
  }
}

void HttpConnection::connected() {
  if (!pool_.settings_->http().tls) {
    pool_.reached();
    state_ = State::exchanging;
    return flush();
  }
  pool_.loop_.remove(stream_.fd(), *this);
  Result<io::Stream> secured = pool_.secure(stream_.release());
  if (!secured) return fail(FailureKind::tls, secured.error().message);
  stream_ = std::move(*secured);
  state_ = State::handshaking;
  if (!pool_.loop_.add(stream_.fd(), *this)) return fail(FailureKind::tls, "no room for another descriptor");
  shake_hands();
}

void HttpConnection::shake_hands() {
  const io::IoResult result = stream_.handshake();
  if (result.state == io::IoState::would_block) return;
  if (result.state != io::IoState::ok) return fail(FailureKind::tls, stream_.error_text(result));
  pool_.reached();
  state_ = State::exchanging;
  flush();
  if (state_ == State::exchanging) read_all(false);
}

void HttpConnection::flush() {
  while (!out_.empty()) {
    const io::IoResult result = stream_.write(out_.view());
    if (result.state == io::IoState::would_block) break;
    if (result.state != io::IoState::ok)
      return fail_later(FailureKind::closed, "the connection broke while sending");
    sent_ = true;
    const bool partial = result.bytes < out_.size();
    out_.consume(result.bytes);
    if (partial && !stream_.is_tls()) break;
  }
  if (out_.empty()) out_.release();
  push_deadline(pool_.settings_->timeouts.first_byte.count());
}

void HttpConnection::read_all(bool to_end) {
  while (state_ == State::exchanging && !paused_) {
    const io::IoResult result = stream_.read(in_.room());
    switch (result.state) {
      case io::IoState::ok:
        in_.commit(result.bytes);
        drained_ = result.drained;
        push_deadline(pool_.settings_->timeouts.stream_idle.count());
        if (!take()) return;
        if (result.drained && !to_end) return;
        break;
      case io::IoState::would_block:
        return;
      case io::IoState::eof:
        return on_eof();
      case io::IoState::error:
        return fail(FailureKind::closed, "the connection broke before the answer was complete");
    }
  }
}

bool HttpConnection::take() {
  if (body_ == Body::head && !take_head()) return false;
  return body_ == Body::head || take_body();
}

bool HttpConnection::take_head() {
  switch (head_.parse(in_.view())) {
    case http::ParseState::need_more:
      return true;
    case http::ParseState::refused:
      fail(FailureKind::protocol, head_.refusal().reason);
      return false;
    case http::ParseState::done:
      break;
  }
  if (head_.has(http::Field::content_encoding) &&
      !equal_ignoring_case(head_.get(http::Field::content_encoding), "identity")) {
    fail(FailureKind::protocol, "the answer has a content coding that was not asked for");
    return false;
  }
  const http::MediaType type = head_.has(http::Field::content_type)
                                   ? http::media_type(head_.get(http::Field::content_type))
                                   : http::MediaType::other;
  const bool stream = type == http::MediaType::event_stream;
  body_ = stream ? Body::events : type == http::MediaType::json ? Body::json : Body::discarded;
  reusable_ = head_.keep_alive();
  idle_limit_us_ = announced_idle_us(head_.get(http::Field::keep_alive));
  const std::uint64_t limit =
      stream ? std::numeric_limits<std::uint64_t>::max() : pool_.settings_->result_bytes;
  if (decoder_.begin(head_.framing(), head_.content_length(), limit) == http::ParseState::refused) {
    fail(FailureKind::too_large, "the answer is longer than the server's result limit");
    return false;
  }
  if (stream) events_.reset();
  const std::size_t head_size = head_.size();
  push_deadline(pool_.settings_->timeouts.stream_idle.count());
  if (head_.has(http::Field::www_authenticate) && (head_.status() == 401 || head_.status() == 403)) {
    call_->on_challenge(head_.get(http::Field::www_authenticate));
  }
  call_->on_head(head_.status(), head_.get(http::Field::mcp_session_id), stream);
  if (call_ == nullptr) return false;
  in_.consume(head_size);
  if (body_ == Body::json && head_.framing() == http::Framing::length &&
      in_.size() < head_.content_length()) {
    in_.room(static_cast<std::size_t>(head_.content_length()) - in_.size());
  }
  return true;
}

bool HttpConnection::take_body() {
  char* at = in_.data() + decoded_;
  const std::size_t raw = in_.size() - decoded_;
  const http::BodyDecoder::Step step = decoder_.decode(at, raw, at);
  if (step.state == http::ParseState::refused) {
    const bool large = decoder_.refusal().status == 413;
    fail(large ? FailureKind::too_large : FailureKind::protocol, decoder_.refusal().reason);
    return false;
  }
  const bool done = step.state == http::ParseState::done;
  if (done && step.consumed != raw) reusable_ = false;
  in_.truncate(decoded_ + step.produced);
  if (body_ == Body::json) {
    decoded_ += step.produced;
  } else {
    if (body_ == Body::events && !take_events()) return false;
    in_.clear();
  }
  if (done) {
    finish();
    return false;
  }
  if (in_.empty()) in_.release();
  return true;
}

bool HttpConnection::take_events() {
  std::string_view rest = in_.view();
  for (;;) {
    switch (events_.next(rest)) {
      case mcp::SseReader::Step::more:
        return true;
      case mcp::SseReader::Step::too_large:
        fail(FailureKind::too_large, "an event of the answer is longer than the server's result limit");
        return false;
      case mcp::SseReader::Step::event:
        take_event(events_.event());
        if (call_ == nullptr) return false;
        break;
    }
  }
}

void HttpConnection::take_event(const mcp::SseEvent& event) {
  if (point_ != nullptr && !point_->take(event)) return;
  if (event.type == "endpoint") return call_->on_endpoint(event.data);
  // Events of another type are not the protocol's (attack case T107).
  if (event.type != "message") return;
  if (!event.data.empty()) return call_->on_message(pool_.settings_->masking.json(event.data, masked_));
  if (event.named) call_->on_priming(event.retry_ms);
}

void HttpConnection::on_eof() {
  if (body_ == Body::head)
    return fail(FailureKind::closed, "the server closed the connection without an answer");
  if (decoder_.end_of_stream() == http::ParseState::done) {
    reusable_ = false;
    return finish();
  }
  fail(FailureKind::closed, "the answer ended before it was complete");
}

void HttpConnection::finish() {
  Call* call = call_;
  if (body_ == Body::json && !in_.empty()) {
    call->on_message(pool_.settings_->masking.json(in_.view(), masked_));
    if (call_ == nullptr) return;
  }
  call_ = nullptr;
  paused_ = false;
  const bool reuse = reusable_ && idle_limit_us_ > 0 && out_.empty() && nothing_follows();
  in_.release();
  if (reuse) {
    state_ = State::idle;
    deadline_us_ = pool_.loop_.now_us() + idle_limit_us_;
    pool_.keep(*this);
  } else {
    close();
  }
  call->on_end();
}

bool HttpConnection::nothing_follows() {
  // What came with the answer's last edge makes no edge of its own: neither the end nor bytes left in the
  // kernel.
  if (ending_) return false;
  if (drained_) return true;
  in_.clear();
  return stream_.read(in_.room()).state == io::IoState::would_block;
}

void HttpConnection::fail(FailureKind kind, std::string_view detail) {
  Call* call = call_;
  const bool sent = sent_;
  const bool dialled = kind == FailureKind::resolve || kind == FailureKind::connect || kind == FailureKind::tls;
  if (dialled && !refused_) pool_.unreachable();
  call_ = nullptr;
  close();
  if (call != nullptr) call->on_failure({kind, sent, pool_.settings_->masking.text(detail, masked_)});
}

void HttpConnection::fail_later(FailureKind kind, std::string detail) {
  if (failing_) return;
  failing_ = true;
  pending_failure_ = kind;
  pending_detail_ = std::move(detail);
  pool_.loop_.defer(failure_task_);
}

void HttpConnection::report_failure() {
  failing_ = false;
  if (state_ != State::closed) fail(pending_failure_, pending_detail_);
}

void HttpConnection::cancel() {
  call_ = nullptr;
  close();
}

void HttpConnection::resume() {
  paused_ = false;
  if (resume_queued_ || state_ != State::exchanging) return;
  resume_queued_ = true;
  pool_.loop_.defer(resume_task_);
}

void HttpConnection::set_patient(bool patient) {
  patient_ = patient;
  push_deadline(pool_.settings_->timeouts.stream_idle.count());
}

void HttpConnection::resume_reading() {
  resume_queued_ = false;
  if (state_ != State::exchanging) return;
  push_deadline(pool_.settings_->timeouts.stream_idle.count());
  read_all(true);
}

void HttpConnection::check_deadline(std::int64_t now_us) {
  if (now_us < deadline_us_ || paused_ || state_ == State::closed) return;
  if (state_ == State::idle) return close();
  fail(state_ == State::exchanging ? FailureKind::timeout : FailureKind::connect,
       state_ == State::exchanging ? "the server sent nothing for too long" : "connecting took too long");
}

void HttpConnection::close() {
  if (state_ == State::closed) return;
  if (stream_) {
    pool_.loop_.remove(stream_.fd(), *this);
    stream_.close();
  }
  state_ = State::closed;
  in_.release();
  out_.release();
  pool_.drop(*this);
}

}  // namespace doorward::upstream
