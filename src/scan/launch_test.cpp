#include "scan/launch.h"

#include <gtest/gtest.h>

namespace doorward::scan {
namespace {

References references() {
  References out;
  out.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "TOKEN") return "tok-123456";
    return std::nullopt;
  };
  out.home = "/home/me";
  out.workspace = "/work";
  return out;
}

Launch launch(clients::Entry entry) {
  return make_launch(entry, references());
}

clients::Entry command(std::vector<std::string> args) {
  clients::Entry entry;
  entry.name = "x";
  entry.command = "npx";
  entry.args = std::move(args);
  return entry;
}

TEST(Launch, references_are_resolved_for_the_child_and_shown_as_they_stand) {
  clients::Entry entry = command({"-y", "x", "${workspaceFolder}/a", "${NONE:-b}", "${userHome}"});
  entry.env = {{"API_KEY", "${env:TOKEN}"}, {"B", "{env:TOKEN}"}};
  const Launch out = launch(entry);
  ASSERT_TRUE(out.settings) << out.problem;
  EXPECT_EQ(out.settings->stdio().command, (std::vector<std::string>{"npx", "-y", "x", "/work/a", "b", "/home/me"}));
  EXPECT_EQ(out.settings->stdio().environment[0].second, "tok-123456");
  EXPECT_EQ(out.settings->stdio().environment[1].second, "tok-123456");
  EXPECT_EQ(out.text.find("tok-"), std::string::npos);
  EXPECT_EQ(out.env, (std::vector<std::string>{"API_KEY", "B"}));
  EXPECT_TRUE(out.literal_secrets.empty());
}

TEST(Launch, what_only_the_client_knows_is_a_problem) {
  clients::Entry entry = command({"x"});
  entry.env = {{"KEY", "${input:api-key}"}};
  EXPECT_NE(launch(entry).problem.find("api-key"), std::string::npos);
  EXPECT_FALSE(launch(entry).settings);
  entry.env = {{"KEY", "${UNSET_VARIABLE}"}};
  EXPECT_NE(launch(entry).problem.find("UNSET_VARIABLE"), std::string::npos);
}

TEST(Launch, secrets_are_never_shown) {
  clients::Entry entry = command({"-y", "x", "--api-key", "abcdef123456", "--token=zzzzzzzz", "ghp_0123456789abcdef0123",
                                  "https://me:pw@host.example/mcp?api_key=s3cr3tvalue&page=2", "Authorization: Bearer abcdefgh",
                                  "--endpoint", "plain"});
  entry.env = {{"SECRET_TOKEN", "s3cr3t-in-env"}, {"MODE", "fast"}, {"OTHER_TOKEN", "YOUR_TOKEN_HERE"}};
  const Launch out = launch(entry);
  for (const char* secret : {"abcdef123456", "zzzzzzzz", "ghp_0123", "me:pw", "s3cr3tvalue", "abcdefgh", "s3cr3t-in-env"}) {
    EXPECT_EQ(out.text.find(secret), std::string::npos) << secret << " in " << out.text;
  }
  EXPECT_NE(out.text.find("plain"), std::string::npos);
  EXPECT_NE(out.text.find("page=2"), std::string::npos);
  EXPECT_EQ(out.literal_secrets.front(), "env SECRET_TOKEN");
  EXPECT_EQ(out.literal_secrets.size(), 6u);
  EXPECT_EQ(out.key.find("s3cr3t"), std::string::npos);
}

TEST(Launch, of_a_url) {
  clients::Entry entry;
  entry.name = "r";
  entry.url = "https://r.example:8443/mcp?token=abcdefghij";
  entry.headers = {{"Authorization", "Bearer ${TOKEN}"}, {"Host", "evil.example"}};
  const Launch out = launch(entry);
  ASSERT_TRUE(out.settings) << out.problem;
  EXPECT_EQ(out.settings->http().port, 8443);
  EXPECT_EQ(out.settings->http().headers.size(), 1u);
  EXPECT_EQ(out.settings->http().headers[0].second, "Bearer tok-123456");
  EXPECT_TRUE(out.sends_credentials);
  EXPECT_EQ(out.url.find("abcdefghij"), std::string::npos);
  entry.headers = {{"X", "a\r\nInjected: b"}};
  EXPECT_FALSE(launch(entry).settings);
  entry.headers.clear();
  entry.url = "ftp://x";
  EXPECT_FALSE(launch(entry).settings);
}

TEST(Launch, equal_launches_have_equal_keys) {
  clients::Entry a = command({"x"});
  a.env = {{"A", "1"}, {"B", "2"}};
  clients::Entry b = command({"x"});
  b.env = {{"B", "2"}, {"A", "1"}};
  EXPECT_EQ(launch(a).key, launch(b).key);
  b.env[0].value = "3";
  EXPECT_NE(launch(a).key, launch(b).key);
}

TEST(Launch, a_command_line_is_read_as_words) {
  const auto entry = entry_of_command(R"(npx -y "two words" 'a $b' c\ d "q\"x")");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->command, "npx");
  EXPECT_EQ(entry->args, (std::vector<std::string>{"-y", "two words", "a $b", "c d", "q\"x"}));
  EXPECT_FALSE(entry_of_command("'open"));
  EXPECT_FALSE(entry_of_command("   "));
}

}  // namespace
}  // namespace doorward::scan
