#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "io/loop.h"
#include "upstream/call.h"
#include "upstream/channel.h"
#include "upstream/http_pool.h"

namespace doorward::upstream::test {

/// Remembers what became of a request.
struct Probe final : Call {
  void on_head(int head_status, std::string_view id, bool is_stream) override {
    ++heads;
    status = head_status;
    session = id;
    stream = is_stream;
  }
  void on_message(std::string_view text) override {
    EXPECT_FALSE(done()) << text;
    messages.emplace_back(text);
    if (hook) hook();
  }
  void on_end() override {
    EXPECT_FALSE(done());
    ended = true;
  }
  void on_failure(const Failure& what) override {
    EXPECT_FALSE(done());
    failure = what.kind;
    sent = what.sent;
    detail = what.detail;
  }
  void on_priming(std::optional<std::uint32_t> retry_ms) override {
    ++primings;
    retry = retry_ms;
  }
  void on_suspended(std::optional<std::uint32_t> retry_ms) override {
    ++suspensions;
    retry = retry_ms;
  }
  bool done() const { return ended || failure.has_value(); }

  int heads = 0;
  int primings = 0;
  int suspensions = 0;
  std::optional<std::uint32_t> retry;
  int status = 0;
  std::string session;
  bool stream = false;
  std::vector<std::string> messages;
  bool ended = false;
  std::optional<FailureKind> failure;
  bool sent = false;
  std::string detail;
  std::function<void()> hook;
};

/// Remembers what a channel says.
struct Listener final : ChannelListener {
  void on_notification(std::string_view text, const mcp::Message&) override {
    notifications.emplace_back(text);
  }
  void on_request(std::string_view text, const mcp::Message&) override { requests.emplace_back(text); }
  void on_protocol_error(std::string_view why) override { errors.emplace_back(why); }
  void on_error_line(std::string_view line) override { lines.emplace_back(line); }
  void on_closed(const Closing& closing) override {
    EXPECT_FALSE(closed);
    closed = true;
    why = closing.why;
    established = closing.established;
    status = closing.process;
  }

  std::vector<std::string> notifications, requests, errors, lines;
  std::optional<io::ExitStatus> status;
  std::string why;
  bool established = false;
  bool closed = false;
};

/// Runs the loop until `reached`, for at most some seconds.
template <typename Condition>
bool run_until(io::Loop& loop, Condition&& reached) {
  for (int i = 0; i < 2000; ++i) {
    if (reached()) return true;
    loop.poll(5'000);
  }
  return false;
}
inline bool run_until_done(io::Loop& loop, const Probe& probe) {
  return run_until(loop, [&] { return probe.done(); });
}
/// Lets everything happen that is on its way, where the test expects nothing to.
inline void settle(io::Loop& loop) {
  for (int i = 0; i < 5; ++i) loop.poll(2'000);
}

/// The server's end of one connection, blocking.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {
    const timeval limit{60, 0};  // longer than run_until waits
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Peer() { ::close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// One whole request, head and body; empty where the connection ended.
  std::string request() {
    for (;;) {
      const std::size_t head = held_.find("\r\n\r\n");
      if (head != std::string::npos) {
        std::size_t body = 0;
        constexpr std::string_view kName = "Content-Length: ";
        if (const std::size_t at = held_.find(kName); at < head) {
          std::from_chars(held_.data() + at + kName.size(), held_.data() + head, body);
        }
        if (held_.size() >= head + 4 + body) {
          std::string whole = held_.substr(0, head + 4 + body);
          held_.erase(0, whole.size());
          return whole;
        }
      }
      char block[4096];
      const ssize_t got = ::recv(fd_, block, sizeof block, 0);
      if (got <= 0) return {};
      held_.append(block, static_cast<std::size_t>(got));
    }
  }
  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t put = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (put <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  /// True where the other side closes before it sends anything.
  bool sees_close() {
    char byte;
    return ::recv(fd_, &byte, 1, 0) <= 0 && errno != EAGAIN;
  }
  /// The same end of the connection, which outlives the script.
  std::unique_ptr<Peer> kept() const { return std::make_unique<Peer>(::dup(fd_)); }
  /// Closing becomes a reset.
  void reset_on_close() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  int fd_;
  std::string held_;
};

/// A server on 127.0.0.1 whose n-th connection runs the n-th script; without scripts left it accepts and
/// closes.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;
  explicit ScriptedServer(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 64) != 0)
      std::abort();
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    {
      const std::lock_guard lock(mutex_);
      if (current_ >= 0) ::shutdown(current_, SHUT_RDWR);
    }
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  /// Connections taken, and those of them whose script has ended.
  std::size_t accepted() const { return accepted_; }
  std::size_t finished() const { return finished_; }

 private:
  void set_current(int fd) {
    const std::lock_guard lock(mutex_);
    current_ = fd;
  }
  void serve() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) {
        if (stopping_) return;
        continue;
      }
      const std::size_t number = accepted_++;
      set_current(fd);
      {
        Peer peer(fd);
        if (number < scripts_.size()) scripts_[number](peer);
        set_current(-1);
      }
      ++finished_;
    }
  }

  std::vector<Script> scripts_;
  std::mutex mutex_;
  int current_ = -1;  // the connection being served
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> accepted_ = 0;
  std::atomic<std::size_t> finished_ = 0;
  std::thread thread_;
};

/// A pool toward a port of this machine, under a clock that moves only when told to.
class PoolTest : public ::testing::Test {
 protected:
  HttpPool& connect(std::uint16_t port) {
    settings.name = "files";
    HttpTarget target;
    target.host = "127.0.0.1";
    target.port = port;
    target.authority = "127.0.0.1:" + std::to_string(port);
    target.path = "/mcp";
    target.headers = {{"x-api-key", "secret"}};
    settings.target = target;
    pool = std::make_unique<HttpPool>(loop, resolver, std::make_shared<const ServerSettings>(settings));
    return *pool;
  }
  Ticket& post(Call& call, std::string_view lines = {}, bool listening = false) {
    static constexpr std::array<std::string_view, 2> kBody = {R"({"id":)", "1}"};
    return pool->start({.lines = lines, .body = kBody, .listening = listening}, call);
  }
  /// One answer to the first request of one connection.
  void exchange(ScriptedServer& server, Probe& probe) {
    connect(server.port());
    post(probe);
    EXPECT_TRUE(run_until_done(loop, probe));
  }
  void pass(std::chrono::milliseconds time) {
    clock.advance_us(time.count() * 1000);
    loop.poll(0);
    pool->tick();
    loop.poll(0);
  }

  FakeClock clock;
  io::Loop loop{clock};
  io::Resolver resolver;
  ServerSettings settings;
  std::unique_ptr<HttpPool> pool;
};

inline const std::string kMessage = R"({"jsonrpc":"2.0","id":1,"result":{"ok":true}})";

inline std::string json_answer(const std::string& lines = {}, const std::string& body = kMessage) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + lines + "\r\n" + body;
}
inline std::string chunk(const std::string& bytes) {
  char size[20];
  const auto end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
  return std::string(size, end) + "\r\n" + bytes + "\r\n";
}
inline const std::string kEventHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
inline const std::string kLastChunk = "0\r\n\r\n";
inline std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

}  // namespace doorward::upstream::test
