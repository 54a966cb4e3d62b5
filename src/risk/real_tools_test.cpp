// The tools of twenty real servers that destroy or move money, listed by hand: none of them may be called
// anything milder. Skipped where the lists are absent.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "json/reader.h"
#include "risk/classification.h"

namespace doorward::risk {
namespace {

const std::map<std::string, std::vector<std::string_view>, std::less<>> kDestructive = {
    {"firecrawl-mcp", {"firecrawl_monitor_delete"}},
    {"governance-platform", {"delete_api_key", "delete_blueprint"}},
    {"mcp-server-kubernetes", {"cleanup", "kubectl_delete", "uninstall_helm_chart"}},
    {"modelcontextprotocol_server-memory", {"delete_entities", "delete_observations", "delete_relations"}},
    {"mongodb-mcp-server", {"delete-many", "drop-collection", "drop-database", "drop-index"}},
    {"notionhq_notion-mcp-server", {"API-delete-a-block"}},
    {"portkey-admin-mcp",
     {"delete_user",
      "delete_user_invite",
      "delete_scim_workspace_mapping",
      "delete_workspace",
      "remove_workspace_member",
      "delete_config",
      "archive_deployment",
      "delete_virtual_key",
      "delete_api_key",
      "delete_collection",
      "delete_prompt",
      "delete_guardrail",
      "delete_rate_limit",
      "delete_usage_limit",
      "reset_usage_limit_entity",
      "delete_prompt_label",
      "delete_prompt_partial",
      "delete_provider",
      "delete_secret_reference",
      "delete_integration",
      "delete_integration_model",
      "delete_mcp_integration",
      "delete_mcp_server"}},
    {"wonderwhy-er_desktop-commander", {"force_terminate"}},
};

TEST(RealTools, ThoseThatDestroyAreCalledSo) {
  const std::filesystem::path lists = "../shared/data/tool-lists";
  if (!std::filesystem::is_directory(lists)) GTEST_SKIP() << lists << " is absent";
  std::size_t servers = 0;
  for (const auto& [server, names] : kDestructive) {
    std::ifstream file(lists / (server + ".json"));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    json::Reader reader;
    const auto root = reader.read(text);
    ASSERT_TRUE(root) << server;
    json::Value tools = root->find("tools");
    if (!tools) tools = root->find("result").find("tools");
    std::size_t seen = 0;
    for (const json::Value tool : (tools ? tools : *root).elements()) {
      if (std::ranges::find(names, text_of(tool, "name")) == names.end()) continue;
      ++seen;
      const Classification classification = classify(facts_of(server, tool));
      EXPECT_EQ(to_string(classification.category), "Destructive") << server << " " << text_of(tool, "name");
      EXPECT_EQ(to_string(classification.severity), "critical") << server << " " << text_of(tool, "name");
    }
    EXPECT_EQ(seen, names.size()) << server;
    ++servers;
  }
  EXPECT_EQ(servers, kDestructive.size());
}

}  // namespace
}  // namespace doorward::risk
