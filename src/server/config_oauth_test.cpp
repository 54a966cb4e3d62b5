#include "server/config_oauth.h"

#include <gtest/gtest.h>

#include "server/config_server.h"

namespace doorward::server {
namespace {

std::expected<ServerConfig, Findings> read(const std::string& oauth, const std::string& more = {}) {
  return parse_server_settings("a", R"({"url": "https://h/mcp", "oauth": )" + oauth + more + "}");
}

std::string refusal(const std::string& oauth, const std::string& more = {}) {
  const auto server = read(oauth, more);
  return server ? std::string() : server.error().front().message;
}

TEST(ConfigOAuth, SettingsComeBackAsTheyWere) {
  const auto server = read(
      R"({"grant": "client_credentials", "client_id": "me", "client_secret": {"env": "S"}, "scopes": ["a", "b"],
          "issuer": "https://login", "registration": "preregistered"})");
  ASSERT_TRUE(server);
  const std::string json = server_settings_json(*server);
  const auto again = parse_server_settings("a", json);
  ASSERT_TRUE(again);
  EXPECT_EQ(server_settings_json(*again), json);
  EXPECT_EQ(again->oauth->settings, server->oauth->settings);
  EXPECT_EQ(again->oauth->client_secret, server->oauth->client_secret);
}

TEST(ConfigOAuth, AnEmptyMappingIsAnAccountThatAPersonConnects) {
  const auto server = read("{}");
  ASSERT_TRUE(server);
  EXPECT_EQ(server->oauth->settings, upstream::OAuthSettings{});
}

TEST(ConfigOAuth, WhatDoesNotGoTogetherIsRefused) {
  EXPECT_NE(refusal(R"({"grant": "implicit"})").find("is one of"), std::string::npos);
  EXPECT_NE(refusal(R"({"grant": "client_credentials"})").find("client_id"), std::string::npos);
  EXPECT_NE(refusal(R"({"client_secret": {"env": "S"}})").find("client_id"), std::string::npos);
  EXPECT_NE(refusal(R"({"client_id": "a", "client_secret": {"value": "s"}})").find("is a secret"), std::string::npos);
  EXPECT_NE(refusal(R"({"client_metadata": "http://h/c"})").find("https URL"), std::string::npos);
  EXPECT_NE(refusal(R"({"redirect": "https://evil/callback"})").find("address of this machine"), std::string::npos);
  EXPECT_NE(refusal(R"({"scopes": ["a b"]})").find("no name of a scope"), std::string::npos);
  EXPECT_NE(refusal(R"({"per": "grant"})", R"(, "sessions": "shared")").find("share one grant's account"),
            std::string::npos);
  EXPECT_NE(refusal("{}", R"(, "headers": {"Authorization": {"env": "T"}})").find("keep one of the two"),
            std::string::npos);
  const auto process = parse_server_settings("a", R"({"command": ["x"], "oauth": {}})");
  ASSERT_FALSE(process);
  EXPECT_NE(process.error().front().message.find("for a server with \"url\""), std::string::npos);
}

}  // namespace
}  // namespace doorward::server
