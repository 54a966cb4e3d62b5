#include "scan/deny_list.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "json/writer.h"

namespace doorward::scan {
namespace {

constexpr std::array<std::string_view, 3> kFormats = {"claude-code", "codex", "doorward"};
/// A tool whose name with the prefix is longer is dropped by Claude Code.
constexpr std::size_t kLongestName = 128;

bool is_word(char c) {
  return is_alnum(c) || c == '_' || c == '-';
}

/// As Claude Code puts names together: every other character is an underscore.
std::string plain(std::string_view name) {
  std::string out(name);
  std::ranges::replace_if(out, [](char c) { return !is_word(c); }, '_');
  return out;
}

/// A JSON text indented by two blanks: the writer's output has none, and people merge these by hand.
std::string list_of(const std::vector<std::string>& names, std::string_view indent) {
  std::string out = "[";
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += (i == 0 ? "\n" : ",\n") + std::string(indent) + "  ";
    json::append_string(out, names[i]);
  }
  return out + "\n" + std::string(indent) + "]";
}

/// A TOML basic string; JSON's escapes are TOML's but for DEL, which names do not hold unescaped here.
std::string toml_string(std::string_view text) {
  std::string out;
  json::append_string(out, text, json::Escape::ascii);
  return out;
}

}  // namespace

std::string_view to_string(DenyFormat format) {
  return kFormats[static_cast<std::size_t>(format)];
}

std::optional<DenyFormat> parse_deny_format(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name);
  if (found == kFormats.end()) return std::nullopt;
  return static_cast<DenyFormat>(found - kFormats.begin());
}

DenyList deny_list(DenyFormat format, std::string_view server, std::span<const catalogue::ToolRecord> tools, Severity from) {
  DenyList list;
  std::vector<std::string> names;
  std::map<std::string, std::string> spelled;
  for (const catalogue::ToolRecord& tool : tools) {
    if (tool.gone || tool.classification.severity < from) continue;
    if (!tool.outer.empty()) {
      list.notes.push_back(tool.name + " is an action of " + tool.outer + ": clients can deny the whole tool alone; Doorward can deny the action");
      continue;
    }
    std::string name = tool.name;
    if (format == DenyFormat::claude_code) {
      name = "mcp__" + plain(server) + "__" + plain(tool.name);
      if (name.size() > kLongestName) {
        list.notes.push_back(tool.name + " is left out: with its prefix it is longer than 128 characters, and Claude Code drops it");
        continue;
      }
      const auto [known, fresh] = spelled.emplace(name, tool.name);
      if (!fresh) {
        list.notes.push_back(tool.name + " and " + known->second + " are one name to Claude Code; both are denied");
        continue;
      }
      if (plain(tool.name) != tool.name) {
        list.notes.push_back(tool.name + " is written " + plain(tool.name) + ", as Claude Code spells it");
      }
    } else if (format == DenyFormat::doorward && tool.name.find_first_of("*?[]") != std::string::npos) {
      list.notes.push_back(tool.name + " is left out: in a policy it would be a pattern");
      continue;
    }
    names.push_back(std::move(name));
  }
  list.tools = names.size();
  if (names.empty()) return list;
  std::ranges::sort(names);
  switch (format) {
    case DenyFormat::claude_code:
      list.text = "{\n  \"permissions\": {\n    \"deny\": " + list_of(names, "    ") + "\n  }\n}\n";
      break;
    case DenyFormat::codex: {
      const bool bare = !server.empty() && std::ranges::all_of(server, is_word);
      list.text = "[mcp_servers." + (bare ? std::string(server) : toml_string(server)) + "]\ndisabled_tools = [\n";
      for (const std::string& name : names) list.text += "  " + toml_string(name) + ",\n";
      list.text += "]\n";
      break;
    }
    case DenyFormat::doorward:
      list.text = "{\n  \"version\": \"1\",\n  \"default\": \"allow\",\n  \"hide\": " + list_of(names, "  ") + "\n}\n";
      break;
  }
  return list;
}

}  // namespace doorward::scan
