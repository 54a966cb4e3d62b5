#include "upstream/request_table.h"

#include <gmock/gmock.h>

#include "upstream/test_support.h"

namespace doorward::upstream::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kProgress =
    R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1,"progressToken":7}})";
const std::string kAnswer = R"({"jsonrpc":"2.0","id":7,"result":{}})";

struct RequestTableTest : ::testing::Test {
  RequestTableTest() {
    settings.result_bytes = 1000;
    settings.timeouts.first_byte = milliseconds(3'000);
    settings.timeouts.stream_idle = milliseconds(2'000);
  }
  void pass(int ms) {
    clock.advance_us(ms * 1000);
    loop.poll(0);
    table.tick();
  }
  FakeClock clock;
  io::Loop loop{clock};
  ServerSettings settings;
  Listener listener;
  RequestTable table{loop, settings, listener};
  Probe probe;
};

TEST_F(RequestTableTest, APausedRequestIsSentAtMostTheResultLimit) {
  Ticket& ticket = table.add(7, probe, false);
  ticket.pause();
  for (int i = 0; i < 8; ++i) table.take(kProgress);
  EXPECT_FALSE(probe.done());
  ticket.resume();
  ticket.pause();
  while (!probe.done() && probe.messages.size() < 100) table.take(kProgress);
  EXPECT_EQ(probe.failure, FailureKind::too_large);
  EXPECT_LT(probe.messages.size(), 8u + 1000 / kProgress.size() + 1);
}

TEST_F(RequestTableTest, APausedOrPatientRequestMayBeSilent) {
  Ticket& ticket = table.add(7, probe, false);
  ticket.pause();
  pass(10'000);
  ticket.resume();
  ticket.set_patient(true);
  pass(10'000);
  table.take(kProgress);
  pass(10'000);
  EXPECT_FALSE(probe.done());
  ticket.set_patient(false);
  pass(2'100);
  EXPECT_EQ(probe.failure, FailureKind::timeout);
}

TEST_F(RequestTableTest, ProgressPutsTheDeadlineOff) {
  table.add(7, probe, false);
  pass(2'900);
  table.take(kProgress);
  pass(1'900);
  EXPECT_FALSE(probe.done());
  pass(200);
  EXPECT_EQ(probe.failure, FailureKind::timeout);
}

TEST_F(RequestTableTest, AFailureForLaterComesFromTheLoopAndOnce) {
  table.add(7, probe, false);
  table.fail_later(7, {FailureKind::closed, false, "no room"});
  table.fail_later(8, {FailureKind::closed, false, "no room"});
  EXPECT_FALSE(probe.done());
  loop.poll(0);
  EXPECT_EQ(probe.failure, FailureKind::closed);
  EXPECT_FALSE(probe.sent);
  table.take(kAnswer);
  EXPECT_THAT(probe.messages, IsEmpty());
  EXPECT_THAT(listener.errors, ElementsAre("an answer to no request of ours"));
}

TEST_F(RequestTableTest, ARequestGivenUpInsideItsOwnMessageEndsThere) {
  Ticket& ticket = table.add(7, probe, false);
  probe.hook = [&] { ticket.cancel(); };
  table.take(kAnswer);
  EXPECT_THAT(probe.messages, SizeIs(1));
  EXPECT_FALSE(probe.done());
}

struct LogReader final : Call {
  void on_head(int, std::string_view, bool) override {}
  void on_message(std::string_view text) override { messages.emplace_back(text); }
  void on_end() override {}
  void on_failure(const Failure&) override {}
  bool wants_log() const override { return true; }
  std::vector<std::string> messages;
};

TEST_F(RequestTableTest, ALogMessageGoesToTheOnlyRequestThatAskedForSome) {
  const std::string log =
      R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}})";
  table.add(7, probe, false);
  table.take(log);
  EXPECT_THAT(listener.notifications, ElementsAre(log)) << "nobody asked";
  LogReader first, second;
  table.add(8, first, false);
  table.take(log);
  EXPECT_THAT(first.messages, ElementsAre(log));
  table.add(9, second, false);
  table.take(log);
  EXPECT_THAT(first.messages, SizeIs(1)) << "it may be either's";
  EXPECT_THAT(second.messages, IsEmpty());
  EXPECT_THAT(listener.notifications, SizeIs(2));
  EXPECT_THAT(probe.messages, IsEmpty());
}

}  // namespace
}  // namespace doorward::upstream::test
