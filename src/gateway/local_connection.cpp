#include "gateway/local_connection.h"

#include <array>
#include <utility>

#include "base/hash.h"
#include "gateway/worker.h"
#include "json/writer.h"

namespace doorward::gateway {
namespace {

constexpr std::string_view kAddress = "local";
constexpr std::int64_t kGreetingUs = 10'000'000;
constexpr std::size_t kMostGreeting = 4096;
/// The client may lag behind by this much before its server is read no further.
constexpr std::size_t kPauseAt = 256u << 10;
constexpr std::size_t kResumeAt = 64u << 10;

}  // namespace

LocalConnection::LocalConnection(Worker& worker, io::Stream stream)
    : worker_(worker),
      stream_(std::move(stream)),
      lines_(worker.shared().options.body_bytes),
      messages_(worker, *this, DuplexClient::Eras::both) {}

LocalConnection::~LocalConnection() {
  wipe(token_);
}

void LocalConnection::start(std::string_view bytes) {
  deadline_us_ = worker_.loop().now_us() + kGreetingUs;
  if (!worker_.loop().add(stream_.fd(), *this)) return close();
  readable_ = true;
  take(bytes);
  read();
}

void LocalConnection::on_ready(std::uint32_t events) {
  if ((events & io::kWritable) != 0 && !out_.empty()) flush();
  if (phase_ == Phase::closed || (events & (io::kReadable | io::kReadToEnd)) == 0) return;
  readable_ = true;
  to_end_ = to_end_ || (events & io::kReadToEnd) != 0;
  read();
}

void LocalConnection::read() {
  static thread_local std::array<char, 65536> block;
  while (readable_ && !paused_ && (phase_ == Phase::greeting || phase_ == Phase::open)) {
    const io::IoResult result = stream_.read(block);
    switch (result.state) {
      case io::IoState::ok:
        if (result.drained && !to_end_) readable_ = false;
        take({block.data(), result.bytes});
        break;
      case io::IoState::would_block:
        readable_ = false;
        break;
      case io::IoState::eof:
        readable_ = false;
        return peer_ended();
      case io::IoState::error:
        return end("client_gone");
    }
  }
}

void LocalConnection::take(std::string_view bytes) {
  std::string_view line;
  while (phase_ == Phase::greeting || phase_ == Phase::open) {
    switch (lines_.next(bytes, line)) {
      case mcp::LineFramer::Step::more:
        return;
      case mcp::LineFramer::Step::too_large: {
        if (phase_ == Phase::greeting) return end("bad_greeting");
        if (!admitted()) return;
        Caller caller;
        caller.world = world_;
        caller.grant = &world_->grant(grant_);
        caller.client_address = kAddress;
        messages_.refuse_long(caller);
        lines_.skip_line();
        break;
      }
      case mcp::LineFramer::Step::line:
        if (phase_ == Phase::open) {
          take_line(line);
          break;
        }
        greet(line);
        if (phase_ == Phase::open && move_home()) {
          // The other worker greets anew, so that its state is its own.
          std::string all(line);
          all.append("\n").append(bytes);
          handed_over_ = true;
          worker_.loop().remove(stream_.fd(), *this);
          phase_ = Phase::closed;
          worker_.hand_over_local(world_->grant(grant_), std::move(stream_), std::move(all));
          return;
        }
        if (phase_ == Phase::open) {
          std::string hello;
          json::Writer writer(hello);
          writer.begin_object().key("doorward").number(1).key("server").string(world_->grant(grant_).target());
          writer.key("grant").string(world_->grant(grant_).grant->label);
          writer.key("message_bytes").number(worker_.shared().options.body_bytes).end_object();
          send_line(hello);
        }
        break;
    }
  }
}

void LocalConnection::take_line(std::string_view line) {
  if (!admitted()) return;
  Caller caller;
  caller.world = world_;
  caller.grant = &world_->grant(grant_);
  if (caller.grant->server != nullptr) caller.server = &worker_.link(*caller.grant->server);
  caller.client_address = kAddress;
  messages_.take(caller, line);
}

void LocalConnection::greet(std::string_view line) {
  if (line.size() > kMostGreeting) return end("bad_greeting");
  json::Reader& reader = worker_.request_reader();
  const auto greeting = reader.read(line);
  if (!greeting) return end("bad_greeting");
  token_ = json::text_of(*greeting, "token");
  server_ = json::text_of(*greeting, "server");
  const identity::Verification verified =
      worker_.world()->table().verify_token(token_, worker_.loop().wall_us() / 1'000'000);
  if (verified.verdict != identity::Verdict::good) {
    // Whoever can come here can read the store, too: the causes need not look alike, as they do over the network.
    return refuse_greeting(identity::to_string(verified.verdict),
                           verified.verdict == identity::Verdict::revoked ? "the grant was revoked, or its token was replaced"
                           : verified.verdict == identity::Verdict::expired ? "the grant has expired"
                                                                            : "no grant has this token");
  }
  world_ = worker_.world();
  grant_ = verified.index;
  judgement_ = worker_.judgement();
  const GrantEntry& entry = world_->grant(grant_);
  if (!entry.reached_as(server_)) {
    return refuse_greeting("wrong_server", "the grant " + entry.grant->label + " is for the server " + entry.target());
  }
  phase_ = Phase::open;
}

bool LocalConnection::move_home() {
  const std::optional<unsigned> home = worker_.home_of(world_->grant(grant_));
  return home && *home != worker_.index();
}

void LocalConnection::refuse_greeting(std::string_view code, std::string_view why) {
  audit::RejectRecord record;
  record.code = code;
  record.client.address = kAddress;
  record.reason = why;
  worker_.record_rejection(record);
  std::string answer;
  json::Writer(answer).begin_object().key("doorward").number(1).key("refused").string(code).key("why").string(why).end_object();
  phase_ = Phase::refused;
  send_line(answer);
  if (phase_ == Phase::refused && out_.empty()) close();
}

bool LocalConnection::admitted() {
  const std::int64_t wall_s = worker_.loop().wall_us() / 1'000'000;
  if (judgement_ == worker_.judgement()) {
    const identity::Grant& grant = *world_->grant(grant_).grant;
    if (!grant.is_revoked() && !grant.is_expired(wall_s)) return true;
  } else if (const auto verified = worker_.world()->table().verify_token(token_, wall_s);
             verified.verdict == identity::Verdict::good &&
             worker_.world()->grant(verified.index).reached_as(server_)) {
    world_ = worker_.world();
    grant_ = verified.index;
    judgement_ = worker_.judgement();
    return true;
  }
  end("grant_ended");
  return false;
}

void LocalConnection::write(Front::Pieces json) {
  static thread_local std::string message;
  message.clear();
  for (const std::string_view piece : json) message += piece;
  send_line(message);
}

void LocalConnection::refuse(std::string_view error) {
  if (!error.empty()) send_line(error);
}

void LocalConnection::send_line(std::string_view json) {
  if (phase_ == Phase::closed) return;
  static thread_local std::string line;
  line.clear();
  mcp::append_line(line, json);
  out_.append(line);
  flush();
  if (phase_ != Phase::open || paused_ || out_.size() <= kPauseAt) return;
  paused_ = true;
  messages_.pause();
}

void LocalConnection::flush() {
  while (!out_.empty()) {
    const io::IoResult result = stream_.write(out_.view());
    if (result.state == io::IoState::would_block) break;
    if (result.state != io::IoState::ok) {
      out_.clear();
      return end("client_gone");
    }
    const bool partial = result.bytes < out_.size();
    out_.consume(result.bytes);
    if (partial) break;
  }
  if (out_.empty()) out_.release();
  if (phase_ == Phase::refused && out_.empty()) return close();
  if (!paused_ || out_.size() >= kResumeAt) return;
  paused_ = false;
  messages_.resume();
  read();
}

void LocalConnection::peer_ended() {
  peer_ended_ = true;
  if (!draining_) return end("client_gone");
  end_when_done();
}

void LocalConnection::check(std::int64_t now_us, std::int64_t wall_s) {
  if (phase_ == Phase::closed) return;
  if (phase_ != Phase::open) {
    if (now_us >= deadline_us_) end("client_too_slow");
    return;
  }
  const identity::Grant& grant = *world_->grant(grant_).grant;
  if (grant.is_revoked() || grant.is_expired(wall_s)) return end("grant_ended");
  if (messages_.session() != nullptr && messages_.session()->ended) return end("session_ended");
  end_when_done();
}

void LocalConnection::drain() {
  if (phase_ == Phase::closed || draining_) return;
  if (phase_ != Phase::open) return end("gateway_stopping");
  draining_ = true;
  messages_.end_streams("gateway_stopping");
  send_line(R"({"doorward":1,"event":"draining"})");
}

void LocalConnection::end_when_done() {
  if (draining_ && peer_ended_ && messages_.idle() && out_.empty()) end("gateway_stopping");
}

void LocalConnection::end(std::string_view why) {
  if (phase_ == Phase::closed) return;
  const bool open = phase_ == Phase::open;
  close();
  if (open) messages_.end(why);
}

void LocalConnection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  worker_.loop().remove(stream_.fd(), *this);
  stream_.close();
  out_.release();
}

}  // namespace doorward::gateway
