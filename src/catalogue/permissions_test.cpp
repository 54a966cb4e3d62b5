#include "catalogue/permissions.h"

#include <gtest/gtest.h>

#include "json/reader.h"
#include "policy/test_support.h"

namespace doorward::catalogue {
namespace {

Deployment deployment(std::string_view document, std::vector<std::string> names) {
  Deployment made;
  LiveServer server;
  server.name = "up";
  for (const std::string& name : names) {
    LiveTool tool;
    tool.record.name = name;
    tool.record.definition = R"({"name":")" + name + R"(","inputSchema":{"type":"object","properties":{"amount":{"type":"number"}}}})";
    server.tools.push_back(std::move(tool));
  }
  made.servers.push_back(std::move(server));
  LiveGrant grant;
  grant.label = "agent";
  grant.owner = "alice";
  grant.caller.subject.label = "agent";
  grant.access.push_back({0, testing::load_or_fail(document)});
  made.grants.push_back(std::move(grant));
  return made;
}

constexpr std::string_view kDocument = R"({"version":"1","default":"allow","hide":["gone"],
"tools":{"no":{"action":"deny","reason":"Never."},
"ask":{"action":"approve"},
"some":{"limits":[{"counter":"c","window":"day","max":3,"scope":"grant"}]},
"pay":{"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":10}]}]}}})";

TEST(Permissions, SayTheDecisionAndTheRuleOfEachTool) {
  const std::string text = grant_permissions(deployment(kDocument, {"free", "gone", "no", "ask", "some", "pay"}));
  json::Reader reader;
  const auto root = reader.read(text);
  ASSERT_TRUE(root.has_value());
  const json::Value tools = root->find("servers").at(0).find("tools");
  std::string seen;
  for (const json::Value tool : tools.elements()) {
    seen += std::string(text_of(tool, "tool")) + "=" + std::string(text_of(tool, "decision")) + "@" +
            std::string(tool.find("line").number()) + " ";
  }
  EXPECT_EQ(seen, "free=allowed@0 gone=hidden@1 no=denied@2 ask=needs_approval@3 some=rate_limited@4 pay=depends@5 ");
  EXPECT_EQ(text_of(tools.at(2), "note"), "Never.");
  EXPECT_EQ(text_of(tools.at(2), "pointer"), "/tools/no/action");
}

TEST(Permissions, OfAPolicyThatObservesSayWhatItWouldDo) {
  const std::string text = grant_permissions(deployment(R"({"version":"1","default":"deny","mode":"observe","hide":["gone"]})", {"x", "gone"}));
  json::Reader reader;
  const auto root = reader.read(text);
  const json::Value tools = root->find("servers").at(0).find("tools");
  EXPECT_EQ(text_of(tools.at(0), "decision"), "allowed");
  EXPECT_EQ(text_of(tools.at(0), "would"), "denied");
  EXPECT_EQ(text_of(tools.at(1), "would"), "hidden");
}

TEST(Permissions, ShareAColumnBetweenAgentsThatAreJudgedAlike) {
  Deployment made = deployment(kDocument, {"free", "no"});
  made.grants.push_back(made.grants.front());
  made.grants.back().label = "twin";
  const std::string text = server_permissions(made, {.tool = "no"});
  json::Reader reader;
  const auto root = reader.read(text);
  ASSERT_EQ(root->find("columns").size(), 1u);
  EXPECT_EQ(root->find("agents").size(), 2u);
  EXPECT_EQ(root->find("tools").size(), 1u);
  EXPECT_EQ(text_of(root->find("columns").at(0).find("cells").at(0), "decision"), "denied");
}

}  // namespace
}  // namespace doorward::catalogue
