#include "upstream/backoff.h"

#include <gmock/gmock.h>

#include "upstream/test_support.h"

namespace doorward::upstream::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST(Backoff, PausesDoubleUpToABound) {
  Backoff backoff(100, 1000);
  EXPECT_FALSE(backoff.failing());
  EXPECT_EQ(backoff.wait_us(5), 0);
  std::int64_t now = 0;
  for (std::int64_t pause : {100, 200, 400, 800, 1000, 1000}) {
    backoff.failed(now);
    backoff.failed(now + 50);  // began together with the first
    EXPECT_EQ(backoff.wait_us(now), pause);
    now += pause;
    EXPECT_EQ(backoff.wait_us(now), 0);
    EXPECT_TRUE(backoff.failing());
  }
  backoff.succeeded();
  backoff.failed(now);
  EXPECT_EQ(backoff.wait_us(now), 100);
}

TEST_F(PoolTest, AServerThatIsDownIsNotDialledForEveryCall) {
  {
    ScriptedServer gone({});
    connect(gone.port());
  }
  Probe first;
  post(first);
  EXPECT_TRUE(run_until_done(loop, first));
  EXPECT_EQ(first.detail, "the connection was refused");
  Probe second;
  post(second);
  EXPECT_FALSE(second.done());
  settle(loop);
  EXPECT_EQ(second.failure, FailureKind::connect);
  EXPECT_FALSE(second.sent);
  EXPECT_THAT(second.detail, HasSubstr("the next try is in 100 ms"));
  pass(milliseconds(101));
  Probe third, fourth;
  post(third);
  post(fourth);
  EXPECT_TRUE(run_until(loop, [&] { return third.done() && fourth.done(); }));
  EXPECT_EQ(third.detail, "the connection was refused");
  EXPECT_THAT(fourth.detail, HasSubstr("under way"));
  pass(milliseconds(101));
  Probe fifth;
  post(fifth);
  EXPECT_TRUE(run_until_done(loop, fifth));
  EXPECT_THAT(fifth.detail, HasSubstr("the next try is in"));
}

TEST_F(PoolTest, ATryThatIsGivenUpLetsAnotherOneTry) {
  {
    ScriptedServer gone({});
    connect(gone.port());
  }
  Probe first, second, third;
  post(first);
  EXPECT_TRUE(run_until_done(loop, first));
  pass(milliseconds(101));
  post(second).cancel();
  post(third);
  EXPECT_TRUE(run_until_done(loop, third));
  EXPECT_EQ(third.detail, "the connection was refused");
}

TEST_F(PoolTest, AServerThatIsBackIsUsedByAllAtOnce) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&at), size), 0);  // bound, but it does not listen yet
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
  connect(ntohs(at.sin_port));
  Probe first;
  post(first);
  EXPECT_TRUE(run_until_done(loop, first));
  ASSERT_EQ(::listen(socket, 8), 0);
  pass(milliseconds(101));
  std::array<Probe, 3> calls;
  std::vector<std::unique_ptr<Peer>> peers;
  for (Probe& call : calls) {
    post(call);
    loop.poll(10'000);
    peers.push_back(std::make_unique<Peer>(::accept(socket, nullptr, nullptr)));
    EXPECT_FALSE(peers.back()->request().empty());
  }
  for (const auto& peer : peers) peer->send(json_answer());
  EXPECT_TRUE(run_until(loop, [&] { return calls[0].done() && calls[1].done() && calls[2].done(); }));
  for (const Probe& call : calls) EXPECT_TRUE(call.ended);
  ::close(socket);
}

}  // namespace
}  // namespace doorward::upstream::test
