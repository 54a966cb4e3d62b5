// An HttpPool before servers that break off, lie, flood or say nothing.
#include <gmock/gmock.h>

#include <semaphore>

#include "io/buffer.h"
#include "upstream/http_pool.h"
#include "upstream/test_support.h"

namespace doorward::upstream::test {
namespace {

using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ScriptedServer::Script once(std::string answer, bool wait_for_close = false) {
  return [answer = std::move(answer), wait_for_close](Peer& peer) {
    peer.request();
    peer.send(answer);
    EXPECT_TRUE(!wait_for_close || peer.sees_close());
  };
}

/// How one answer on a fresh connection ends.
class PoolFaultTest : public PoolTest {
 protected:
  Probe answered_with(const std::string& answer, bool wait_for_close = false) {
    ScriptedServer server({once(answer, wait_for_close)});
    Probe probe;
    exchange(server, probe);
    pool.reset();
    return probe;
  }
};

TEST_F(PoolFaultTest, AnAnswerCutAnywhereIsNeverComplete_R8) {
  const std::string lengths = json_answer();
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
      chunk(kMessage.substr(0, 10)) + chunk(kMessage.substr(10)) + kLastChunk;
  const std::string events = kEventHead + chunk(event(kMessage)) + kLastChunk;
  for (const std::string& answer : {lengths, chunked, events}) {
    for (bool reset : {false, true}) {
      std::vector<ScriptedServer::Script> scripts;
      for (std::size_t length = 0; length < answer.size(); ++length) {
        scripts.push_back([piece = answer.substr(0, length), reset](Peer& peer) {
          peer.request();
          peer.send(piece);
          if (reset) peer.reset_on_close();
        });
      }
      ScriptedServer server(scripts);
      connect(server.port());
      for (std::size_t length = 0; length < answer.size(); ++length) {
        Probe probe;
        post(probe);
        ASSERT_TRUE(run_until_done(loop, probe)) << length;
        EXPECT_FALSE(probe.ended) << length;
        EXPECT_EQ(probe.failure, FailureKind::closed) << length;
        EXPECT_TRUE(probe.sent) << length;
        EXPECT_TRUE(probe.stream || probe.messages.empty()) << length;
        EXPECT_THAT(probe.messages, Each(kMessage)) << length;
        pool->tick();
      }
      EXPECT_EQ(server.accepted(), answer.size());  // none is asked again
      pool.reset();
    }
  }
}

TEST_F(PoolFaultTest, AnEventCutByTheEndOfAnUnframedStreamIsNotDelivered_R8) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
  const std::string second = event(R"({"n":2})");
  for (std::size_t length = 0; length < second.size(); ++length) {
    const Probe probe = answered_with(head + event("1") + second.substr(0, length));
    EXPECT_TRUE(probe.ended);
    EXPECT_THAT(probe.messages, ElementsAre("1")) << length;
  }
}

TEST_F(PoolFaultTest, BytesBehindTheAnswerEndTheConnection) {
  // One that fills the first read to its last byte leaves what follows in the kernel.
  const std::string padded = kMessage + std::string(io::Buffer::kBlock, ' ');
  const std::size_t surplus = json_answer("", padded).size() - io::Buffer::kBlock;
  const std::string block = padded.substr(0, padded.size() - surplus);
  ASSERT_EQ(json_answer("", block).size(), io::Buffer::kBlock);
  for (const std::string& body : {kMessage, block}) {
    const std::string extra = body == kMessage ? "x" : json_answer("", "{}");
    ScriptedServer server({once(json_answer("", body) + extra, true), once(json_answer())});
    Probe first, second;
    exchange(server, first);
    EXPECT_TRUE(first.ended);
    EXPECT_THAT(first.messages, ElementsAre(body));
    EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 1; }));
    post(second);
    EXPECT_TRUE(run_until_done(loop, second));
    EXPECT_THAT(second.messages, ElementsAre(kMessage));
    EXPECT_EQ(server.accepted(), 2u);
    pool.reset();
  }
}

TEST_F(PoolFaultTest, BytesOnAnIdleConnectionEndIt) {
  std::binary_semaphore answered{0};
  ScriptedServer server({[&](Peer& peer) {
                           peer.request();
                           peer.send(json_answer());
                           answered.acquire();
                           peer.send(json_answer());
                           EXPECT_TRUE(peer.sees_close());
                         },
                         once(json_answer())});
  Probe first, second;
  exchange(server, first);
  answered.release();
  EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 1; }));
  post(second);
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_THAT(second.messages, ElementsAre(kMessage));
  EXPECT_EQ(server.accepted(), 2u);
}

TEST_F(PoolFaultTest, ContentCodingsAreRefused_T100) {
  for (const char* coding : {"gzip", "br", "identity, gzip", "gzip, identity", "x"}) {
    const Probe probe = answered_with(json_answer(std::string("Content-Encoding: ") + coding + "\r\n"), true);
    EXPECT_EQ(probe.failure, FailureKind::protocol) << coding;
    EXPECT_THAT(probe.detail, HasSubstr("content coding"));
    EXPECT_THAT(probe.messages, IsEmpty());
  }
  EXPECT_TRUE(answered_with(json_answer("Content-Encoding: identity\r\n")).ended);
}

TEST_F(PoolFaultTest, AHeadThatIsNoHttpIsRefused) {
  for (const char* head : {"hello\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"}) {
    const Probe probe = answered_with(head, true);
    EXPECT_EQ(probe.failure, FailureKind::protocol) << head;
    EXPECT_EQ(probe.heads, 0) << head;
  }
  EXPECT_EQ(
      answered_with(
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          true)
          .failure,
      FailureKind::protocol);
}

TEST_F(PoolFaultTest, ALongerMessageThanAgreedIsRefusedInEachForm) {
  settings.result_bytes = 64;
  const std::string fits = "{" + std::string(62, ' ') + "}";
  const std::string large = "{" + std::string(63, ' ') + "}";
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(answered_with(json_answer("", fits)).messages, ElementsAre(fits));
  EXPECT_THAT(answered_with(chunked + chunk(fits) + kLastChunk).messages, ElementsAre(fits));
  for (const std::string& answer : std::initializer_list<std::string>{
           json_answer("", large), chunked + chunk(large), chunked + chunk(fits) + chunk(" "),
           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + large,
           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n",
           kEventHead + chunk(event(large))}) {
    const Probe probe = answered_with(answer, true);
    EXPECT_EQ(probe.failure, FailureKind::too_large) << answer;
    EXPECT_THAT(probe.messages, IsEmpty());
  }
  // A stream as a whole may be of any length.
  std::string events;
  for (int i = 0; i < 20; ++i) events += chunk(event("0123456789"));
  EXPECT_EQ(answered_with(kEventHead + events + kLastChunk).messages.size(), 20u);
}

TEST_F(PoolFaultTest, ARefusedConnectionSentNothing) {
  std::uint16_t port = 0;
  { port = ScriptedServer({}).port(); }
  connect(port);
  Probe probe;
  post(probe);
  EXPECT_FALSE(probe.done());
  EXPECT_TRUE(run_until_done(loop, probe));
  EXPECT_EQ(probe.failure, FailureKind::connect);
  EXPECT_FALSE(probe.sent);
}

TEST_F(PoolFaultTest, ANameWithoutAddressSentNothing) {
  connect(1);
  HttpTarget target = settings.http();
  target.host = std::string(300, 'a');  // longer than any name: no server is asked
  settings.target = target;
  pool = std::make_unique<HttpPool>(loop, resolver, std::make_shared<const ServerSettings>(settings));
  Probe first, second;
  post(first);
  post(second);
  EXPECT_TRUE(run_until(loop, [&] { return first.done() && second.done(); }));
  EXPECT_EQ(first.failure, FailureKind::resolve);
  EXPECT_EQ(second.failure, FailureKind::resolve);
  EXPECT_FALSE(first.sent || second.sent);
}

TEST_F(PoolFaultTest, APoolMayDieWhileItsConnectionsAreAskedFor) {
  connect(1);
  HttpTarget target = settings.http();
  target.host = std::string(300, 'a');
  settings.target = target;
  pool = std::make_unique<HttpPool>(loop, resolver, std::make_shared<const ServerSettings>(settings));
  Probe probe;
  post(probe);
  pool.reset();
  for (int i = 0; i < 20; ++i) loop.poll(5'000);
  EXPECT_FALSE(probe.done());
}

TEST_F(PoolFaultTest, ASilentServerTimesOut) {
  settings.timeouts = {milliseconds(1000), milliseconds(3000), milliseconds(2000)};
  std::binary_semaphore asked{0};
  ScriptedServer server({[&](Peer& peer) {
    peer.request();
    asked.release();
    EXPECT_TRUE(peer.sees_close());
  }});
  connect(server.port());
  Probe probe;
  post(probe);
  EXPECT_TRUE(run_until(loop, [&] { return asked.try_acquire(); }));
  settle(loop);
  pass(milliseconds(2900));
  EXPECT_FALSE(probe.done());
  pass(milliseconds(200));
  EXPECT_EQ(probe.failure, FailureKind::timeout);
  EXPECT_TRUE(probe.sent);
}

TEST_F(PoolFaultTest, AServerThatStopsInsideItsAnswerTimesOut) {
  settings.timeouts = {milliseconds(1000), milliseconds(9000), milliseconds(2000)};
  ScriptedServer server({once(kEventHead + chunk(event("1")), true)});
  connect(server.port());
  Probe probe;
  post(probe);
  EXPECT_TRUE(run_until(loop, [&] { return probe.messages.size() == 1; }));
  pass(milliseconds(1900));
  EXPECT_FALSE(probe.done());
  pass(milliseconds(200));
  EXPECT_EQ(probe.failure, FailureKind::timeout);
}

TEST_F(PoolFaultTest, AStreamThatIsListenedToMayBeSilent) {
  settings.timeouts = {milliseconds(1000), milliseconds(3000), milliseconds(2000)};
  std::binary_semaphore waited{0};
  ScriptedServer server({[&](Peer& peer) {
    peer.request();
    peer.send(kEventHead + chunk(event("1")));
    waited.acquire();
    peer.send(chunk(event("2")) + kLastChunk);
  }});
  connect(server.port());
  Probe probe;
  post(probe, {}, true);
  EXPECT_TRUE(run_until(loop, [&] { return probe.messages.size() == 1; }));
  pass(std::chrono::hours(24));
  EXPECT_FALSE(probe.done());
  waited.release();
  EXPECT_TRUE(run_until_done(loop, probe));
  EXPECT_THAT(probe.messages, ElementsAre("1", "2"));
}

}  // namespace
}  // namespace doorward::upstream::test
