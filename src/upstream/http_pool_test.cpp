// An HttpPool before a server that does as it should: answers, kept connections, pauses.
#include "upstream/http_pool.h"

#include <gmock/gmock.h>

#include <semaphore>

#include "upstream/test_support.h"

namespace doorward::upstream::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// Answers each request of the connection with this, until it closes.
ScriptedServer::Script always(std::string answer) {
  return [answer = std::move(answer)](Peer& peer) {
    while (!peer.request().empty()) peer.send(answer);
  };
}

TEST_F(PoolTest, SendsTheRequestAndDeliversAJsonAnswer) {
  std::string seen;
  Probe probe;
  {
    ScriptedServer server({[&](Peer& peer) {
      seen = peer.request();
      peer.send(json_answer("Mcp-Session-Id: s-1\r\n"));
    }});
    connect(server.port());
    post(probe, "Mcp-Method: tools/call\r\n");
    EXPECT_EQ(probe.heads, 0);
    EXPECT_TRUE(run_until_done(loop, probe));
    EXPECT_THAT(
        seen, StartsWith("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  }
  EXPECT_EQ(probe.status, 200);
  EXPECT_EQ(probe.session, "s-1");
  EXPECT_FALSE(probe.stream);
  EXPECT_THAT(probe.messages, ElementsAre(kMessage));
  EXPECT_TRUE(probe.ended);
  EXPECT_THAT(seen, HasSubstr("\r\nAccept: application/json, text/event-stream\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nx-api-key: secret\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nMcp-Method: tools/call\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(seen, ::testing::EndsWith("\r\n\r\n{\"id\":1}"));
}

TEST_F(PoolTest, AnswersMayComeByteByByte) {
  ScriptedServer server({[](Peer& peer) {
    peer.request();
    for (char c : json_answer()) peer.send({&c, 1});
  }});
  Probe probe;
  exchange(server, probe);
  EXPECT_THAT(probe.messages, ElementsAre(kMessage));
}

TEST_F(PoolTest, DeliversTheMessagesOfAStreamAndNoOtherEvents_T107) {
  ScriptedServer server({[](Peer& peer) {
    peer.request();
    peer.send(kEventHead +
              chunk("event: endpoint\ndata: http://evil/\n\n: comment\n\nretry: 1\nid: x\n\n" +
                    event(R"({"a":1})")) +
              chunk("event: message\ndata: {\"b\":\ndata: 2}\n\nevent: evil\ndata: {}\n\ndata:\n\n") +
              kLastChunk);
  }});
  Probe probe;
  exchange(server, probe);
  EXPECT_TRUE(probe.stream);
  EXPECT_TRUE(probe.ended);
  EXPECT_THAT(probe.messages, ElementsAre(R"({"a":1})", "{\"b\":\n2}"));
}

TEST_F(PoolTest, AnAcceptedNotificationHasNoMessage) {
  ScriptedServer server({[](Peer& peer) {
    peer.request();
    peer.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  }});
  Probe probe;
  exchange(server, probe);
  EXPECT_EQ(probe.status, 202);
  EXPECT_TRUE(probe.ended);
  EXPECT_THAT(probe.messages, IsEmpty());
}

TEST_F(PoolTest, AnAnswerOfAnotherTypeIsReadAndNotDelivered) {
  ScriptedServer server(
      {always("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<b/>")});
  Probe first, second;
  exchange(server, first);
  EXPECT_EQ(first.status, 502);
  EXPECT_THAT(first.messages, IsEmpty());
  post(second);
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_TRUE(second.ended);
  EXPECT_EQ(server.accepted(), 1u);
}

TEST_F(PoolTest, InterimAnswersAreSkipped) {
  ScriptedServer server({[](Peer& peer) {
    peer.request();
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + json_answer());
  }});
  Probe probe;
  exchange(server, probe);
  EXPECT_EQ(probe.heads, 1);
  EXPECT_EQ(probe.status, 200);
  EXPECT_THAT(probe.messages, ElementsAre(kMessage));
}

TEST_F(PoolTest, ANameIsResolved) {
  ScriptedServer server({always(json_answer())});
  connect(server.port());
  HttpTarget target = settings.http();
  target.host = "localhost";
  settings.target = target;
  pool = std::make_unique<HttpPool>(loop, resolver, std::make_shared<const ServerSettings>(settings));
  Probe probe;
  post(probe);
  EXPECT_TRUE(run_until_done(loop, probe));
  // Where localhost is ::1 first there is no server: what matters is that the call ends either way.
  EXPECT_TRUE(probe.ended || probe.failure == FailureKind::connect);
}

TEST_F(PoolTest, AnAnsweredConnectionServesTheNextCall) {
  ScriptedServer server({always(json_answer())});
  Probe first, second;
  exchange(server, first);
  EXPECT_EQ(pool->busy(), 0u);
  post(second);
  EXPECT_EQ(pool->busy(), 1u);
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_THAT(second.messages, ElementsAre(kMessage));
  EXPECT_EQ(server.accepted(), 1u);
}

TEST_F(PoolTest, ConnectionsThatTheServerWillCloseAreNotKept) {
  for (const char* lines :
       {"Connection: close\r\n", "Keep-Alive: timeout=1\r\n", "Keep-Alive: timeout=0\r\n"}) {
    const auto once = [&](Peer& peer) {
      peer.request();
      peer.send(json_answer(lines));
      EXPECT_TRUE(peer.sees_close());
    };
    ScriptedServer server({once, once});
    Probe first, second;
    exchange(server, first);
    post(second);
    EXPECT_TRUE(run_until_done(loop, second));
    EXPECT_TRUE(first.ended && second.ended) << lines;
    EXPECT_EQ(server.accepted(), 2u) << lines;
  }
}

TEST_F(PoolTest, AConnectionThatTheServerClosedIsForgotten) {
  const auto once = [](Peer& peer) {
    peer.request();
    peer.send(json_answer());
  };
  ScriptedServer server({once, once});
  Probe first, second;
  exchange(server, first);
  EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 1; }));
  settle(loop);
  post(second);
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_TRUE(second.ended);
  EXPECT_EQ(server.accepted(), 2u);
}

TEST_F(PoolTest, AnIdleConnectionIsClosedBeforeTheServerWould) {
  ScriptedServer server({always(json_answer("Keep-Alive: timeout=3\r\n")), always(json_answer())});
  Probe first, second;
  exchange(server, first);
  pass(std::chrono::milliseconds(1900));
  EXPECT_EQ(server.finished(), 0u);
  pass(std::chrono::milliseconds(200));
  EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 1; }));
  post(second);
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_EQ(server.accepted(), 2u);
}

TEST_F(PoolTest, APauseDuringTheLastMessageDoesNotKeepTheConnectionIdleForEver) {
  ScriptedServer server({always(json_answer())});
  Probe probe;
  connect(server.port());
  Ticket& ticket = post(probe);
  probe.hook = [&] { ticket.pause(); };
  EXPECT_TRUE(run_until_done(loop, probe));
  pass(std::chrono::milliseconds(4100));
  EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 1; }));
}

TEST_F(PoolTest, NothingIsReadDuringAPauseAndNoTimeRunsOut) {
  std::binary_semaphore paused{0};
  ScriptedServer server({[&](Peer& peer) {
    peer.request();
    peer.send(kEventHead + chunk(event("1")));
    paused.acquire();
    peer.send(chunk(event("2")) + kLastChunk);
  }});
  Probe probe;
  connect(server.port());
  Ticket& ticket = post(probe);
  probe.hook = [&] {
    if (probe.messages.size() == 1) ticket.pause();
  };
  EXPECT_TRUE(run_until(loop, [&] { return probe.messages.size() == 1; }));
  paused.release();
  EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 1; }));
  settle(loop);
  pass(settings.timeouts.stream_idle * 2);
  EXPECT_EQ(probe.messages.size(), 1u);
  EXPECT_FALSE(probe.done());
  ticket.resume();
  EXPECT_EQ(probe.messages.size(), 1u);  // not from inside resume()
  EXPECT_TRUE(run_until_done(loop, probe));
  EXPECT_TRUE(probe.ended);
  EXPECT_THAT(probe.messages, ElementsAre("1", "2"));
}

TEST_F(PoolTest, CancellingClosesTheConnectionAndTheCallHearsNothing) {
  std::atomic<bool> closed = false;
  std::binary_semaphore asked{0};
  ScriptedServer server({[&](Peer& peer) {
    peer.request();
    asked.release();
    closed = peer.sees_close();
  }});
  Probe probe;
  connect(server.port());
  Ticket& ticket = post(probe);
  EXPECT_TRUE(run_until(loop, [&] { return asked.try_acquire(); }));
  ticket.cancel();
  EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 1; }));
  EXPECT_TRUE(closed);
  settle(loop);
  pool->tick();
  EXPECT_FALSE(probe.done());
  EXPECT_EQ(pool->busy(), 0u);
}

TEST_F(PoolTest, ACallMayCancelItselfFromItsMessage) {
  ScriptedServer server({[](Peer& peer) {
    peer.request();
    peer.send(kEventHead + chunk(event("1") + event("2")) + kLastChunk);
    EXPECT_TRUE(peer.sees_close());
  }});
  Probe probe;
  connect(server.port());
  Ticket& ticket = post(probe);
  probe.hook = [&] { ticket.cancel(); };
  EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 1; }));
  settle(loop);
  EXPECT_THAT(probe.messages, ElementsAre("1"));
  EXPECT_FALSE(probe.done());
}

}  // namespace
}  // namespace doorward::upstream::test
