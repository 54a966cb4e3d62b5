#include "io/fetch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "io/socket.h"

namespace doorward::io {
namespace {

/// A peer that accepts one connection after another and lets `talk` speak with it, blocking.
class Peer {
 public:
  explicit Peer(std::function<void(int fd)> talk)
      : listener_(*listen_tcp(*Address::parse("127.0.0.1", 0))), talk_(std::move(talk)) {
    thread_ = std::thread([this] { serve(); });
  }
  ~Peer() {
    stopping_ = true;
    thread_.join();
  }
  std::string host() const { return local_address(listener_.get())->to_string(); }
  int accepted() const { return accepted_; }

 private:
  void serve() {
    while (!stopping_) {
      pollfd wait{listener_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 20) != 1) continue;
      const int fd = ::accept(listener_.get(), nullptr, nullptr);
      if (fd < 0) continue;
      ++accepted_;
      talk_(fd);
      ::close(fd);
    }
  }

  Fd listener_;
  std::function<void(int)> talk_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::thread thread_;
};

std::string read_until(int fd, std::string_view end) {
  std::string text;
  char byte;
  while (text.find(end) == std::string::npos && ::recv(fd, &byte, 1, 0) == 1) text.push_back(byte);
  return text;
}

void say(int fd, std::string_view text) {
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

FetchRequest to(const Peer& peer, std::string path = "/") {
  FetchRequest request;
  request.url = "http://" + peer.host() + path;
  request.plain_http = true;
  request.reach = Reach::internal;
  return request;
}

TEST(Fetch, BringsStatusHeadersAndBody) {
  std::string seen;
  Peer peer([&](int fd) {
    seen = read_until(fd, "\r\n\r\nhello");
    say(fd, "HTTP/1.1 201 Created\r\nX-One: a\r\nContent-Length: 5\r\n\r\nworld");
  });
  Fetcher fetcher;
  FetchRequest request = to(peer, "/path?q=1");
  request.method = "POST";
  request.headers = {{"content-type", "text/plain"}, {"x-empty", ""}};
  request.body = "hello";
  const auto answer = fetcher.fetch_now(std::move(request));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->header("x-one"), "a");
  EXPECT_EQ(answer->header("x-two"), "");
  EXPECT_EQ(answer->body, "world");
  EXPECT_TRUE(seen.starts_with("POST /path?q=1 HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("content-type: text/plain\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("x-empty:\r\n"), std::string::npos) << seen;
}

TEST(Fetch, AnswersOnTheLoopThatAsked) {
  Peer peer([](int fd) {
    read_until(fd, "\r\n\r\n");
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  Loop loop;
  Fetcher fetcher;
  int status = 0;
  std::thread::id ran;
  fetcher.fetch(to(peer), loop, [&](Result<FetchAnswer> answer) {
    status = answer ? answer->status : -1;
    ran = std::this_thread::get_id();
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(status, 200);
  EXPECT_EQ(ran, std::this_thread::get_id());
}

TEST(Fetch, T235_FollowsNoRedirect) {
  Peer peer([](int fd) {
    read_until(fd, "\r\n\r\n");
    say(fd, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
  });
  Fetcher fetcher;
  const auto answer = fetcher.fetch_now(to(peer));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(peer.accepted(), 1);
}

TEST(Fetch, T234_DialsNoAddressThatTheNamerMayNotReach) {
  Peer peer([](int) {});
  Fetcher fetcher;
  for (const std::string& host : {peer.host(), "localhost:" + peer.host().substr(peer.host().find(':') + 1)}) {
    FetchRequest request = to(peer);
    request.url = "http://" + host + "/";
    request.reach = Reach::global;
    const auto answer = fetcher.fetch_now(std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::denied) << answer.error().message;
  }
  EXPECT_EQ(peer.accepted(), 0);
}

TEST(Fetch, T236_EndsAtItsBounds) {
  Peer peer([](int fd) {
    const std::string head = read_until(fd, "\r\n\r\n");
    if (head.starts_with("GET /slow")) {
      char byte;
      ::recv(fd, &byte, 1, 0);  // until the other side gives up
      return;
    }
    const std::string body(70'000, 'x');
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
  });
  Fetcher fetcher;
  FetchRequest large = to(peer);
  large.most_bytes = 65'536;
  EXPECT_EQ(fetcher.fetch_now(std::move(large)).error().kind, ErrorKind::exhausted);
  FetchRequest slow = to(peer, "/slow");
  slow.timeout = std::chrono::milliseconds(100);
  EXPECT_EQ(fetcher.fetch_now(std::move(slow)).error().kind, ErrorKind::unavailable);
}

TEST(Fetch, T238_RefusesOtherUrls) {
  Fetcher fetcher;
  for (const char* url : {"http://example.com/", "ftp://example.com/", "file:///etc/passwd", "https://u:p@example.com/",
                          "https://example.com/#x", "https://exa mple.com/", "https://example.com/\r\nX: y", ""}) {
    FetchRequest request;
    request.url = url;
    const auto answer = fetcher.fetch_now(std::move(request));
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid) << url;
  }
  FetchRequest request;
  request.url = "https://example.com/";
  request.headers = {{"x", "a\r\nb: c"}};
  EXPECT_EQ(fetcher.fetch_now(std::move(request)).error().kind, ErrorKind::invalid);
}

TEST(Fetch, AnswersWhatItStillHeldAtItsEnd) {
  Peer peer([](int fd) {
    char byte;
    while (::recv(fd, &byte, 1, 0) == 1) {
    }
  });
  Loop loop;
  auto fetcher = std::make_unique<Fetcher>();
  bool answered = false;
  fetcher->fetch(to(peer), loop, [&](Result<FetchAnswer> answer) {
    answered = !answer && answer.error().kind == ErrorKind::unavailable;
    loop.stop();
  });
  fetcher.reset();
  loop.run();
  EXPECT_TRUE(answered);
}

TEST(Fetch, SendsMail) {
  std::string message;
  Peer peer([&](int fd) {
    say(fd, "220 relay\r\n");
    read_until(fd, "\r\n");
    say(fd, "250 relay\r\n");
    for (const char* step : {"MAIL", "RCPT"}) {
      if (!read_until(fd, "\r\n").starts_with(step)) return;
      say(fd, "250 ok\r\n");
    }
    if (!read_until(fd, "\r\n").starts_with("DATA")) return;
    say(fd, "354 go on\r\n");
    message = read_until(fd, "\r\n.\r\n");
    say(fd, "250 taken\r\n");
    read_until(fd, "\r\n");
    say(fd, "221 bye\r\n");
  });
  Loop loop;
  Fetcher fetcher;
  Mail mail;
  mail.relay = "smtp://" + peer.host();
  mail.starttls = false;
  mail.from = "doorward@example.com";
  mail.to = {"person@example.com"};
  mail.message = "Subject: waiting\r\n\r\nA call waits.\r\n";
  Status sent = fail(ErrorKind::invalid, "not called");
  fetcher.send(mail, loop, [&](Status status) {
    sent = std::move(status);
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(sent) << sent.error().message;
  EXPECT_TRUE(message.starts_with("Subject: waiting\r\n\r\nA call waits.\r\n")) << message;

  mail.starttls = true;  // which this relay does not offer
  fetcher.send(mail, loop, [&](Status status) {
    sent = std::move(status);
    loop.stop();
  });
  loop.run();
  EXPECT_FALSE(sent);
  EXPECT_EQ(peer.accepted(), 2);
}

}  // namespace
}  // namespace doorward::io
