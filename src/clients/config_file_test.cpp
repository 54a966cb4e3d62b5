#include "clients/config_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace doorward::clients {
namespace {

struct Folder {
  Folder() : path(::testing::TempDir() + "clients-" + std::to_string(::getpid()) + "-" + std::to_string(counter++)) {
    std::filesystem::create_directories(path);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string write(const std::string& name, std::string_view text) const {
    const std::filesystem::path file = std::filesystem::path(path) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  std::string path;
  static inline int counter = 0;
};

Roots roots_in(const Folder& folder) {
  return {.os = Os::linux,
          .home = folder.path + "/home",
          .project = folder.path + "/project",
          .config = folder.path + "/home/.config",
          .appdata = "",
          .claude = folder.path + "/home"};
}

/// The only file that is found after writing one.
ConfigFile only(const std::string& name, std::string_view text) {
  const Folder folder;
  folder.write(name, text);
  const auto found = find_files(roots_in(folder));
  EXPECT_EQ(found.size(), 1u) << name;
  return found.empty() ? ConfigFile{} : read_config(found.front());
}

TEST(ConfigFile, reads_claude_desktop) {
  const ConfigFile file = only("home/.config/Claude/claude_desktop_config.json", R"({
  "mcpServers": {
    "github": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_secret"}
    }
  }
})");
  EXPECT_EQ(file.client, "claude-desktop");
  EXPECT_EQ(file.error, "");
  ASSERT_EQ(file.entries.size(), 1u);
  const Entry& entry = file.entries[0];
  EXPECT_EQ(entry.name, "github");
  EXPECT_EQ(entry.command, "npx");
  EXPECT_EQ(entry.args, (std::vector<std::string>{"-y", "@modelcontextprotocol/server-github"}));
  EXPECT_EQ(entry.env.at(0).name, "GITHUB_PERSONAL_ACCESS_TOKEN");
  EXPECT_EQ(entry.line, 3u);
  EXPECT_EQ(entry.transport, Transport::stdio);
}

TEST(ConfigFile, reads_claude_code_with_its_folders) {
  const ConfigFile file = only("home/.claude.json", R"({"numStartups": 4, "mcpServers": {
    "sentry": {"type": "http", "url": "https://mcp.sentry.dev/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}},
  "projects": {"/srv/shop": {"history": [1], "mcpServers": {"db": {"type": "stdio", "command": "uvx", "args": ["pg"]}}}}})");
  ASSERT_EQ(file.entries.size(), 2u);
  EXPECT_EQ(file.entries[0].scope, Scope::user);
  EXPECT_EQ(file.entries[0].transport, Transport::streamable_http);
  EXPECT_EQ(file.entries[0].headers.at(0).name, "Authorization");
  EXPECT_EQ(file.entries[1].scope, Scope::local);
  EXPECT_EQ(file.entries[1].project, "/srv/shop");
}

TEST(ConfigFile, reads_vscode_and_sees_its_wrong_key) {
  const ConfigFile good = only("project/.vscode/mcp.json", R"({
  // asked once
  "inputs": [{"type": "promptString", "id": "key", "password": true},],
  "servers": {"files": {"type": "stdio", "command": "npx", "args": ["x"], "env": {"K": "${input:key}"}}, },
})");
  EXPECT_EQ(good.error, "");
  ASSERT_EQ(good.entries.size(), 1u);
  EXPECT_FALSE(good.entries[0].disabled);
  const ConfigFile wrong = only("project/.vscode/mcp.json", R"({"mcpServers": {"files": {"command": "npx"}}})");
  ASSERT_EQ(wrong.notes.size(), 1u);
  EXPECT_EQ(wrong.notes[0].kind, Note::Kind::wrong_key);
  ASSERT_EQ(wrong.entries.size(), 1u);
  EXPECT_TRUE(wrong.entries[0].disabled);
}

TEST(ConfigFile, reads_codex) {
  const ConfigFile file = only("home/.codex/config.toml", R"(model = "x"
# kept
[mcp_servers.docs]
command = "npx"
args = ["-y", "docs-mcp@1.2.3"]
env = { "API_KEY" = "v" }
env_vars = ["HOME"]

[mcp_servers.figma]
url = "https://mcp.figma.com/mcp"
bearer_token_env_var = "FIGMA_TOKEN"
enabled = false
)");
  EXPECT_EQ(file.error, "");
  ASSERT_EQ(file.entries.size(), 2u);
  EXPECT_EQ(file.entries[0].name, "docs");
  EXPECT_EQ(file.entries[0].line, 3u);
  EXPECT_EQ(file.entries[0].passed_env.at(0), "HOME");
  EXPECT_TRUE(file.entries[1].disabled);
  EXPECT_EQ(file.entries[1].headers.at(0).value, "Bearer ${FIGMA_TOKEN}");
}

TEST(ConfigFile, reads_the_others) {
  const ConfigFile zed = only("home/.config/zed/settings.json",
                              R"({"theme": "x", /* c */ "context_servers": {"a": {"source": "custom", "command": "a", "args": ["1"]},
     "b": {"command": {"path": "b", "args": ["2"], "env": {"X": "y"}}}, "c": {"source": "extension", "settings": {}}}})");
  ASSERT_EQ(zed.entries.size(), 3u);
  EXPECT_EQ(zed.entries[1].command, "b");
  EXPECT_EQ(zed.entries[1].args, std::vector<std::string>{"2"});
  EXPECT_NE(zed.entries[2].flaw, "");
  const ConfigFile opencode = only("home/.config/opencode/opencode.json",
                                   R"({"mcp": {"l": {"type": "local", "command": ["bun", "x", "my"], "environment": {"A": "b"}},
     "r": {"type": "remote", "url": "https://x.example/mcp", "enabled": false}}})");
  ASSERT_EQ(opencode.entries.size(), 2u);
  EXPECT_EQ(opencode.entries[0].command, "bun");
  EXPECT_EQ(opencode.entries[0].env.at(0).name, "A");
  EXPECT_TRUE(opencode.entries[1].disabled);
  const ConfigFile goose = only("home/.config/goose/config.yaml",
                                "extensions:\n  developer:\n    type: builtin\n    enabled: true\n  gh:\n    type: stdio\n"
                                "    cmd: npx\n    args: [-y, gh-mcp]\n    envs: {A: b}\n    env_keys: [TOKEN]\n    enabled: true\n");
  ASSERT_EQ(goose.entries.size(), 2u);
  EXPECT_NE(goose.entries[0].flaw, "");
  EXPECT_EQ(goose.entries[1].command, "npx");
  EXPECT_EQ(goose.entries[1].line, 5u);
  EXPECT_EQ(goose.entries[1].passed_env.at(0), "TOKEN");
  const ConfigFile next = only("home/.continue/config.yaml",
                               "name: x\nmcpServers:\n  - name: db\n    command: uvx\n    args: [db]\n");
  ASSERT_EQ(next.entries.size(), 1u);
  EXPECT_EQ(next.entries[0].name, "db");
  const ConfigFile windsurf = only("home/.codeium/windsurf/mcp_config.json",
                                   R"({"mcpServers": {"w": {"serverUrl": "https://w.example/sse", "disabled": true}}})");
  ASSERT_EQ(windsurf.entries.size(), 1u);
  EXPECT_EQ(windsurf.entries[0].url, "https://w.example/sse");
  EXPECT_TRUE(windsurf.entries[0].disabled);
  const ConfigFile gemini = only("home/.gemini/settings.json", R"({"mcpServers": {"g": {"httpUrl": "https://g.example/mcp"}}})");
  ASSERT_EQ(gemini.entries.size(), 1u);
  EXPECT_EQ(gemini.entries[0].transport, Transport::streamable_http);
  const ConfigFile cursor = only("project/.cursor/mcp.json", R"({"mcpServers": {"c": {"command": "c"}}})");
  EXPECT_EQ(cursor.scope, Scope::project);
  const ConfigFile amp = only("home/.config/amp/settings.json", R"({"amp.mcpServers": {"m": {"command": "m"}}})");
  ASSERT_EQ(amp.entries.size(), 1u);
}

TEST(ConfigFile, takes_a_byte_order_mark_and_crlf) {
  const ConfigFile file = only("project/.mcp.json", "\xEF\xBB\xBF{\r\n\"mcpServers\": {\r\n\"a\": {\"command\": \"x\"}\r\n}\r\n}\r\n");
  EXPECT_EQ(file.error, "");
  ASSERT_EQ(file.entries.size(), 1u);
  EXPECT_EQ(file.entries[0].line, 3u);
}

TEST(ConfigFile, byte_ranges_hold_the_member) {
  constexpr std::string_view text = R"({"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}})";
  const ConfigFile file = only("project/.mcp.json", text);
  ASSERT_EQ(file.entries.size(), 2u);
  EXPECT_EQ(text.substr(file.entries[1].begin, file.entries[1].end - file.entries[1].begin), R"("b": {"command": "y"})");
}

TEST(ConfigFile, of_equal_names_the_last_counts) {
  const ConfigFile file =
      only("project/.mcp.json", R"({"mcpServers": {"a": {"command": "one"}, "a": {"command": "two"}}})");
  ASSERT_EQ(file.entries.size(), 2u);
  EXPECT_TRUE(file.entries[0].disabled);
  EXPECT_FALSE(file.entries[1].disabled);
  EXPECT_EQ(file.entries[1].command, "two");
  ASSERT_EQ(file.notes.size(), 1u);
  EXPECT_EQ(file.notes[0].kind, Note::Kind::duplicate_name);
}

TEST(ConfigFile, says_where_a_file_is_broken) {
  EXPECT_TRUE(only("project/.mcp.json", "{\n\"mcpServers\": {\n").error.starts_with("line 3"));
  const ConfigFile toml = only("home/.codex/config.toml", "[mcp_servers.x]\ncommand = \n");
  EXPECT_EQ(toml.error_line, 2u) << toml.error;
  EXPECT_NE(only("home/.config/goose/config.yaml", "a: [\n").error, "");
  EXPECT_NE(only("project/.mcp.json", std::string_view("\xFF\xFE{\0}\0", 6)).error, "");
  EXPECT_NE(only("project/.mcp.json", R"({"mcpServers": 7})").error, "");
  EXPECT_EQ(only("project/.mcp.json", "").error, "");
}

TEST(ConfigFile, hostile_files_cost_little_and_end) {
  EXPECT_NE(only("project/.mcp.json", std::string(2'000'000, '[')).error, "");
  EXPECT_NE(only("home/.codex/config.toml", "a = " + std::string(100'000, '[')).error, "");
  EXPECT_NE(only("home/.codex/config.toml", "[^mcp_servers.a]\nco = 1\n").error, "");
  EXPECT_NE(only("home/.codex/config.toml", "[mcp_s\xC4\xACrs.a]\n").error, "");
  EXPECT_NE(only("home/.config/goose/config.yaml", std::string(100'000, '[')).error, "");
  std::string bomb = "a0: &a0 [x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? "," : "") + before;
    bomb += "]\n";
  }
  EXPECT_NE(only("home/.config/goose/config.yaml", bomb).error, "");
  EXPECT_EQ(only("project/.mcp.json", R"({"mcpServers": {"a": 1, "b": null, "c": [], "d": {}}})").entries.at(3).flaw,
            "it has neither a command nor a URL");
  const Folder folder;
  const std::string large = folder.write("large.json", "{}");
  std::filesystem::resize_file(large, 100u << 20);
  EXPECT_NE(read_config(large).error, "");
  const std::string fifo = folder.path + "/fifo.json";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_NE(read_config(fifo).error, "");
  EXPECT_TRUE(read_config(folder.path + "/none.json").missing);
}

TEST(ConfigFile, a_file_read_by_path_is_known_by_its_name_or_its_keys) {
  const Folder folder;
  EXPECT_EQ(read_config(folder.write(".vscode/mcp.json", R"({"servers": {"a": {"command": "x"}}})")).client, "vscode");
  EXPECT_EQ(read_config(folder.write("x/claude_desktop_config.json", R"({"mcpServers": {}})")).client, "claude-desktop");
  const ConfigFile any = read_config(folder.write("any.json", R"({"servers": {"a": {"command": "x"}}})"));
  EXPECT_EQ(any.client, "file");
  EXPECT_EQ(any.entries.size(), 1u);
  EXPECT_NE(read_config(folder.write("none.json", R"({"a": 1})")).error, "");
}

TEST(ConfigFile, links_are_followed_and_one_file_is_read_once) {
  const Folder folder;
  const std::string real = folder.write("dotfiles/mcp.json", R"({"mcpServers": {"a": {"command": "x"}}})");
  std::filesystem::create_directories(folder.path + "/home/.cursor");
  std::filesystem::create_directories(folder.path + "/project/.cursor");
  std::filesystem::create_symlink(real, folder.path + "/home/.cursor/mcp.json");
  std::filesystem::create_symlink(real, folder.path + "/project/.cursor/mcp.json");
  std::filesystem::create_symlink(folder.path + "/nowhere", folder.path + "/project/.mcp.json");
  const auto found = find_files(roots_in(folder));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NE(read_config(found[0]).error, "");
  EXPECT_EQ(read_config(found[1]).entries.size(), 1u);
}

TEST(ConfigFile, says_who_else_can_write_it) {
  const Folder folder;
  const std::string path = folder.write("mcp.json", R"({"mcpServers": {}})");
  std::filesystem::permissions(path, std::filesystem::perms(0666));
  const ConfigFile file = read_config(path);
  ASSERT_EQ(file.notes.size(), 1u);
  EXPECT_EQ(file.notes[0].kind, Note::Kind::open_to_others);
}

TEST(Client, ids_are_unique_and_every_client_has_a_place_here) {
  std::set<std::string_view> ids;
  for (const Client& client : all_clients()) {
    EXPECT_TRUE(ids.insert(client.id).second);
    EXPECT_FALSE(client.locations.empty());
    for (const Location& location : client.locations) EXPECT_FALSE(location.key.empty());
    EXPECT_EQ(find_client(client.id), &client);
  }
  EXPECT_EQ(find_client("nobody"), nullptr);
}

}  // namespace
}  // namespace doorward::clients
