#include "server/connect.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "io/signals.h"
#include "io/socket.h"
#include "json/reader.h"
#include "json/writer.h"
#include "mcp/line_framer.h"
#include "server/background.h"
#include "server/connect_memory.h"
#include "server/control_client.h"

namespace doorward::server {
namespace {

constexpr std::size_t kMostLine = 64u << 20;
constexpr std::size_t kMostAnswer = std::size_t{1} << 30;
/// Neither side is read on while so much of what it said waits for the other one.
constexpr std::size_t kMostWaiting = 8u << 20;
constexpr std::int64_t kGraceUs = 5'000'000;
constexpr std::int64_t kStartLookUs = 10'000;
/// How long the values of a client wait for a gateway that takes them.
constexpr std::int64_t kLendUs = 5'000'000;
constexpr std::int64_t kFirstLookUs = 250'000;
constexpr std::int64_t kLastLookUs = 5'000'000;
/// How long a token that was refused is not tried again.
constexpr std::int64_t kRefusedUs = 1'000'000;
/// A gateway that has just gone may be on its way back, started by whoever ended it.
constexpr std::int64_t kComingBackUs = 3'000'000;
/// Connections in a row that end before they are good for anything.
constexpr unsigned kMostFruitless = 10;
constexpr std::string_view kLost =
    "Doorward: the gateway was stopped before it answered. Whether this request ran is not known: check before you repeat "
    "it.";

volatile sig_atomic_t stop_requested = 0;

void on_relay_signal(int) {
  stop_requested = 1;
}

std::int64_t now_us() {
  return system_clock().monotonic_us();
}

/// Bytes on their way out.
class Outbox {
 public:
  std::string& text() { return text_; }  ///< to be appended to
  bool empty() const { return size() == 0; }
  std::size_t size() const { return text_.size() - taken_; }
  std::string_view rest() const { return std::string_view(text_).substr(taken_); }
  void take(std::size_t bytes) {
    taken_ += bytes;
    if (taken_ != text_.size() && taken_ < kShift) return;
    text_.erase(0, taken_);
    taken_ = 0;
  }
  void clear() { text_.clear(), taken_ = 0; }

 private:
  static constexpr std::size_t kShift = 1u << 20;
  std::string text_;
  std::size_t taken_ = 0;
};

/// One client and its way to the gateway. A loop over poll(2), since standard input may be a file.
class Relay {
 public:
  Relay(const StateDir& state, const ClientChoice& choice, const std::vector<std::string>& lent)
      : state_(state), choice_(choice), lent_(lent), start_(state, own_program()), from_client_(kMostLine), from_gateway_(kMostAnswer) {}

  void run(const sigset_t& unblocked);

 private:
  enum class Way : std::uint8_t {
    none,      ///< no connection, and nobody wants one now
    starting,  ///< nobody answers yet
    greeting,  ///< the greeting is on its way
    shaking,   ///< the session's handshake is repeated
    open,
    leaving,   ///< the gateway stops: its last answers come
  };

  bool finished() const;
  /// Whether it is not known yet if there is a way; that has an end of its own.
  bool opening() const { return way_ == Way::starting || way_ == Way::greeting || way_ == Way::shaking; }
  std::int64_t wake_us() const;
  void on_time();

  void read_client();
  void take_client(std::string_view line);
  void client_ended();
  void write_client();

  void go();
  void look();
  Status lend();
  void greet(io::Fd fd);
  void read_gateway();
  void take_gateway(std::string_view line);
  void take_greeting(std::string_view line);
  void opened();
  void write_gateway();
  void close_gateway();
  void fail_all(const std::string& why);
  void send(const std::string& line);
  void complain(const std::string& why);

  StateDir state_;
  ClientChoice choice_;
  std::vector<std::string> lent_;
  BackgroundStart start_;
  ConnectMemory memory_;
  mcp::LineFramer from_client_;
  mcp::LineFramer from_gateway_;
  io::Fd gateway_;
  Way way_ = Way::none;
  std::deque<std::string> held_;  ///< of the client, until there is a way
  std::size_t held_bytes_ = 0;
  Outbox to_client_;
  Outbox to_gateway_;
  std::size_t most_message_ = kMostLine;
  std::string label_;
  std::string complained_;  ///< said last on standard error
  std::string refusal_;
  std::int64_t refused_until_us_ = 0;
  std::int64_t next_look_us_ = 0;
  std::int64_t lend_until_us_ = 0;  ///< how long a gateway without a control socket counts as one that starts
  std::int64_t pause_us_ = kFirstLookUs;
  std::int64_t deadline_us_ = 0;  ///< of what is under way when the input has ended
  std::int64_t start_after_us_ = 0;
  unsigned fruitless_ = 0;
  bool was_open_ = false;
  bool watching_ = false;  ///< looks whether the gateway has come back, without starting one
  bool input_ended_ = false;
  bool output_broken_ = false;
  bool gateway_half_closed_ = false;
};

bool Relay::finished() const {
  if (stop_requested != 0 || output_broken_) return true;
  if (!input_ended_) return false;
  const bool idle = held_.empty() && to_gateway_.empty() && !memory_.has_pending();
  return to_client_.empty() && (idle || (!opening() && now_us() >= deadline_us_));
}

std::int64_t Relay::wake_us() const {
  std::int64_t at = INT64_MAX;
  if (way_ == Way::starting || (way_ == Way::none && watching_)) at = next_look_us_;
  if (input_ended_ && !opening()) at = std::min(at, deadline_us_);
  return at;
}

void Relay::run(const sigset_t& unblocked) {
  while (!finished()) {
    const bool read_client = !input_ended_ && held_bytes_ + to_gateway_.size() < kMostWaiting;
    const bool read_gateway = gateway_ && to_client_.size() < kMostWaiting;
    const auto events = [](bool in, bool out) { return static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0)); };
    std::array<pollfd, 3> fds{
        pollfd{read_client ? STDIN_FILENO : -1, POLLIN, 0},
        pollfd{to_client_.empty() ? -1 : STDOUT_FILENO, POLLOUT, 0},
        pollfd{gateway_.get(), events(read_gateway, !to_gateway_.empty()), 0},
    };
    const std::int64_t wait_us = std::clamp<std::int64_t>(wake_us() - now_us(), 0, 3'600'000'000);
    const timespec timeout{wait_us / 1'000'000, wait_us % 1'000'000 * 1000};
    if (ppoll(fds.data(), fds.size(), &timeout, &unblocked) < 0) continue;
    if (fds[1].revents != 0) write_client();
    if (gateway_ && (fds[2].revents & POLLOUT) != 0) write_gateway();
    if (gateway_ && (fds[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0) this->read_gateway();
    if (fds[0].revents != 0) this->read_client();
    on_time();
  }
}

void Relay::on_time() {
  if ((way_ == Way::starting || (way_ == Way::none && watching_)) && now_us() >= next_look_us_) look();
}

// ---- the client ----

void Relay::read_client() {
  static std::array<char, 65536> block;
  const ssize_t got = read(STDIN_FILENO, block.data(), block.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) return client_ended();
  std::string_view bytes(block.data(), static_cast<std::size_t>(got));
  std::string_view line;
  for (;;) {
    switch (from_client_.next(bytes, line)) {
      case mcp::LineFramer::Step::more:
        return;
      case mcp::LineFramer::Step::line:
        take_client(line);
        break;
      case mcp::LineFramer::Step::too_large:
        ConnectMemory::append_error_line(to_client_.text(), {}, static_cast<int>(mcp::ErrorCode::invalid_request),
                                         "Doorward: the message is longer than 64 MiB.");
        from_client_.skip_line();
        break;
    }
  }
}

void Relay::client_ended() {
  input_ended_ = true;
  deadline_us_ = now_us() + kGraceUs;
  if (from_client_.pending() == 0) return;
  std::string_view end = "\n";
  std::string_view line;
  if (from_client_.next(end, line) == mcp::LineFramer::Step::line) take_client(line);
}

void Relay::take_client(std::string_view line) {
  if (way_ == Way::open) return send(std::string(line));
  held_bytes_ += line.size();
  held_.emplace_back(line);
  if (way_ == Way::none) go();
}

void Relay::send(const std::string& line) {
  if (line.size() > most_message_) {
    for (const std::string& id : memory_.requests_in(line)) {
      ConnectMemory::append_error_line(to_client_.text(), id, static_cast<int>(mcp::ErrorCode::invalid_request),
                                       "Doorward: the message is longer than the gateway's limit for requests, " +
                                           std::to_string(most_message_) + " bytes.");
    }
    return;
  }
  memory_.sent(line);
  mcp::append_line(to_gateway_.text(), line);
}

void Relay::write_client() {
  while (!to_client_.empty()) {
    // A pipe that is said to be writable takes PIPE_BUF bytes without making us wait.
    const std::string_view rest = to_client_.rest();
    ssize_t put = ::send(STDOUT_FILENO, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    const bool pipe = put < 0 && errno == ENOTSOCK;
    if (pipe) put = write(STDOUT_FILENO, rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF));
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (put < 0) {
      output_broken_ = true;
      return;
    }
    to_client_.take(static_cast<std::size_t>(put));
    if (pipe) return;
  }
}

// ---- the gateway ----

void Relay::go() {
  if (now_us() < refused_until_us_) return fail_all(refusal_);
  way_ = Way::starting;
  next_look_us_ = 0;
  look();
}

void Relay::look() {
  const bool wanted = way_ == Way::starting;
  if (auto fd = io::connect_unix(state_.agent_socket())) return greet(std::move(*fd));
  if (!wanted) {
    // Nobody waits: a gateway that was stopped on purpose stays so.
    pause_us_ = std::min(pause_us_ * 2, kLastLookUs);
    next_look_us_ = now_us() + pause_us_;
    return;
  }
  next_look_us_ = now_us() + kStartLookUs;
  // Without a token a gateway would be of no use.
  if (const auto token = read_client_token(state_, choice_); !token) return fail_all(token.error().message);
  if (now_us() < start_after_us_) return;
  if (start_.step(now_us()) == BackgroundStart::Step::failed) {
    fail_all("the gateway could not be started: " + start_.failure());
  }
}

Status Relay::lend() {
  if (lent_.empty()) return {};
  std::string request;
  json::Writer writer(request);
  writer.begin_object().key("op").string("secret.lend").key("server").string(choice_.server).key("values").begin_object();
  for (const std::string& name : lent_) {
    if (const char* value = std::getenv(name.c_str())) writer.key(name).string(value);
  }
  writer.end_object().end_object();
  const ControlAnswer answer = ask_gateway(state_, request);
  wipe(request);
  if (answer) return {};
  return fail(answer.error().error.kind, "the server's variables could not be handed over: " + answer.error().error.message);
}

void Relay::greet(io::Fd fd) {
  auto token = read_client_token(state_, choice_);
  if (!token) return fail_all(token.error().message);
  if (const Status lent = lend(); !lent) {
    // A gateway that starts opens its control socket a moment after that of agents.
    if (lend_until_us_ == 0) lend_until_us_ = now_us() + kLendUs;
    wipe(token->token);
    if (lent.error().kind != ErrorKind::unavailable || now_us() > lend_until_us_) return fail_all(lent.error().message);
    next_look_us_ = now_us() + kStartLookUs;
    return;
  }
  lend_until_us_ = 0;
  label_ = token->label;
  gateway_ = std::move(fd);
  gateway_half_closed_ = false;
  from_gateway_.reset();
  to_gateway_.clear();
  json::Writer writer(to_gateway_.text());
  writer.begin_object().key("doorward").number(1).key("server").string(choice_.server);
  writer.key("token").string(token->token).end_object();
  to_gateway_.text() += '\n';
  wipe(token->token);
  way_ = Way::greeting;
  write_gateway();
}

void Relay::read_gateway() {
  static std::array<char, 65536> block;
  const ssize_t got = recv(gateway_.get(), block.data(), block.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) return close_gateway();
  std::string_view bytes(block.data(), static_cast<std::size_t>(got));
  std::string_view line;
  while (gateway_) {
    const mcp::LineFramer::Step step = from_gateway_.next(bytes, line);
    if (step == mcp::LineFramer::Step::more) return;
    if (step == mcp::LineFramer::Step::too_large) return close_gateway();
    take_gateway(line);
  }
}

void Relay::take_gateway(std::string_view line) {
  if (way_ == Way::greeting) return take_greeting(line);
  if (line.starts_with(R"({"doorward":)")) {
    if (line.find("draining") == std::string_view::npos) return;
    // What was sent before this end is still taken; the rest waits for the gateway's successor.
    way_ = Way::leaving;
    return write_gateway();
  }
  if (memory_.received(line)) mcp::append_line(to_client_.text(), line);
  if (way_ != Way::shaking || memory_.shaking_hands()) return;
  if (memory_.refusal().empty()) return opened();
  const std::string why = "the session could not be opened again: " + memory_.refusal();
  gateway_.reset();
  fail_all(why);
}

void Relay::take_greeting(std::string_view line) {
  json::Reader reader;
  const auto answer = reader.read(line);
  const std::string refused(answer ? json::text_of(*answer, "refused") : std::string_view("unreadable"));
  if (!refused.empty()) {
    const std::string why(answer ? json::text_of(*answer, "why") : std::string_view("its answer cannot be read"));
    gateway_.reset();
    refusal_ = "the gateway does not let this client in: " + why + " (grant " + label_ + "); run `doorward init`, or ask who "
               "runs the gateway for another grant";
    refused_until_us_ = now_us() + kRefusedUs;
    return fail_all(refusal_);
  }
  const json::Value most = answer->find("message_bytes");
  if (most.is(json::Type::number)) most_message_ = std::strtoul(std::string(most.number()).c_str(), nullptr, 10);
  start_.done();
  complained_.clear();
  pause_us_ = kFirstLookUs;
  way_ = Way::shaking;
  to_gateway_.text() += memory_.handshake();
  if (!memory_.shaking_hands()) opened();
}

void Relay::opened() {
  way_ = Way::open;
  if (input_ended_) deadline_us_ = now_us() + kGraceUs;
  to_gateway_.text() += memory_.resume();
  if (was_open_) to_client_.text() += memory_.list_changes();
  was_open_ = watching_ = true;
  fruitless_ = 0;
  for (const std::string& line : std::exchange(held_, {})) send(line);
  held_bytes_ = 0;
  write_gateway();
}

void Relay::write_gateway() {
  while (!to_gateway_.empty()) {
    const ssize_t put = ::send(gateway_.get(), to_gateway_.rest().data(), to_gateway_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // A connection that broke is noticed when it is read, behind what came before.
    if (put < 0) break;
    to_gateway_.take(static_cast<std::size_t>(put));
  }
  if (way_ != Way::leaving || !to_gateway_.empty() || gateway_half_closed_) return;
  gateway_half_closed_ = true;
  shutdown(gateway_.get(), SHUT_WR);
}

void Relay::close_gateway() {
  const bool fruitful = way_ == Way::open || way_ == Way::leaving;
  gateway_.reset();
  to_gateway_.clear();
  memory_.lose(to_client_.text(), kLost);
  if (!fruitful && ++fruitless_ >= kMostFruitless) {
    return fail_all("the gateway ends every connection at once; see " + state_.gateway_log());
  }
  if (fruitful) start_after_us_ = now_us() + kComingBackUs;
  way_ = !held_.empty() || memory_.waits_for_handshake() ? Way::starting : Way::none;
  pause_us_ = kFirstLookUs;
  next_look_us_ = now_us() + (fruitful ? kStartLookUs : kFirstLookUs);
}

void Relay::fail_all(const std::string& why) {
  way_ = Way::none;
  watching_ = false;
  fruitless_ = 0;
  start_.done();
  complain(why);
  const std::string message = "Doorward: " + why;
  memory_.give_up(to_client_.text(), message);
  for (const std::string& line : std::exchange(held_, {})) {
    for (const std::string& id : memory_.requests_in(line)) {
      ConnectMemory::append_error_line(to_client_.text(), id, static_cast<int>(mcp::ErrorCode::internal_error), message);
    }
  }
  held_bytes_ = 0;
}

void Relay::complain(const std::string& why) {
  if (why == complained_) return;
  complained_ = why;
  std::fprintf(stderr, "doorward: error: %s\n", why.c_str());
}

}  // namespace

Status connect_stdio(const StateDir& state, const ClientChoice& choice, const std::vector<std::string>& lent) {
  io::prepare_signals({SIGTERM, SIGINT, SIGHUP});
  struct sigaction action {};
  action.sa_handler = on_relay_signal;
  sigset_t unblocked;
  sigprocmask(SIG_SETMASK, nullptr, &unblocked);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaction(signal, &action, nullptr);
    sigdelset(&unblocked, signal);
  }
  Relay(state, choice, lent).run(unblocked);
  return {};
}

}  // namespace doorward::server
