// What `doorward connect` remembers of a client's messages, and what it says when the gateway goes and comes back.
#include "server/connect_memory.h"

#include <gmock/gmock.h>

#include "json/reader.h"

namespace doorward::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kInitialize =
    R"({"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})";
constexpr std::string_view kAnswer =
    R"({"jsonrpc":"2.0","id":"i","result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"prompts":{}},"serverInfo":{"name":"s","version":"1"}}})";
constexpr std::string_view kInitialized = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
constexpr std::string_view kCall = R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a"}})";

std::string id_of(std::string_view line) {
  json::Reader reader;
  const auto root = reader.read(line);
  return root ? std::string(root->find("id").string()) : std::string();
}

class ConnectMemoryTest : public ::testing::Test {
 protected:
  void open_session() {
    memory.sent(kInitialize);
    EXPECT_TRUE(memory.received(kAnswer));
    memory.sent(kInitialized);
  }
  std::string lost() {
    std::string lines;
    memory.lose(lines, "gone");
    return lines;
  }
  ConnectMemory memory;
};

TEST_F(ConnectMemoryTest, ARequestWithoutAnswerIsAnsweredOnce) {
  memory.sent(kCall);
  memory.sent(R"({"jsonrpc":"2.0","id":"x","method":"tools/list"})");
  EXPECT_TRUE(memory.received(R"({"jsonrpc":"2.0","id":"x","result":{}})"));
  EXPECT_TRUE(memory.has_pending());
  EXPECT_EQ(lost(), "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32603,\"message\":\"gone\"}}\n");
  EXPECT_THAT(lost(), IsEmpty());
  EXPECT_FALSE(memory.has_pending());
}

TEST_F(ConnectMemoryTest, WhatTheClientCancelledHasNoAnswer) {
  memory.sent(kCall);
  memory.sent(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})");
  EXPECT_THAT(lost(), IsEmpty());
}

TEST_F(ConnectMemoryTest, MembersOfABatchCountOneByOne) {
  memory.sent(R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/list"}])");
  EXPECT_TRUE(memory.received(R"([{"jsonrpc":"2.0","id":2,"result":{}}])"));
  EXPECT_THAT(lost(), HasSubstr("\"id\":1,"));
}

TEST_F(ConnectMemoryTest, GarbageIsNoRequest) {
  for (const std::string_view line : {"{", "[]", "null", R"({"jsonrpc":"2.0","id":null,"method":"ping"})", "\xff"}) {
    memory.sent(line);
    EXPECT_TRUE(memory.received(line));
    EXPECT_THAT(memory.requests_in(line), IsEmpty());
  }
  EXPECT_THAT(lost(), IsEmpty());
}

TEST_F(ConnectMemoryTest, ASessionIsOpenedAgainUnseenByItsClient) {
  open_session();
  EXPECT_THAT(lost(), IsEmpty());
  const std::string again = memory.handshake();
  EXPECT_TRUE(memory.shaking_hands());
  EXPECT_THAT(again, HasSubstr(R"("clientInfo":{"name":"t","version":"1"})"));
  EXPECT_NE(id_of(again), "i");
  EXPECT_FALSE(memory.received(R"({"jsonrpc":"2.0","id":")" + id_of(again) + R"(","result":{}})"));
  EXPECT_FALSE(memory.shaking_hands());
  EXPECT_THAT(memory.refusal(), IsEmpty());
  EXPECT_EQ(memory.resume(), std::string(kInitialized) + "\n");
  EXPECT_EQ(memory.list_changes(), "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n");
}

TEST_F(ConnectMemoryTest, AHandshakeThatIsRefusedSaysWhy) {
  open_session();
  lost();
  const std::string again = memory.handshake();
  EXPECT_FALSE(memory.received(R"({"jsonrpc":"2.0","id":")" + id_of(again) + R"(","error":{"code":-32603,"message":"no"}})"));
  EXPECT_EQ(memory.refusal(), "no");
  EXPECT_THAT(memory.handshake(), Not(IsEmpty()));
}

TEST_F(ConnectMemoryTest, WhatWasSetInTheSessionIsSetAgain) {
  open_session();
  const auto request = [this](std::string_view id, std::string_view method, std::string_view params) {
    memory.sent(R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" + std::string(method) +
                R"(","params":)" + std::string(params) + "}");
    memory.received(R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"result":{}})");
  };
  request("1", "logging/setLevel", R"({"level":"info"})");
  request("2", "logging/setLevel", R"({"level":"error"})");
  request("3", "resources/subscribe", R"({"uri":"a:1"})");
  request("4", "resources/subscribe", R"({"uri":"a:2"})");
  request("5", "resources/unsubscribe", R"({"uri":"a:1"})");
  lost();
  memory.received(R"({"jsonrpc":"2.0","id":")" + id_of(memory.handshake()) + R"(","result":{}})");
  const std::string lines = memory.resume();
  EXPECT_THAT(lines, HasSubstr(R"("level":"error")"));
  EXPECT_THAT(lines, Not(HasSubstr("\"info\"")));
  EXPECT_THAT(lines, HasSubstr("a:2"));
  EXPECT_THAT(lines, Not(HasSubstr("a:1")));
  std::string_view second(lines);
  second.remove_prefix(lines.find('\n') + 1);
  EXPECT_FALSE(memory.received(R"({"jsonrpc":"2.0","id":")" + id_of(second.substr(0, second.find('\n'))) + R"(","result":{}})"));
  EXPECT_THAT(lost(), IsEmpty());
}

TEST_F(ConnectMemoryTest, AnUnansweredHandshakeAndAStreamGoOutAgain) {
  memory.sent(kInitialize);
  EXPECT_THAT(lost(), IsEmpty());
  EXPECT_TRUE(memory.waits_for_handshake());
  EXPECT_THAT(memory.handshake(), IsEmpty());
  EXPECT_EQ(memory.resume(), std::string(kInitialize) + "\n");
  EXPECT_TRUE(memory.received(kAnswer));

  const std::string listen = R"({"jsonrpc":"2.0","id":9,"method":"subscriptions/listen","params":{}})";
  memory.sent(listen);
  EXPECT_THAT(lost(), IsEmpty());
  std::string errors;
  memory.give_up(errors, "gone");
  EXPECT_THAT(errors, HasSubstr("\"id\":9"));
}

TEST_F(ConnectMemoryTest, QuestionsOfALostGatewayAreTakenBack) {
  memory.received(R"({"jsonrpc":"2.0","id":3,"method":"roots/list"})");
  memory.received(R"({"jsonrpc":"2.0","id":4,"method":"roots/list"})");
  memory.sent(R"({"jsonrpc":"2.0","id":3,"result":{"roots":[]}})");
  EXPECT_EQ(lost(),
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":4,\"reason\":\"gone\"}}\n");
}

}  // namespace
}  // namespace doorward::server
