#include "clients/client.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace doorward::clients {
namespace {

using enum Scope;
using enum Format;

// Facts of the clients' own documentation; where one looks in the same place on every system, it stands there thrice.
constexpr Location kClaudeDesktop[] = {
    {user, jsonc, "mcpServers", "$CONFIG/Claude/claude_desktop_config.json",
     "~/Library/Application Support/Claude/claude_desktop_config.json", "%APPDATA%/Claude/claude_desktop_config.json"},
    {user, jsonc, "mcpServers", "$CONFIG/claude/claude_desktop_config.json", "", ""},
};
constexpr Location kClaudeCode[] = {
    {user, jsonc, "mcpServers", "$CLAUDE/.claude.json", "$CLAUDE/.claude.json", "$CLAUDE/.claude.json"},
    {project, jsonc, "mcpServers", "./.mcp.json", "./.mcp.json", "./.mcp.json"},
    {managed, jsonc, "mcpServers", "/etc/claude-code/managed-mcp.json",
     "/Library/Application Support/ClaudeCode/managed-mcp.json", "C:/ProgramData/ClaudeCode/managed-mcp.json"},
};
constexpr Location kCursor[] = {
    {user, jsonc, "mcpServers", "~/.cursor/mcp.json", "~/.cursor/mcp.json", "~/.cursor/mcp.json"},
    {project, jsonc, "mcpServers", "./.cursor/mcp.json", "./.cursor/mcp.json", "./.cursor/mcp.json"},
};
constexpr Location kVsCode[] = {
    {user, jsonc, "servers", "$CONFIG/Code/User/mcp.json", "~/Library/Application Support/Code/User/mcp.json",
     "%APPDATA%/Code/User/mcp.json"},
    {user, jsonc, "mcp.servers", "$CONFIG/Code/User/settings.json",
     "~/Library/Application Support/Code/User/settings.json", "%APPDATA%/Code/User/settings.json"},
    {project, jsonc, "servers", "./.vscode/mcp.json", "./.vscode/mcp.json", "./.vscode/mcp.json"},
};
constexpr Location kVsCodeInsiders[] = {
    {user, jsonc, "servers", "$CONFIG/Code - Insiders/User/mcp.json",
     "~/Library/Application Support/Code - Insiders/User/mcp.json", "%APPDATA%/Code - Insiders/User/mcp.json"},
};
constexpr Location kCodex[] = {
    {user, toml, "mcp_servers", "~/.codex/config.toml", "~/.codex/config.toml", "~/.codex/config.toml"},
    {project, toml, "mcp_servers", "./.codex/config.toml", "./.codex/config.toml", "./.codex/config.toml"},
};
constexpr Location kWindsurf[] = {
    {user, jsonc, "mcpServers", "~/.codeium/windsurf/mcp_config.json", "~/.codeium/windsurf/mcp_config.json",
     "~/.codeium/windsurf/mcp_config.json"},
};
constexpr Location kGemini[] = {
    {user, jsonc, "mcpServers", "~/.gemini/settings.json", "~/.gemini/settings.json", "~/.gemini/settings.json"},
    {project, jsonc, "mcpServers", "./.gemini/settings.json", "./.gemini/settings.json", "./.gemini/settings.json"},
};
constexpr Location kZed[] = {
    {user, jsonc, "context_servers", "$CONFIG/zed/settings.json", "~/.config/zed/settings.json",
     "%APPDATA%/Zed/settings.json"},
    {project, jsonc, "context_servers", "./.zed/settings.json", "./.zed/settings.json", "./.zed/settings.json"},
};
constexpr Location kOpencode[] = {
    {user, jsonc, "mcp", "$CONFIG/opencode/opencode.json", "~/.config/opencode/opencode.json",
     "~/.config/opencode/opencode.json"},
    {user, jsonc, "mcp", "$CONFIG/opencode/opencode.jsonc", "~/.config/opencode/opencode.jsonc",
     "~/.config/opencode/opencode.jsonc"},
    {project, jsonc, "mcp", "./opencode.json", "./opencode.json", "./opencode.json"},
};
constexpr Location kGoose[] = {
    {user, yaml, "extensions", "$CONFIG/goose/config.yaml", "~/.config/goose/config.yaml",
     "%APPDATA%/Block/goose/config/config.yaml"},
};
constexpr Location kContinue[] = {
    {user, yaml, "mcpServers", "~/.continue/config.yaml", "~/.continue/config.yaml", "~/.continue/config.yaml"},
};
constexpr Location kCline[] = {
    {user, jsonc, "mcpServers", "$CONFIG/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
     "~/Library/Application Support/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
     "%APPDATA%/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"},
};
constexpr Location kKiro[] = {
    {user, jsonc, "mcpServers", "~/.kiro/settings/mcp.json", "~/.kiro/settings/mcp.json", "~/.kiro/settings/mcp.json"},
    {project, jsonc, "mcpServers", "./.kiro/settings/mcp.json", "./.kiro/settings/mcp.json",
     "./.kiro/settings/mcp.json"},
};
constexpr Location kLmStudio[] = {
    {user, jsonc, "mcpServers", "~/.lmstudio/mcp.json", "~/.lmstudio/mcp.json", "~/.lmstudio/mcp.json"},
};
constexpr Location kCrush[] = {
    {user, jsonc, "mcp", "$CONFIG/crush/crush.json", "~/.config/crush/crush.json", "~/.config/crush/crush.json"},
    {project, jsonc, "mcp", "./.crush.json", "./.crush.json", "./.crush.json"},
};
constexpr Location kAmp[] = {
    {user, jsonc, "amp.mcpServers", "$CONFIG/amp/settings.json", "~/.config/amp/settings.json",
     "~/.config/amp/settings.json"},
};
constexpr Location kCopilotCli[] = {
    {user, jsonc, "mcpServers", "~/.copilot/mcp-config.json", "~/.copilot/mcp-config.json",
     "~/.copilot/mcp-config.json"},
};

constexpr Client kClients[] = {
    {"claude-desktop", "Claude Desktop", kClaudeDesktop,
     "quit Claude Desktop completely, not its window alone, and start it again"},
    {"claude-code", "Claude Code", kClaudeCode,
     "in a running session type /mcp and reconnect the servers; new sessions need nothing"},
    {"cursor", "Cursor", kCursor,
     "not needed, Cursor reads the file again by itself"},
    {"vscode", "VS Code", kVsCode,
     "run the command \"MCP: List Servers\" and restart each server"},
    {"vscode-insiders", "VS Code Insiders", kVsCodeInsiders,
     "run the command \"MCP: List Servers\" and restart each server"},
    {"codex", "Codex", kCodex,
     "start a new session of Codex"},
    {"windsurf", "Windsurf", kWindsurf,
     "press Refresh in the MCP panel of Cascade"},
    {"gemini-cli", "Gemini CLI", kGemini,
     "start a new session of Gemini CLI"},
    {"zed", "Zed", kZed,
     "not needed, Zed reads the file again by itself"},
    {"opencode", "opencode", kOpencode,
     "start opencode again"},
    {"goose", "Goose", kGoose,
     "start a new session of Goose"},
    {"continue", "Continue", kContinue,
     "reload the window of the editor"},
    {"cline", "Cline", kCline,
     "not needed, Cline reads the file again by itself"},
    {"kiro", "Kiro", kKiro,
     "not needed, Kiro reads the file again by itself"},
    {"lm-studio", "LM Studio", kLmStudio,
     "not needed, LM Studio reads the file again by itself"},
    {"crush", "Crush", kCrush,
     "start Crush again"},
    {"amp", "Amp", kAmp,
     "start a new thread of Amp"},
    {"copilot-cli", "Copilot CLI", kCopilotCli,
     "start a new session of Copilot CLI"},
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// The path of a template; empty where its root is not known.
std::string resolved(std::string_view path, const Roots& roots) {
  const std::array<std::pair<std::string_view, const std::string*>, 5> kRoots = {{{"~/", &roots.home},
                                                                                  {"%APPDATA%/", &roots.appdata},
                                                                                  {"$CONFIG/", &roots.config},
                                                                                  {"$CLAUDE/", &roots.claude},
                                                                                  {"./", &roots.project}}};
  for (const auto& [mark, root] : kRoots) {
    if (!path.starts_with(mark)) continue;
    return root->empty() ? std::string() : *root + "/" + std::string(path.substr(mark.size()));
  }
  return std::string(path);
}

}  // namespace

std::string_view to_string(Scope scope) {
  constexpr std::array<std::string_view, 5> kNames = {"user", "project", "local", "managed", "given"};
  return kNames[static_cast<std::size_t>(scope)];
}

std::string_view Location::on(Os os) const {
  return os == Os::linux ? linux : os == Os::macos ? macos : windows;
}

std::span<const Client> all_clients() {
  return kClients;
}

const Client* find_client(std::string_view id) {
  const auto found = std::ranges::find(kClients, id, &Client::id);
  return found == std::end(kClients) ? nullptr : &*found;
}

Roots roots_of_process() {
  Roots roots;
#if defined(__APPLE__)
  roots.os = Os::macos;
#elif defined(_WIN32)
  roots.os = Os::windows;
#endif
  roots.home = variable("HOME");
  roots.config = variable("XDG_CONFIG_HOME");
  if (!roots.config.starts_with('/')) roots.config = roots.home.empty() ? "" : roots.home + "/.config";
  roots.appdata = variable("APPDATA");
  roots.claude = variable("CLAUDE_CONFIG_DIR");
  if (roots.claude.empty()) roots.claude = roots.home;
  std::error_code ignored;
  roots.project = std::filesystem::current_path(ignored).string();
  return roots;
}

std::vector<FoundFile> find_files(const Roots& roots, const Client* only) {
  std::vector<FoundFile> found;
  std::set<std::pair<std::string, std::string_view>> met;
  for (const Client& client : kClients) {
    if (only != nullptr && only != &client) continue;
    for (const Location& location : client.locations) {
      const std::string path = resolved(location.on(roots.os), roots);
      std::error_code error;
      if (path.empty() || !std::filesystem::exists(std::filesystem::symlink_status(path, error))) continue;
      // A link to nothing, or into a folder that is closed to us, is kept: reading it says why.
      const std::filesystem::path real = std::filesystem::canonical(path, error);
      if (met.emplace(error ? path : real.string(), client.id).second) found.push_back({&client, &location, path});
    }
  }
  return found;
}

}  // namespace doorward::clients
