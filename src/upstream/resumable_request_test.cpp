// Streams that end before their answer, and how the pool comes back for the rest.
#include <gmock/gmock.h>

#include "upstream/http_pool.h"
#include "upstream/resume_point.h"
#include "upstream/test_support.h"

namespace doorward::upstream::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::string kProgress =
    R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}})";
const std::string kQuestion = R"({"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}})";

std::string numbered(int id, const std::string& data, const std::string& lines = {}) {
  return "id: " + std::to_string(id) + "\n" + lines + "data: " + data + "\n\n";
}
const std::string kPlainHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
std::string refusal(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: 0\r\n\r\n";
}

class ResumeTest : public PoolTest {
 protected:
  /// Asks for request 1 in a legacy session.
  Ticket& ask(Call& call) {
    static constexpr std::array<std::string_view, 2> kBody = {R"({"id":)", "1}"};
    return pool->start(
        {.lines = "Mcp-Session-Id: s-1\r\n", .body = kBody, .resumable = true, .id = 1}, call);
  }
  Ticket& listen(Call& call) {
    return pool->start({.method = http::Method::get, .body = {}, .listening = true, .resumable = true}, call);
  }
  /// Lets time go by until the request has its end.
  bool wait_done(const Probe& probe, milliseconds step = milliseconds(500), int steps = 2000) {
    for (int i = 0; i < steps && !probe.done(); ++i) {
      for (int j = 0; j < 5 && !probe.done(); ++j) loop.poll(1'000);
      pass(step);
    }
    return probe.done();
  }
  /// A server whose connections answer with one text each and then close.
  ScriptedServer::Script sends(std::string text) {
    return [this, text = std::move(text)](Peer& peer) {
      seen.push_back(peer.request());
      peer.send(text);
    };
  }
  std::vector<std::string> seen;  // read after the server has ended
};

TEST_F(ResumeTest, AStreamCutAnywhereIsDeliveredWholeAndOnce_R8) {
  const std::vector<std::string> events = {numbered(1, "", "retry: 20\n"), numbered(2, kProgress),
                                           numbered(3, kQuestion), numbered(4, kMessage)};
  std::string whole;
  for (const std::string& each : events) whole += each;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    std::string asked;
    ScriptedServer server({[&](Peer& peer) {
                             peer.request();
                             peer.send(kPlainHead + whole.substr(0, cut));
                           },
                           [&](Peer& peer) {
                             asked = peer.request();
                             const std::size_t at = asked.find("Last-Event-ID: ");
                             if (at == std::string::npos) return;
                             std::string rest;
                             for (auto i = static_cast<std::size_t>(asked[at + 15] - '0'); i < 4; ++i)
                               rest += events[i];
                             peer.send(kEventHead + chunk(rest) + kLastChunk);
                           }});
    connect(server.port());
    Probe probe;
    ask(probe);
    ASSERT_TRUE(wait_done(probe, milliseconds(100))) << cut;
    if (cut < events[0].size()) {
      EXPECT_THAT(probe.messages, IsEmpty());
      EXPECT_TRUE(probe.ended || probe.failure == FailureKind::closed);
    } else {
      EXPECT_TRUE(probe.ended) << cut;
      EXPECT_THAT(probe.messages, ElementsAre(kProgress, kQuestion, kMessage)) << cut;
      EXPECT_EQ(probe.heads, 1);
      EXPECT_EQ(probe.primings, 1);
      EXPECT_EQ(probe.suspensions, 1);
      EXPECT_EQ(probe.retry, 20u);
    }
    pool.reset();
  }
}

TEST_F(ResumeTest, ComesBackByGetInTheSessionAfterTheTimeThatWasAskedFor) {
  {
    ScriptedServer server({sends(kPlainHead + numbered(7, "", "retry: 3000\n")),
                           sends(kPlainHead + numbered(8, kMessage))});
    connect(server.port());
    Probe probe;
    ask(probe);
    EXPECT_TRUE(run_until(loop, [&] { return probe.suspensions == 1; }));
    pass(milliseconds(2990));
    settle(loop);
    EXPECT_EQ(server.accepted(), 1u);
    pass(milliseconds(20));
    EXPECT_TRUE(run_until_done(loop, probe));
    EXPECT_THAT(probe.messages, ElementsAre(kMessage));
  }
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_THAT(seen[1], StartsWith("GET /mcp HTTP/1.1\r\n"));
  EXPECT_THAT(seen[1], HasSubstr("\r\nAccept: text/event-stream\r\n"));
  EXPECT_THAT(seen[1], HasSubstr("\r\nMcp-Session-Id: s-1\r\n"));
  EXPECT_THAT(seen[1], HasSubstr("\r\nLast-Event-ID: 7\r\n"));
  EXPECT_THAT(seen[1], HasSubstr("\r\nx-api-key: secret\r\n"));
  EXPECT_THAT(seen[1], Not(HasSubstr("Content-")));
}

TEST_F(ResumeTest, TheHandshakesOwnStreamComesBackInTheSessionThatItOpens) {
  {
    ScriptedServer server(
        {sends("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nMcp-Session-Id: s-new\r\n\r\n" +
               numbered(1, "")),
         sends(kPlainHead + numbered(2, kMessage))});
    connect(server.port());
    Probe probe;
    static constexpr std::string_view kBody = R"({"id":1})";
    pool->start({.body = {&kBody, 1}, .resumable = true, .id = 1}, probe);
    EXPECT_TRUE(wait_done(probe));
    EXPECT_TRUE(probe.ended);
  }
  EXPECT_THAT(seen[1], HasSubstr("\r\nMcp-Session-Id: s-new\r\n"));
}

TEST_F(ResumeTest, AnAnswerEndsTheRequestWhateverFollows) {
  ScriptedServer server({sends(kPlainHead + numbered(1, "") + numbered(2, kQuestion) + numbered(3, kMessage))});
  connect(server.port());
  Probe probe;
  ask(probe);
  EXPECT_TRUE(run_until_done(loop, probe));
  EXPECT_TRUE(probe.ended);
  pass(milliseconds(60'000));
  settle(loop);
  EXPECT_EQ(server.accepted(), 1u);
  EXPECT_EQ(pool->busy(), 0u);
}

TEST_F(ResumeTest, WithoutAnEventIdAStreamThatBreaksIsLost) {
  ScriptedServer server({sends(kEventHead + chunk(event(kProgress)))});
  connect(server.port());
  Probe probe;
  ask(probe);
  EXPECT_TRUE(run_until_done(loop, probe));
  EXPECT_EQ(probe.failure, FailureKind::closed);
  EXPECT_EQ(probe.suspensions, 0);
}

TEST_F(ResumeTest, AnIdThatNoHeaderCanHoldIsNotTakenUp) {
  for (const std::string& id : {std::string(1025, 'x'), std::string("a\tb"), std::string("a\x7f"), std::string("a ")}) {
    ScriptedServer server({sends(kPlainHead + numbered(1, "") + "id: " + id + "\ndata: " + kProgress + "\n\n")});
    connect(server.port());
    Probe probe;
    ask(probe);
    EXPECT_TRUE(run_until_done(loop, probe));
    EXPECT_EQ(probe.suspensions, 0) << id;
    EXPECT_TRUE(probe.ended);
    pool.reset();
  }
}

TEST_F(ResumeTest, WhatAServerRepeatsIsNotDeliveredTwice) {
  ScriptedServer server({sends(kPlainHead + numbered(1, "") + numbered(2, kQuestion)),
                         sends(kPlainHead + numbered(1, "") + numbered(2, kQuestion) + numbered(3, kMessage))});
  connect(server.port());
  Probe probe;
  ask(probe);
  EXPECT_TRUE(wait_done(probe));
  EXPECT_THAT(probe.messages, ElementsAre(kQuestion, kMessage));
  EXPECT_EQ(probe.primings, 1);
}

TEST_F(ResumeTest, AServerThatIsAwayForAWhileIsAskedAgainAndLessOften) {
  std::vector<ScriptedServer::Script> scripts = {sends(kPlainHead + numbered(1, "", "retry: 100\n")),
                                                 sends(refusal(503)), sends(""), sends(kPlainHead),
                                                 sends(kPlainHead + numbered(2, kMessage))};
  ScriptedServer server(scripts);
  connect(server.port());
  Probe probe;
  ask(probe);
  EXPECT_TRUE(wait_done(probe));
  EXPECT_TRUE(probe.ended);
  EXPECT_THAT(probe.messages, ElementsAre(kMessage));
  EXPECT_EQ(server.accepted(), 5u);
}

TEST_F(ResumeTest, AServerThatStaysAwayIsGivenUp) {
  ScriptedServer server({sends(kPlainHead + numbered(1, "", "retry: 0\n"))});
  connect(server.port());
  Probe probe;
  ask(probe);
  EXPECT_TRUE(wait_done(probe));
  EXPECT_EQ(probe.failure, FailureKind::closed);
  EXPECT_TRUE(probe.sent);
  EXPECT_EQ(probe.detail, "the stream broke off and could not be taken up again");
  EXPECT_LE(server.accepted(), 10u);
  EXPECT_EQ(probe.suspensions, 1);
}

TEST_F(ResumeTest, ARefusalEndsTheRequestAtOnce) {
  for (const auto& [status, kind] :
       {std::pair{405, FailureKind::closed}, {400, FailureKind::closed}, {404, FailureKind::session_lost}}) {
    ScriptedServer server({sends(kPlainHead + numbered(1, "")), sends(refusal(status))});
    connect(server.port());
    Probe probe;
    ask(probe);
    EXPECT_TRUE(wait_done(probe));
    EXPECT_EQ(probe.failure, kind) << status;
    EXPECT_TRUE(probe.sent);
    EXPECT_EQ(server.accepted(), 2u);
    pool.reset();
  }
}

TEST_F(ResumeTest, ACancelledRequestDoesNotComeBack) {
  ScriptedServer server({sends(kPlainHead + numbered(1, ""))});
  connect(server.port());
  Probe probe;
  Ticket& ticket = ask(probe);
  EXPECT_TRUE(run_until(loop, [&] { return probe.suspensions == 1; }));
  pool->tick();
  EXPECT_EQ(pool->busy(), 1u);
  ticket.cancel();
  pass(milliseconds(60'000));
  settle(loop);
  EXPECT_EQ(server.accepted(), 1u);
  EXPECT_FALSE(probe.done());
  EXPECT_EQ(pool->busy(), 0u);
}

TEST_F(ResumeTest, APauseHoldsAcrossConnections) {
  ScriptedServer server({sends(kPlainHead + numbered(1, "")), sends(kPlainHead + numbered(2, kMessage))});
  connect(server.port());
  Probe probe;
  Ticket& ticket = ask(probe);
  EXPECT_TRUE(run_until(loop, [&] { return probe.suspensions == 1; }));
  ticket.pause();
  pass(milliseconds(1001));
  EXPECT_TRUE(run_until(loop, [&] { return server.finished() == 2; }));
  settle(loop);
  EXPECT_THAT(probe.messages, IsEmpty());
  ticket.resume();
  EXPECT_TRUE(run_until_done(loop, probe));
  EXPECT_THAT(probe.messages, ElementsAre(kMessage));
}

TEST_F(ResumeTest, TheStreamOfASessionGoesOnForEver) {
  {
    ScriptedServer server({sends(kPlainHead + numbered(1, kProgress)), sends(kPlainHead + numbered(2, kMessage)),
                           sends(kPlainHead + numbered(3, kProgress)), sends(refusal(405))});
    connect(server.port());
    Probe probe;
    listen(probe);
    EXPECT_TRUE(wait_done(probe, milliseconds(1000)));
    EXPECT_THAT(probe.messages, ElementsAre(kProgress, kMessage, kProgress));
    EXPECT_EQ(probe.failure, FailureKind::closed);
  }
  EXPECT_THAT(seen[3], HasSubstr("\r\nLast-Event-ID: 3\r\n"));
}

TEST(ResumePoint, RemembersOfAnEndlessStreamOnlyTheLatestEvents) {
  ResumePoint point;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = std::to_string(i);
    EXPECT_TRUE(point.take({"message", "x", id, true, {}}));
  }
  EXPECT_EQ(point.id(), "9999");
  point.taken_up();
  EXPECT_FALSE(point.take({"message", "x", "9999", true, {}}));
  EXPECT_FALSE(point.take({"message", "x", "9744", true, {}}));
  EXPECT_FALSE(point.progress());
  EXPECT_TRUE(point.take({"message", "x", "9743", true, {}}));
  EXPECT_TRUE(point.progress());
}

}  // namespace
}  // namespace doorward::upstream::test
