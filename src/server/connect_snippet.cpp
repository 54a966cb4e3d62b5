#include "server/connect_snippet.h"

#include "json/writer.h"

namespace doorward::server {
namespace {

/// One server under `root`, with members before the header that carries the token.
std::string entry(std::string_view root, std::string_view server, std::string_view members, std::string_view token) {
  return "{\n  " + json::quoted(root) + ": {\n    " + json::quoted(server) + ": {\n" + std::string(members) +
         "      \"headers\": {\"Authorization\": " + json::quoted("Bearer " + std::string(token)) + "}\n    }\n  }\n}";
}

}  // namespace

std::string endpoint_url(std::string_view base_url, std::string_view server) {
  return std::string(base_url) + "/mcp/" + std::string(server) + "/";
}

std::string client_snippet(std::string_view server, std::string_view base_url, std::string_view token) {
  return entry("mcpServers", server,
               "      \"type\": \"http\",\n      \"url\": " + json::quoted(endpoint_url(base_url, server)) + ",\n", token);
}

std::vector<ConnectSnippet> connect_snippets(std::string_view server, std::string_view base_url, std::string_view token) {
  const std::string url = endpoint_url(base_url, server);
  const auto member = [&](std::string_view name) { return "      " + json::quoted(name) + ": " + json::quoted(url) + ",\n"; };
  const std::string name(server);
  return {
      {"claude-code", "Claude Code", "command", "",
       "claude mcp add --transport http " + name + " " + url + " --header \"Authorization: Bearer " + std::string(token) + "\""},
      {"claude-desktop", "Claude Desktop", "json", "claude_desktop_config.json",
       "{\n  \"mcpServers\": {\n    " + json::quoted(server) + ": {\"command\": \"doorward\", \"args\": [\"connect\", " + json::quoted(server) +
           "]}\n  }\n}"},
      {"cursor", "Cursor", "json", "~/.cursor/mcp.json", entry("mcpServers", server, member("url"), token)},
      {"vscode", "VS Code", "json", ".vscode/mcp.json",
       entry("servers", server, "      \"type\": \"http\",\n" + member("url"), token)},
      {"codex", "Codex", "toml", "~/.codex/config.toml",
       "[mcp_servers." + name + "]\nurl = " + json::quoted(url) + "\nhttp_headers = { Authorization = " +
           json::quoted("Bearer " + std::string(token)) + " }"},
      {"windsurf", "Windsurf", "json", "~/.codeium/windsurf/mcp_config.json",
       entry("mcpServers", server, member("serverUrl"), token)},
      {"gemini-cli", "Gemini CLI", "json", "~/.gemini/settings.json", entry("mcpServers", server, member("httpUrl"), token)},
      {"other", "Other clients", "json", "", client_snippet(server, base_url, token)},
  };
}

}  // namespace doorward::server
