#include "admin/connection.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "http/chars.h"
#include "http/content_type.h"

namespace doorward::admin {
namespace {

constexpr std::size_t kPiece = 16384;
constexpr std::size_t kFilePiece = 1u << 18;
constexpr std::size_t kHeadRoom = 4096;
constexpr std::int64_t kFarewellUs = 2'000'000;

/// On every answer, whatever it is (attack case T280).
constexpr std::string_view kEveryAnswer =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: \r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n";
constexpr std::string_view kStrictTransport = "Strict-Transport-Security: max-age=31536000\r\n";

std::int64_t microseconds(std::chrono::milliseconds time) {
  return std::chrono::microseconds(time).count();
}

}  // namespace

/// The end of a stream that its producer holds; outlives the connection.
class Connection::Sink final : public EventSink {
 public:
  explicit Sink(Connection& connection) : connection_(&connection) {}

  bool write(std::string_view bytes) override {
    if (connection_ == nullptr) return false;
    connection_->out_ += bytes;
    const bool fits = connection_->write_out() &&
                      connection_->out_.size() - connection_->sent_ <= connection_->server_.limits_.unread;
    if (!fits) close();
    return fits;
  }
  void close() override {
    if (connection_ != nullptr) std::exchange(connection_, nullptr)->finish();
  }
  bool open() const override { return connection_ != nullptr; }
  void forget() { connection_ = nullptr; }

 private:
  Connection* connection_;
};

Connection::Connection(Server& server, io::Stream stream, std::string peer, std::optional<Caller> caller)
    : server_(server),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      local_(std::move(caller)),
      end_(io::call<&Connection::drop_self>, this),
      timer_(io::call<&Connection::time_is_up>, this) {}

Connection::~Connection() {
  if (sink_) sink_->forget();
  if (registered_) server_.loop_.remove(stream_.fd(), *this);
  server_.loop_.withdraw(end_);
}

bool Connection::start() {
  registered_ = server_.loop_.add(stream_.fd(), *this).has_value();
  timer_.arm(server_.loop_, microseconds(server_.limits_.header));
  return registered_;
}

void Connection::on_ready(std::uint32_t) {
  if (ended_) return;
  if (!shake_hands() || (secured_ && (!write_out() || !read_in()))) finish();
}

bool Connection::shake_hands() {
  if (secured_) return true;
  const io::IoResult done = stream_.handshake();
  secured_ = done.state == io::IoState::ok;
  return secured_ || done.state == io::IoState::would_block;
}

/// Deferred, since the object may not die inside its own call.
void Connection::finish() {
  if (ended_) return;
  ended_ = true;
  timer_.disarm();
  server_.loop_.defer(end_);
}

void Connection::time_is_up() {
  if (ended_) return;
  if (closing_) return finish();
  const bool begun = at_ == At::body || (at_ == At::head && head_.begun());
  if (!begun) return finish();
  if (!close_after(Response::problem(
          Failure{{ErrorKind::unavailable, "the request did not arrive in time; send it again"}, {}}, 408))) {
    finish();
  }
}

bool Connection::read_in() {
  for (;;) {
    if (farewell_) {
      // What the peer still sends is thrown away, so that no reset overtakes our answer.
      char rest[kPiece];
      const io::IoResult got = stream_.read(rest);
      if (got.state == io::IoState::would_block) return true;
      if (got.state != io::IoState::ok) return false;
      continue;
    }
    if (closing_) return true;
    if (at_ == At::answering && in_.size() >= kPiece) return true;  // a pipelined rest waits in the kernel
    const io::IoResult got = stream_.read(in_.room(kPiece));
    if (got.state == io::IoState::would_block) return true;
    if (got.state != io::IoState::ok) return false;
    in_.commit(got.bytes);
    if (at_ == At::streaming) in_.clear();
    if (!advance()) return false;
  }
}

/// Goes on with what has been read.
bool Connection::advance() {
  while (!closing_ && !in_.empty()) {
    const At before = at_;
    const std::size_t size = in_.size();
    if (at_ == At::head && !take_head()) return false;
    if (at_ == At::body && !take_body()) return false;
    if (at_ == before && in_.size() == size) return true;
    if (at_ == At::answering || at_ == At::streaming) return true;
  }
  return true;
}

bool Connection::take_head() {
  switch (head_.parse(in_.view())) {
    case http::ParseState::need_more:
      return true;
    case http::ParseState::refused:
      return refuse(head_.refusal());
    case http::ParseState::done:
      break;
  }
  request_ = Request{};
  request_.method = head_.method();
  request_.path = head_.path();
  request_.query = head_.query();
  request_.peer = peer_;
  request_.secure = local_.has_value() || stream_.is_tls();
  if (local_) request_.caller = *local_;
  for (std::size_t i = 0; i < head_.headers().size(); ++i) {
    const http::Header header = head_.headers()[i];
    request_.headers.emplace_back(lower(header.name), header.value);
  }
  keep_alive_ = head_.keep_alive();
  auto limit = server_.admit(request_, local_.has_value());
  if (!limit) return close_after(std::move(limit.error()));
  const bool changes = request_.method == http::Method::post || request_.method == http::Method::put ||
                       request_.method == http::Method::patch;
  if (changes) {
    if (const auto refusal = http::check_json_request(head_)) return refuse(*refusal);
  }
  if (decoder_.begin(head_.framing(), head_.content_length(), *limit) == http::ParseState::refused) {
    return refuse(decoder_.refusal());
  }
  if (head_.expects_continue()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  in_.consume(head_.size());
  at_ = At::body;
  timer_.arm(server_.loop_, microseconds(server_.limits_.body_time));
  if (decoder_.state() == http::ParseState::done) {
    dispatch();
    return !ended_;
  }
  return write_out();
}

bool Connection::take_body() {
  if (in_.empty()) return true;
  char* const bytes = in_.data();
  const http::BodyDecoder::Step step = decoder_.decode(bytes, in_.size(), bytes);
  if (step.state == http::ParseState::refused) return refuse(decoder_.refusal());
  request_.body.append(bytes, step.produced);
  in_.consume(step.consumed);
  if (step.state == http::ParseState::done) dispatch();
  return !ended_;
}

void Connection::dispatch() {
  at_ = At::answering;
  timer_.disarm();
  serving_ = true;
  server_.answer(request_, [this, alive = std::weak_ptr(alive_)](Response response) {
    if (!alive.expired()) answered(std::move(response));
  });
  serving_ = false;
}

void Connection::answered(Response response) {
  if (ended_) return;
  const auto stream = response.stream;
  send(std::move(response), keep_alive_);
  if (ended_) return;
  if (stream) {
    at_ = At::streaming;
    sink_ = std::make_shared<Sink>(*this);
    if (!write_out()) return finish();
    stream(sink_);
    return;
  }
  at_ = At::head;
  head_.reset();
  if (!closing_) timer_.arm(server_.loop_, microseconds(server_.limits_.idle));
  // An answer that comes at once goes on in advance(), whose caller reads on.
  if (!write_out()) return finish();
  if (!serving_ && (!advance() || !read_in())) finish();
}

void Connection::send(Response response, bool keep_alive) {
  std::array<char, kHeadRoom> room;
  http::HeadWriter head(room);
  head.response(response.status).lines(kEveryAnswer);
  if (stream_.is_tls()) head.lines(kStrictTransport);
  head.field("Cache-Control", response.revalidate ? "no-cache" : "no-store");
  if (!response.type.empty()) head.field("Content-Type", response.type);
  for (const auto& [name, value] : response.headers) head.field(name, value);
  if (response.stream || response.file) keep_alive = false;
  if (!response.stream) head.content_length(response.file ? response.file->bytes : response.body.size());
  if (!keep_alive) head.field("Connection", "close");
  const std::string_view written = head.finish();
  // A header that a handler made does not fit, or is none.
  if (written.empty()) return finish();
  if (!keep_alive && !response.stream) {
    closing_ = true;
    timer_.arm(server_.loop_, microseconds(server_.limits_.idle));
  }
  out_ += written;
  if (request_.method == http::Method::head) return;
  out_ += response.body;
  file_ = std::move(response.file);
}

bool Connection::refuse(const http::Refusal& refusal) {
  return close_after(Response::problem(Failure{{ErrorKind::invalid, refusal.reason}, {}}, refusal.status));
}

/// Answers a request that was not read to its end, so the connection cannot go on.
bool Connection::close_after(Response response) {
  send(std::move(response), false);
  return write_out();
}

bool Connection::write_out() {
  while (sent_ < out_.size()) {
    const io::IoResult put = stream_.write(std::string_view(out_).substr(sent_));
    if (put.state == io::IoState::would_block) {
      if (sent_ > kPiece) {
        out_.erase(0, sent_);
        sent_ = 0;
      }
      return true;
    }
    if (put.state != io::IoState::ok) return false;
    sent_ += put.bytes;
  }
  out_.clear();
  sent_ = 0;
  if (file_) return read_file();
  if (closing_ && !farewell_) {
    farewell_ = true;
    stream_.shutdown_write();
    timer_.arm(server_.loop_, kFarewellUs);
  }
  return true;
}

/// The next piece of a file, written in the loop's next turn: others have theirs meanwhile.
bool Connection::read_file() {
  out_.resize(std::min<std::uint64_t>(kFilePiece, file_->bytes));
  const ssize_t got = ::read(file_->file.get(), out_.data(), out_.size());
  if (got <= 0) return false;
  out_.resize(static_cast<std::size_t>(got));
  file_->bytes -= out_.size();
  if (file_->bytes == 0) file_.reset();
  timer_.arm(server_.loop_, microseconds(server_.limits_.idle));
  server_.loop_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired() && !ended_ && !write_out()) finish();
  });
  return true;
}

}  // namespace doorward::admin
