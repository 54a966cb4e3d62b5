#include "gateway/event_stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "gateway/world.h"

namespace doorward::gateway {
namespace {

class Asked final : public Errand {
 public:
  void begin(Front&, const Caller&, std::string_view, const mcp::Message&) override {}
  void begin_listening(Front&, const Caller&) override {}
  void begin_closing(Front&, const Caller&) override {}
  void abandon(std::string_view why) override { abandoned = why; }
  void pause() override { ++pauses; }
  void resume() override { ++resumes; }
  void continue_in(Front& front) override { to = &front; }
  const GrantEntry& grant() const override { return entry; }

  void say(std::string_view json) { to->send({&json, 1}, {}); }

  GrantEntry entry;
  Front* to = nullptr;
  std::string abandoned;
  int pauses = 0;
  int resumes = 0;
};

class Response final : public EventOutlet {
 public:
  void write_event(std::string_view text) override {
    events.emplace_back(text);
    if (leaves_after != 0 && events.size() >= leaves_after) stream->detach();
  }
  void end_events() override { ended = true; }

  std::vector<std::string> events;
  bool ended = false;
  std::size_t leaves_after = 0;
  EventStream* stream = nullptr;
};

class EventStreamTest : public ::testing::Test {
 protected:
  EventStreamTest() { grant_->revoked = std::make_shared<std::atomic<bool>>(false); }

  std::shared_ptr<identity::Grant> grant_ = std::make_shared<identity::Grant>();
  EventMemory memory_;
  EventStreams streams_{&memory_};
};

TEST_F(EventStreamTest, NumbersEachMessageAndReplaysWhatFollowsAnId) {
  Asked call;
  Response first;
  EventStream& stream = streams_.open(call, grant_, false);
  stream.attach(first, 0);
  call.say("{\"a\":1}");
  call.say("{\"a\":2}");
  EXPECT_EQ(first.events, (std::vector<std::string>{"id: 1-1\ndata: {\"a\":1}\n\n", "id: 1-2\ndata: {\"a\":2}\n\n"}));
  stream.detach();
  call.say("{\"a\":3}");
  const auto place = streams_.find("1-1");
  ASSERT_TRUE(place);
  Response second;
  place->stream->attach(second, place->after);
  call.say("{\"a\":4}");
  EXPECT_EQ(second.events, (std::vector<std::string>{"id: 1-2\ndata: {\"a\":2}\n\n", "id: 1-3\ndata: {\"a\":3}\n\n",
                                                     "id: 1-4\ndata: {\"a\":4}\n\n"}));
  EXPECT_FALSE(second.ended);
  call.to->end_stream();
  EXPECT_TRUE(second.ended);
}

TEST_F(EventStreamTest, AnAnswerThatCameMeanwhileIsReplayedAndEndsTheResponse) {
  Asked call;
  Response first;
  Response second;
  EventStream& stream = streams_.open(call, grant_, true);
  stream.attach(first, 0);
  EXPECT_TRUE(call.to->prime(100));
  EXPECT_EQ(first.events, std::vector<std::string>{"id: 1-1\nretry: 100\ndata:\n\n"});
  call.to->suspend(250);
  EXPECT_EQ(first.events.back(), "retry: 250\n\n");
  EXPECT_TRUE(first.ended);
  call.say("{}");
  call.to->end_stream();
  const auto place = streams_.find("1-1");
  ASSERT_TRUE(place);
  place->stream->attach(second, place->after);
  EXPECT_EQ(second.events, std::vector<std::string>{"id: 1-2\ndata: {}\n\n"});
  EXPECT_TRUE(second.ended);
}

TEST_F(EventStreamTest, PrimesOnceAndOnlyWhoUnderstandsIt) {
  Asked old_call;
  Asked new_call;
  Response old_response;
  Response new_response;
  streams_.open(old_call, grant_, false).attach(old_response, 0);
  streams_.open(new_call, grant_, true).attach(new_response, 0);
  EXPECT_FALSE(old_call.to->prime(1));
  old_call.to->suspend(1);
  EXPECT_TRUE(old_response.events.empty());
  EXPECT_FALSE(old_response.ended);
  new_call.say("{}");
  new_call.say("{}");
  EXPECT_EQ(new_response.events, (std::vector<std::string>{"id: 2-1\ndata:\n\n", "id: 2-2\ndata: {}\n\n",
                                                           "id: 2-3\ndata: {}\n\n"}));
}

TEST_F(EventStreamTest, FindsNothingBehindAnIdThatItNeverGave) {
  Asked call;
  Response response;
  streams_.open(call, grant_, false).attach(response, 0);
  call.say("{}");
  EXPECT_TRUE(streams_.find("1-1"));
  EXPECT_TRUE(streams_.find("1-0"));
  for (const char* id : {"", "1", "1-", "-1", "1-2", "2-0", "0-0", "1-1 ", " 1-1", "1-x", "+1-1", "1--1",
                         "99999999999999999999999-1", "1-99999999999999999999999"}) {
    EXPECT_FALSE(streams_.find(id)) << id;
  }
}

TEST_F(EventStreamTest, AnotherResponseTakesTheStreamOver) {
  Asked call;
  Response first;
  Response second;
  EventStream& stream = streams_.open(call, grant_, false);
  stream.attach(first, 0);
  call.say("{}");
  stream.attach(second, 0);
  EXPECT_TRUE(first.ended);
  call.say("{}");
  EXPECT_EQ(first.events.size(), 1u);
  EXPECT_EQ(second.events.size(), 2u);
}

TEST_F(EventStreamTest, AClientThatLeavesDuringTheReplayGetsTheRestLater) {
  Asked call;
  Response first;
  EventStream& stream = streams_.open(call, grant_, false);
  for (int i = 0; i < 3; ++i) call.say("{}");
  first.stream = &stream;
  first.leaves_after = 2;
  stream.attach(first, 0);
  EXPECT_EQ(first.events.size(), 2u);
  EXPECT_FALSE(stream.attached());
  Response second;
  stream.attach(second, 2);
  EXPECT_EQ(second.events.size(), 1u);
}

TEST_F(EventStreamTest, WithoutAClientItLivesForAGraceAndIsThenGivenUp) {
  Asked call;
  Response response;
  EventStream& stream = streams_.open(call, grant_, false);
  stream.attach(response, 0);
  streams_.sweep(1'000, 0);
  stream.detach();
  streams_.sweep(2'000, 0);
  streams_.sweep(2'000 + EventStreams::kGraceUs - 1, 0);
  EXPECT_EQ(call.abandoned, "");
  streams_.sweep(2'000 + EventStreams::kGraceUs, 0);
  EXPECT_EQ(call.abandoned, "client_gone");
  EXPECT_FALSE(streams_.find("1-0"));
  EXPECT_FALSE(streams_.busy());
}

TEST_F(EventStreamTest, WhoComesBackHasAllOfTheGraceAgain) {
  Asked call;
  Response first;
  Response second;
  EventStream& stream = streams_.open(call, grant_, false);
  stream.attach(first, 0);
  stream.detach();
  streams_.sweep(0, 0);
  stream.attach(second, 0);
  stream.detach();
  streams_.sweep(EventStreams::kGraceUs, 0);
  streams_.sweep(2 * EventStreams::kGraceUs - 1, 0);
  EXPECT_EQ(call.abandoned, "");
}

TEST_F(EventStreamTest, ARevokedGrantEndsWhatHasNoClient_T217) {
  Asked call;
  Response response;
  EventStream& stream = streams_.open(call, grant_, false);
  stream.attach(response, 0);
  call.say("{}");
  stream.detach();
  grant_->revoked->store(true);
  streams_.sweep(1, 0);
  EXPECT_EQ(call.abandoned, "grant_ended");
  EXPECT_FALSE(streams_.find("1-0"));
  EXPECT_EQ(memory_.bytes, 0u);
}

TEST_F(EventStreamTest, TheSessionsOwnStreamKeepsItsIdsFromOneGetToTheNext) {
  Asked first_get;
  Asked second_get;
  Response first;
  Response second;
  EventStream& own = streams_.open_own(first_get, grant_, false);
  own.attach(first, 0);
  first_get.say("{}");
  first_get.say("{}");
  first_get.to->end_stream();
  streams_.open_own(second_get, grant_, false).attach(second, 1);
  second_get.say("{}");
  EXPECT_EQ(second.events, (std::vector<std::string>{"id: 0-2\ndata: {}\n\n", "id: 0-3\ndata: {}\n\n"}));
}

TEST_F(EventStreamTest, TooOldIsNotFoundInACallsStreamAndGoesOnInTheSessionsOwn) {
  Asked call;
  Asked get;
  Response of_call;
  Response of_get;
  streams_.open(call, grant_, false).attach(of_call, 0);
  streams_.open_own(get, grant_, false).attach(of_get, 0);
  for (std::size_t i = 0; i < EventStreams::kEvents + 2; ++i) {
    call.say("{}");
    get.say("{}");
  }
  EXPECT_FALSE(streams_.find("1-1"));
  EXPECT_TRUE(streams_.find("1-2"));
  const auto place = streams_.find("0-1");
  ASSERT_TRUE(place);
  Response again;
  place->stream->attach(again, place->after);
  EXPECT_EQ(again.events.size(), EventStreams::kEvents);
  EXPECT_TRUE(again.events.front().starts_with("id: 0-3\n"));
}

TEST_F(EventStreamTest, KeepsNoMoreThanItsBounds) {
  const std::string big = "\"" + std::string(100'000, 'x') + "\"";
  std::vector<std::unique_ptr<Asked>> calls;
  std::vector<std::unique_ptr<Response>> responses;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(std::make_unique<Asked>());
    responses.push_back(std::make_unique<Response>());
    streams_.open(*calls.back(), grant_, false).attach(*responses.back(), 0);
    calls.back()->say(big);
    if (i < 90) calls.back()->to->end_stream();
    EXPECT_LE(memory_.bytes, EventStreams::kSentBytes);
  }
  EXPECT_FALSE(streams_.find("1-0")) << "the oldest that is over goes first";
  EXPECT_TRUE(streams_.find("95-1")) << "what is live keeps its place, if not its events";
  Asked away;
  streams_.open(away, grant_, false);
  for (int i = 0; i < 60; ++i) away.say(big);
  EXPECT_LE(memory_.bytes, EventStreams::kAwayBytes);
  EXPECT_GT(memory_.bytes, EventStreams::kAwayBytes - 2 * big.size());
}

TEST_F(EventStreamTest, TheWorkersBoundHoldsForAllSessionsTogether) {
  memory_.most = 1000;
  EventStreams other(&memory_);
  Asked here;
  Asked there;
  streams_.open(here, grant_, false);
  other.open(there, grant_, false);
  for (int i = 0; i < 100; ++i) {
    here.say("\"0123456789012345678901234567890123456789\"");
    there.say("\"0123456789012345678901234567890123456789\"");
    EXPECT_LE(memory_.bytes, memory_.most);
  }
}

TEST_F(EventStreamTest, AnEndedSessionEndsItsOwnStreamAndWhatHasNoClient) {
  Asked get;
  Asked served;
  Asked alone;
  Response of_get;
  Response of_served;
  streams_.open_own(get, grant_, false).attach(of_get, 0);
  streams_.open(served, grant_, false).attach(of_served, 0);
  streams_.open(alone, grant_, false);
  streams_.end("session_ended");
  EXPECT_EQ(get.abandoned, "session_ended");
  EXPECT_TRUE(of_get.ended);
  EXPECT_EQ(alone.abandoned, "session_ended");
  EXPECT_EQ(served.abandoned, "");
  EXPECT_TRUE(streams_.busy());
  served.to->end_stream();
  EXPECT_FALSE(streams_.busy());
}

TEST_F(EventStreamTest, PassesOnThatAClientLagsBehind) {
  Asked call;
  Response response;
  EventStream& stream = streams_.open(call, grant_, false);
  stream.attach(response, 0);
  stream.pause();
  stream.resume();
  EXPECT_EQ(call.pauses, 1);
  EXPECT_EQ(call.resumes, 1);
}

}  // namespace
}  // namespace doorward::gateway
