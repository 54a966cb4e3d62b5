#include <gtest/gtest.h>

#include <string>

#include "server/config.h"
#include "server/config_server.h"

namespace doorward::server {
namespace {

constexpr const char* kEverything =
    R"({"url":"http://127.0.0.1:1/mcp","era":"legacy","transport":"sse","sessions":"per_call","include_new":true,)"
    R"("client_requests":["sampling","roots"],"admit_names":["odd name"]})";

std::string error_of(const std::string& settings) {
  const auto config = parse_config("servers:\n  - {name: a, " + settings + "}\n", "g.yaml");
  return config ? std::string() : config.error().front().text();
}

TEST(ConfigProtocol, EverySettingIsReadAndWrittenAgain) {
  const auto server = parse_server_settings("up", kEverything);
  ASSERT_TRUE(server) << server.error().front().text();
  EXPECT_EQ(server->protocol.era, upstream::ServerEra::legacy);
  EXPECT_EQ(server->transport, upstream::HttpTransport::sse);
  EXPECT_EQ(server->protocol.sessions, upstream::SessionSharing::per_call);
  EXPECT_TRUE(server->protocol.include_new);
  EXPECT_TRUE(server->protocol.sampling);
  EXPECT_FALSE(server->protocol.elicitation);
  EXPECT_TRUE(server->protocol.roots);
  EXPECT_EQ(server->protocol.admit_names, std::vector<std::string>{"odd name"});
  const auto again = parse_server_settings("up", server_settings_json(*server));
  ASSERT_TRUE(again) << again.error().front().text();
  EXPECT_EQ(again->protocol, server->protocol);
  EXPECT_EQ(again->transport, server->transport);
}

TEST(ConfigProtocol, TheDefaultsAreNotWritten) {
  const auto server = parse_server_settings("up", R"({"url":"http://127.0.0.1:1/mcp"})");
  ASSERT_TRUE(server);
  EXPECT_EQ(server->protocol, upstream::ProtocolSettings());
  EXPECT_EQ(server_settings_json(*server), R"({"url":"http://127.0.0.1:1/mcp"})");
}

TEST(ConfigProtocol, YamlSpellsTruthAsItDoes) {
  const auto config =
      parse_config("servers:\n  - {name: a, command: [x], include_new: true, sandbox: bubblewrap}\n", "g.yaml");
  ASSERT_TRUE(config) << config.error().front().text();
  EXPECT_TRUE(config->servers[0].protocol.include_new);
  EXPECT_TRUE(config->servers[0].bubblewrap);
}

TEST(ConfigProtocol, WrongWordsAreNamedWithTheRightOnes) {
  EXPECT_EQ(error_of("url: \"http://x/\", era: modren"), "g.yaml:2:38: \"era\" must be auto, legacy or modern");
  EXPECT_EQ(error_of("url: \"http://x/\", sessions: each"),
            "g.yaml:2:43: \"sessions\" must be per_grant, per_call or shared");
  EXPECT_NE(error_of("url: \"http://x/\", client_requests: [sampling, tools]")
                .find("\"client_requests\" knows no \"tools\"; it lists sampling, elicitation or roots"),
            std::string::npos);
  EXPECT_NE(error_of("url: \"http://x/\", sandbox: bubblewrap").find("\"sandbox\" is for a server with \"command\""),
            std::string::npos);
  EXPECT_NE(error_of("command: [x], transport: sse").find("\"transport\" is for a server with \"url\""),
            std::string::npos);
  EXPECT_NE(error_of("command: [x], include_new: maybe").find("\"include_new\" must be true or false"),
            std::string::npos);
}

}  // namespace
}  // namespace doorward::server
