#include "upstream/stdio_link.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "upstream/test_support.h"

namespace doorward::upstream::test {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A child that is a shell script, under a clock that moves only when told to.
class StdioLinkTest : public ::testing::Test {
 protected:
  StdioLink& start(const std::string& script) {
    settings.name = "files";
    settings.target = StdioTarget{{"/bin/sh", "-c", script}, {{"CONFIGURED", "yes"}}, ""};
    auto started = StdioLink::start(loop, std::make_shared<const ServerSettings>(settings), listener);
    if (!started) throw std::runtime_error(started.error().message);
    link = std::move(*started);
    return *link;
  }
  Ticket& ask(std::uint64_t id, Call& call, bool listening = false) {
    const std::string text = R"({"jsonrpc":"2.0","method":"ping","id":)" + std::to_string(id) + "}";
    const std::string_view piece = text;
    return link->send(id, {&piece, 1}, call, listening);
  }
  bool until(std::function<bool()> reached) { return run_until(loop, reached); }
  bool until_exit() {
    return until([&] { return listener.status.has_value(); });
  }
  void pass(milliseconds time) {
    clock.advance_us(time.count() * 1000);
    loop.poll(0);
    link->tick();
    loop.poll(0);
  }

  FakeClock clock;
  io::Loop loop{clock};
  ServerSettings settings;
  Listener listener;
  std::unique_ptr<StdioLink> link;
};

std::string answer(int id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":{}})";
}
/// Shell: prints one line.
std::string say(const std::string& text) {
  return "printf '%s\\n' '" + text + "'; ";
}

TEST_F(StdioLinkTest, AnswersFindTheirRequestsInAnyOrder) {
  start("read a; read b; " + say(answer(2)) + say(answer(1)) + "read c");
  Probe first, second;
  ask(1, first);
  ask(2, second);
  EXPECT_TRUE(until([&] { return first.done() && second.done(); }));
  EXPECT_THAT(first.messages, ElementsAre(answer(1)));
  EXPECT_THAT(second.messages, ElementsAre(answer(2)));
  EXPECT_TRUE(first.ended && second.ended);
  EXPECT_EQ(first.heads, 0);
  EXPECT_THAT(listener.errors, IsEmpty());
}

TEST_F(StdioLinkTest, AMessageIsOneLineWhateverItsWhiteSpace_T261) {
  start("read -r line; echo \"got $line\" >&2; read -r more");
  const std::array<std::string_view, 2> pieces = {"{\n\"id\":", "1\r\n}"};
  link->notify(pieces);
  EXPECT_TRUE(until([&] { return !listener.lines.empty(); }));
  EXPECT_THAT(listener.lines, ElementsAre("got { \"id\":1  }"));
}

TEST_F(StdioLinkTest, LinesThatAreNoMessagesAreErrorsAndDoNoHarm_T258) {
  start("read a; " + say("Server listening on stdio") + "printf '\\001\\377\\n\\n'; " +
        say(answer(1) + answer(1)) + say("[" + answer(1) + "]") +
        say(R"({"jsonrpc":"2.0","id":1,"id":1,"result":{}})") + say(answer(7)) +
        say(R"({"jsonrpc":"2.0","id":"1","result":{}})") + say(answer(1)) + say(answer(1)) + "read b");
  Probe probe;
  ask(1, probe);
  EXPECT_TRUE(until([&] { return listener.errors.size() == 8; }));
  EXPECT_THAT(probe.messages, ElementsAre(answer(1)));
  EXPECT_TRUE(probe.ended);
  EXPECT_TRUE(link->running());
  EXPECT_THAT(listener.errors, Contains("an answer to no request of ours").Times(3));
  EXPECT_THAT(listener.errors, Contains("a message is not strict JSON").Times(4));
}

TEST_F(StdioLinkTest, ALineWithoutItsEndIsNoMessage_T258) {
  start("read a; printf '%s' '" + answer(1) + "'");
  Probe probe;
  ask(1, probe);
  EXPECT_TRUE(until_exit());
  EXPECT_THAT(probe.messages, IsEmpty());
  EXPECT_EQ(probe.failure, FailureKind::closed);
}

TEST_F(StdioLinkTest, ACrashFailsTheCallsOnce_T264) {
  start("read a; kill -9 $$");
  Probe first, second;
  ask(1, first);
  ask(2, second);
  EXPECT_TRUE(until_exit());
  EXPECT_EQ(first.failure, FailureKind::closed);
  EXPECT_EQ(second.failure, FailureKind::closed);
  EXPECT_TRUE(first.sent);
  EXPECT_EQ(listener.status->signal, SIGKILL);
  EXPECT_FALSE(link->running());
  link->stop();
  pass(milliseconds(10'000));
}

TEST_F(StdioLinkTest, WhatWasSaidBeforeTheEndIsHeard) {
  start("read a; " + say(answer(1)) + "echo bye >&2; exit 3");
  Probe probe;
  ask(1, probe);
  EXPECT_TRUE(until_exit());
  EXPECT_TRUE(probe.ended);
  EXPECT_THAT(listener.lines, ElementsAre("bye"));
  EXPECT_EQ(listener.status->code, 3);
}

TEST_F(StdioLinkTest, ARequestOfTheServerGoesToTheListener) {
  const std::string request = R"({"jsonrpc":"2.0","id":"s\"1","method":"sampling/createMessage","params":{}})";
  start(say(request) + "read -r line; echo \"$line\" >&2; read -r more");
  EXPECT_TRUE(until([&] { return !listener.requests.empty(); }));
  EXPECT_THAT(listener.requests, ElementsAre(request));
  const std::string_view answer = R"({"jsonrpc":"2.0","id":"s\"1","result":{}})";
  link->notify({&answer, 1});
  EXPECT_TRUE(until([&] { return !listener.lines.empty(); }));
  EXPECT_EQ(listener.lines.front(), answer);
}

TEST_F(StdioLinkTest, ProgressGoesToItsCallAndOtherNoticesToTheListener) {
  const auto progress = [](const char* token) {
    return R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,"progressToken":)" +
           std::string(token) + "}}";
  };
  const std::string changed = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";
  start("read a; " + say(progress("1")) + say(progress("2")) + say(changed) + say(answer(1)) + "read b");
  Probe probe;
  ask(1, probe);
  EXPECT_TRUE(run_until_done(loop, probe));
  EXPECT_THAT(probe.messages, ElementsAre(progress("1"), answer(1)));
  EXPECT_THAT(listener.errors, ElementsAre("progress of no request of ours"));
  EXPECT_THAT(listener.notifications, ElementsAre(changed));
}

TEST_F(StdioLinkTest, ACancelledCallHearsNothingMore) {
  start("read a; read b; " + say(answer(1)) + say(answer(2)) + "read c");
  Probe first, second;
  ask(1, first).cancel();
  ask(2, second);
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_FALSE(first.done());
  EXPECT_THAT(first.messages, IsEmpty());
  EXPECT_THAT(listener.errors, ElementsAre("an answer to no request of ours"));
}

TEST_F(StdioLinkTest, ASilentServerTimesOutButNotAStreamThatIsListenedTo) {
  settings.timeouts.first_byte = milliseconds(3000);
  start("while read a; do :; done");
  Probe first, second, listening;
  ask(1, first);
  ask(2, second);
  ask(3, listening, true);
  pass(milliseconds(2900));
  EXPECT_FALSE(first.done() || second.done());
  pass(milliseconds(200));
  EXPECT_EQ(first.failure, FailureKind::timeout);
  EXPECT_EQ(second.failure, FailureKind::timeout);
  pass(std::chrono::hours(24));
  EXPECT_FALSE(listening.done());
  EXPECT_TRUE(link->running());
}

TEST_F(StdioLinkTest, AFloodOnStandardErrorIsCutToTwentyLinesASecond) {
  start("i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done >&2; " + say(answer(1)) +
        "read a; read b; echo end >&2; " + say(answer(2)) + "read c");
  Probe first, second;
  ask(1, first);
  EXPECT_TRUE(run_until_done(loop, first));
  settle(loop);
  EXPECT_THAT(listener.lines, SizeIs(20));
  pass(milliseconds(1000));
  ask(2, second);
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_TRUE(until([&] { return listener.lines.size() == 21; }));
}

TEST_F(StdioLinkTest, AnOverlongErrorLineTakesNothingElseWithIt) {
  start("printf '%05000d\\nafter\\n' 0 >&2; read a");
  EXPECT_TRUE(until([&] { return !listener.lines.empty() && listener.lines.back() == "after"; }));
  EXPECT_THAT(listener.lines, Each(::testing::ResultOf([](const std::string& line) { return line.size(); },
                                                       ::testing::Le(4096u))));
}

TEST_F(StdioLinkTest, AnEndlessLineEndsTheChildHoweverLongItTalks_T258) {
  settings.result_bytes = 1000;
  start("trap '' TERM PIPE; read a; while :; do echo -n xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done 2>/dev/null");
  Probe probe;
  ask(1, probe);
  EXPECT_TRUE(run_until_done(loop, probe));
  EXPECT_EQ(probe.failure, FailureKind::too_large);
  for (int i = 0; i < 100 && !listener.status; ++i) {
    pass(milliseconds(100));
    settle(loop);
  }
  EXPECT_TRUE(listener.status);
  EXPECT_THAT(listener.errors, ElementsAre("a line is longer than the server's result limit"));
}

TEST_F(StdioLinkTest, AChildThatDoesNotReadFailsWhatWouldPileUpAndRunsNothingOfIt) {
  start("read a; exec sleep 1000");
  Probe first, second;
  const std::string big(17u << 20, 'x');
  const std::string_view piece = big;
  link->send(1, {&piece, 1}, first);
  link->send(2, {&piece, 1}, second);
  EXPECT_FALSE(second.done());
  EXPECT_TRUE(run_until_done(loop, second));
  EXPECT_EQ(second.failure, FailureKind::closed);
  EXPECT_FALSE(second.sent);
  EXPECT_FALSE(first.done());
}

TEST_F(StdioLinkTest, StopClosesTheInputFirst) {
  start("while read a; do :; done; exit 4");
  Probe probe;
  ask(1, probe);
  link->stop();
  EXPECT_TRUE(until_exit());
  EXPECT_EQ(listener.status->code, 4);
  EXPECT_EQ(probe.failure, FailureKind::closed);
}

TEST_F(StdioLinkTest, StopSendsTermAfterAWhile) {
  start("trap 'exit 5' TERM; echo ready >&2; while :; do sleep 0.01; done");
  EXPECT_TRUE(until([&] { return !listener.lines.empty(); }));
  link->stop();
  pass(milliseconds(1900));
  settle(loop);
  EXPECT_FALSE(listener.status);
  link->stop();  // a second one does not begin the wait again
  pass(milliseconds(200));
  EXPECT_TRUE(until_exit());
  EXPECT_EQ(listener.status->code, 5);
}

TEST_F(StdioLinkTest, StopKillsWhatIgnoresAllElse_T267) {
  start("trap '' TERM; echo ready >&2; while :; do sleep 0.01; done");
  EXPECT_TRUE(until([&] { return !listener.lines.empty(); }));
  link->stop();
  pass(milliseconds(2100));
  settle(loop);
  EXPECT_FALSE(listener.status);
  pass(milliseconds(2100));
  EXPECT_TRUE(until_exit());
  EXPECT_EQ(listener.status->signal, SIGKILL);
}

TEST_F(StdioLinkTest, TheChildSeesOnlyWhatIsAllowedOfOurEnvironment_T253) {
  ::setenv("DOORWARD_TEST_SECRET", "s3cret", 1);
  start("echo \"${DOORWARD_TEST_SECRET-unset} $CONFIGURED ${PATH:+path}\" >&2; read a");
  EXPECT_TRUE(until([&] { return !listener.lines.empty(); }));
  ::unsetenv("DOORWARD_TEST_SECRET");
  EXPECT_THAT(listener.lines, ElementsAre("unset yes path"));
}

TEST_F(StdioLinkTest, AProgramThatDoesNotExistIsToldAtOnce) {
  settings.target = StdioTarget{{"doorward-no-such-program"}, {}, ""};
  const auto started = StdioLink::start(loop, std::make_shared<const ServerSettings>(settings), listener);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("doorward-no-such-program"));
}

}  // namespace
}  // namespace doorward::upstream::test
