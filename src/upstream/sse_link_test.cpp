// A channel over HTTP+SSE before servers that keep to 2024-11-05 and that do not.
#include "upstream/sse_link.h"

#include <gmock/gmock.h>

#include "upstream/test_support.h"

namespace doorward::upstream::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::string kStreamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
std::string endpoint(const std::string& uri) {
  return "event: endpoint\ndata: " + uri + "\n\n";
}
std::string reply(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}
std::string answer(int id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":{}})";
}

class SseLinkTest : public PoolTest {
 protected:
  /// A stream that begins with this; then one connection for each status, answering a POST.
  void start(const std::string& begin, std::vector<int> statuses = {}) {
    std::vector<ScriptedServer::Script> scripts = {[this, begin](Peer& peer) {
      asked.push_back(peer.request());
      stream = peer.kept();
      peer.send(begin);
    }};
    for (int status : statuses) {
      scripts.push_back([this, status](Peer& peer) {
        asked.push_back(peer.request());
        peer.send(reply(status));
      });
    }
    server = std::make_unique<ScriptedServer>(scripts);
    connect(server->port());
    link = std::make_unique<SseLink>(loop, *pool, listener);
  }
  Ticket& ask(int id, Call& call) {
    static std::string text;
    text = R"({"id":)" + std::to_string(id) + "}";
    const std::string_view piece = text;
    return link->send(static_cast<std::uint64_t>(id), {&piece, 1}, call);
  }
  void note(std::string_view text) { link->notify({&text, 1}); }
  bool served(std::size_t connections) {
    return run_until(loop, [&] { return server->finished() == connections; });
  }
  void tick(milliseconds time) {
    pass(time);
    link->tick();
    loop.poll(0);
  }
  bool closed() {
    return run_until(loop, [&] { return listener.closed; });
  }
  void TearDown() override {
    link.reset();
    pool.reset();
    stream.reset();
    server.reset();
  }

  Listener listener;
  std::vector<std::string> asked;  // read only while the server waits for another connection
  std::unique_ptr<Peer> stream;
  std::unique_ptr<ScriptedServer> server;
  std::unique_ptr<SseLink> link;
};

TEST_F(SseLinkTest, PostsWhereTheStreamSaysAndMatchesAnswersById) {
  start(kStreamHead + endpoint("/messages?s=1"), {202, 202});
  Probe first, second;
  ask(1, first);
  ASSERT_TRUE(served(2));
  ask(2, second);
  ASSERT_TRUE(served(3));
  ASSERT_THAT(asked, SizeIs(3));
  EXPECT_THAT(asked[0], StartsWith("GET /mcp HTTP/1.1\r\n"));
  EXPECT_THAT(asked[0], HasSubstr("\r\nAccept: text/event-stream\r\n"));
  EXPECT_THAT(asked[0], HasSubstr("\r\nx-api-key: secret\r\n"));
  EXPECT_THAT(asked[1], StartsWith("POST /messages?s=1 HTTP/1.1\r\n"));
  EXPECT_THAT(asked[1], HasSubstr("\r\nx-api-key: secret\r\n"));
  EXPECT_THAT(asked[1], EndsWith("\r\n\r\n{\"id\":1}"));
  stream->send("event: message\ndata: " + answer(2) + "\n\nevent: message\ndata: " + answer(1) + "\n\n");
  EXPECT_TRUE(run_until(loop, [&] { return first.done() && second.done(); }));
  EXPECT_THAT(first.messages, ElementsAre(answer(1)));
  EXPECT_THAT(second.messages, ElementsAre(answer(2)));
  EXPECT_TRUE(first.ended && second.ended);
  EXPECT_EQ(first.heads, 0);
  EXPECT_TRUE(link->running());
}

TEST_F(SseLinkTest, WhatBelongsToNoRequestGoesToTheListener) {
  const std::string question = R"({"jsonrpc":"2.0","id":"q","method":"roots/list"})";
  const std::string change = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";
  start(kStreamHead + endpoint("/m") + event(question) + event(change) + event(answer(9)) + event("nonsense"));
  EXPECT_TRUE(run_until(loop, [&] { return listener.errors.size() == 2; }));
  EXPECT_THAT(listener.requests, ElementsAre(question));
  EXPECT_THAT(listener.notifications, ElementsAre(change));
}

TEST_F(SseLinkTest, NothingOvertakesANotification) {
  start(kStreamHead + endpoint("/m"), {202, 202});
  Probe probe;
  note("{\"note\":1}");
  ask(1, probe);
  ASSERT_TRUE(served(3));
  EXPECT_THAT(asked[1], EndsWith("{\"note\":1}"));
  EXPECT_THAT(asked[2], EndsWith("{\"id\":1}"));
}

TEST_F(SseLinkTest, AnotherOriginIsRefusedAndNothingWasSent_T107) {
  start(kStreamHead + endpoint("http://evil.example/m"));
  Probe probe;
  ask(1, probe);
  ASSERT_TRUE(closed());
  EXPECT_EQ(probe.failure, FailureKind::protocol);
  EXPECT_FALSE(probe.sent);
  EXPECT_THAT(listener.why, HasSubstr("another origin"));
  EXPECT_FALSE(listener.established);
  EXPECT_EQ(server->accepted(), 1u);
}

TEST_F(SseLinkTest, AnswersThatAreNoStreamCloseTheChannel) {
  for (const std::string& begin : {reply(404), reply(405), json_answer()}) {
    listener = {};
    start(begin);
    Probe probe;
    ask(1, probe);
    ASSERT_TRUE(closed());
    EXPECT_EQ(probe.failure, FailureKind::protocol);
    EXPECT_FALSE(probe.sent);
    EXPECT_FALSE(listener.established);
    EXPECT_FALSE(link->running());
    TearDown();
  }
}

TEST_F(SseLinkTest, AStreamWithoutAnEndpointIsNotWaitedForLong) {
  start(kStreamHead + ": hello\n\n" + event(answer(1)));
  Probe probe;
  ask(1, probe);
  EXPECT_TRUE(served(1));
  tick(milliseconds(9'000));
  EXPECT_FALSE(listener.closed);
  tick(milliseconds(2'000));
  EXPECT_TRUE(listener.closed);
  EXPECT_EQ(listener.why, "the server's event stream names no endpoint");
}

TEST_F(SseLinkTest, ARefusedPostFailsItsRequestAlone) {
  start(kStreamHead + endpoint("/m"), {404, 202});
  Probe first, second;
  ask(1, first);
  EXPECT_TRUE(run_until_done(loop, first));
  EXPECT_EQ(first.failure, FailureKind::session_lost);
  ask(2, second);
  ASSERT_TRUE(served(3));
  stream->send(event(answer(2)));
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_TRUE(second.ended);
}

TEST_F(SseLinkTest, TheEndOfTheStreamFailsWhatIsUnderWay) {
  start(kStreamHead + endpoint("/m"), {202});
  Probe probe;
  ask(1, probe);
  ASSERT_TRUE(served(2));
  stream.reset();
  ASSERT_TRUE(closed());
  EXPECT_EQ(probe.failure, FailureKind::closed);
  EXPECT_TRUE(probe.sent);
  EXPECT_TRUE(listener.established);
  Probe late;
  ask(2, late);
  EXPECT_FALSE(late.done());
  EXPECT_TRUE(run_until_done(loop, late));
  EXPECT_FALSE(late.sent);
}

TEST_F(SseLinkTest, AStoppedChannelHearsNothingMore) {
  start(kStreamHead + endpoint("/m"), {202});
  Probe probe;
  ask(1, probe);
  ASSERT_TRUE(served(2));
  link->stop();
  EXPECT_FALSE(listener.closed);
  ASSERT_TRUE(closed());
  EXPECT_EQ(probe.failure, FailureKind::closed);
  link->stop();
  settle(loop);
  EXPECT_TRUE(stream->sees_close());
}

TEST_F(SseLinkTest, SilenceTimesOutOneRequestAndNotTheChannel) {
  settings.timeouts.first_byte = milliseconds(3'000);
  start(kStreamHead + endpoint("/m"), {202});
  Probe probe;
  ask(1, probe);
  ASSERT_TRUE(served(2));
  tick(milliseconds(3'100));
  EXPECT_EQ(probe.failure, FailureKind::timeout);
  tick(std::chrono::hours(24));
  EXPECT_TRUE(link->running());
}

TEST_F(SseLinkTest, AServerThatIsNotThereIsToldAsSuch) {
  {
    ScriptedServer gone({});
    connect(gone.port());
  }
  link = std::make_unique<SseLink>(loop, *pool, listener);
  Probe probe;
  ask(1, probe);
  ASSERT_TRUE(closed());
  EXPECT_EQ(probe.failure, FailureKind::connect);
  EXPECT_FALSE(probe.sent);
}

}  // namespace
}  // namespace doorward::upstream::test
