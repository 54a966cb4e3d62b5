#include "clients/shim_entry.h"

#include <algorithm>
#include <array>

namespace doorward::clients {
namespace {

/// Codex gives a call a minute; a person who is asked may take longer.
constexpr long kCodexSeconds = 300;

/// What says how a server is reached, beside its command.
constexpr std::array<std::string_view, 14> kReach = {
    "url", "serverUrl", "httpUrl", "uri", "headers", "http_headers", "env_http_headers", "bearer_token_env_var",
    "requestInit", "cwd", "workingDirectory", "transport", "transportType", "type"};

/// How a client spells an entry that starts a program.
struct Spelling {
  std::string_view command = "command";
  std::string_view env = "env";
  std::string_view type;       ///< empty: entries need none
  bool words = false;          ///< the command is a list that holds its arguments
};

Spelling spelling_of(const Client& client) {
  Spelling spelling;
  if (client.id == "opencode") return {"command", "environment", "local", true};
  if (client.id == "goose") return {"cmd", "envs", "stdio", false};
  if (client.id == "copilot-cli") spelling.type = "local";
  if (client.id == "vscode" || client.id == "vscode-insiders" || client.id == "crush") spelling.type = "stdio";
  return spelling;
}

std::vector<std::string> all_words(const Shim& shim) {
  std::vector<std::string> words{shim.program};
  words.insert(words.end(), shim.args.begin(), shim.args.end());
  return words;
}

/// The variables of a new entry, or those that are added to one.
std::vector<Node> variables_of(const Shim& shim) {
  std::vector<Node> variables;
  for (const Setting& setting : shim.added) variables.push_back(text_member(setting.name, setting.value));
  variables.push_back(text_member(kManagedMark, "1"));
  return variables;
}

Change change_of(const Node& entry, const Client& client, const Shim& shim) {
  const Spelling spelling = spelling_of(client);
  const Node* command = entry.find(spelling.command);
  const bool remote = command == nullptr;
  const bool words = spelling.words || (command != nullptr && command->is(Node::Kind::array));
  Change change;
  for (const std::string_view key : kReach) {
    if (key != "type" || remote) change.drop.emplace_back(key);
  }
  change.put.push_back(words ? list_member(spelling.command, all_words(shim)) : text_member(spelling.command, shim.program));
  if (words) {
    change.drop.emplace_back("args");
  } else {
    change.put.push_back(list_member("args", shim.args));
  }
  if (remote && (entry.find("type") != nullptr || !spelling.type.empty())) {
    change.put.push_back(text_member("type", spelling.type.empty() ? "stdio" : spelling.type));
  }
  if (!shim.passed.empty()) change.put.push_back(list_member("env_vars", shim.passed));
  if (client.id == "codex" && entry.find("tool_timeout_sec") == nullptr) {
    change.put.push_back(number_member("tool_timeout_sec", kCodexSeconds));
  }
  return change;
}

}  // namespace

bool is_managed(const Entry& entry) {
  return std::ranges::any_of(entry.env, [](const Setting& setting) { return setting.name == kManagedMark; });
}

Result<KeyPath> entry_path(std::string_view text, Format format, const Client&, const Location& location, const Entry& entry) {
  if (entry.scope == Scope::local) return KeyPath{"projects", entry.project, "mcpServers", entry.name};
  const auto root = read_tree(text, format);
  if (!root) return std::unexpected(root.error());
  KeyPath path = servers_path(*root, location.key);
  path.push_back(entry.name);
  return path;
}

namespace {

/// Refuses an edit that, taken back, would leave another file than there was.
Result<std::string> reversible(std::string_view text, Format format, const KeyPath& entry, std::string edited) {
  const auto original = bytes_of(text, format, entry);
  if (!original) return std::unexpected(original.error());
  const auto back = replace_bytes(edited, format, entry, *original);
  if (!back) return edited;
  const auto was = read_tree(text, format);
  const auto now = read_tree(*back, format);
  if (!was || !now || !same_value(*was, *now)) {
    return fail(ErrorKind::invalid, "the entry is written in a way whose change could not be taken back; edit it by hand");
  }
  return edited;
}

}  // namespace

Result<std::string> put_shim(std::string_view text, Format format, const Client& client, const KeyPath& entry,
                             const Shim& shim) {
  const auto root = read_tree(text, format);
  if (!root) return std::unexpected(root.error());
  const Node* node = find_at(*root, entry);
  if (node == nullptr || !node->is(Node::Kind::object)) return fail(ErrorKind::not_found, "there is no such entry");
  const Spelling spelling = spelling_of(client);
  const Node* command = node->find(spelling.command);
  KeyPath holder = entry;
  Change change;
  if (command != nullptr && command->is(Node::Kind::object)) {
    // Zed's older form: the command is an object with a path.
    holder.emplace_back(spelling.command);
    change.put = {text_member("path", shim.program), list_member("args", shim.args)};
    node = command;
  } else {
    change = change_of(*node, client, shim);
  }
  std::string env_key(spelling.env);
  for (const std::string_view key : {"env", "envs", "environment"}) {
    const Node* known = node->find(key);
    if (known != nullptr && known->is(Node::Kind::object)) env_key = key;
  }
  const Node* env = node->find(env_key);
  const bool has_env = env != nullptr && env->is(Node::Kind::object);
  if (!has_env) change.put.push_back(object_member(env_key, variables_of(shim)));
  auto out = edit_object(text, format, holder, change);
  if (out && has_env) {
    KeyPath variables = holder;
    variables.push_back(env_key);
    out = edit_object(*out, format, variables, {shim.moved, variables_of(shim)});
  }
  return out ? reversible(text, format, entry, std::move(*out)) : out;
}

Result<std::string> add_shim(std::string_view text, const Client& client, const Location& location, const std::string& name,
                             const Shim& shim) {
  const Spelling spelling = spelling_of(client);
  Node entry = object_member(name, {});
  if (!spelling.type.empty()) entry.members.push_back(text_member("type", spelling.type));
  if (client.id == "zed") entry.members.push_back(text_member("source", "custom"));
  if (client.id == "goose") entry.members.push_back(text_member("name", name));
  entry.members.push_back(spelling.words ? list_member(spelling.command, all_words(shim))
                                         : text_member(spelling.command, shim.program));
  if (!spelling.words) entry.members.push_back(list_member("args", shim.args));
  entry.members.push_back(object_member(spelling.env, variables_of(shim)));
  if (client.id == "codex") entry.members.push_back(number_member("tool_timeout_sec", kCodexSeconds));
  if (client.id == "copilot-cli") entry.members.push_back(list_member("tools", {"*"}));
  if (client.id == "goose" || client.id == "opencode") {
    Node enabled = text_member("enabled", "true");
    enabled.kind = Node::Kind::boolean;
    entry.members.push_back(std::move(enabled));
  }
  const bool blank = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF") == std::string_view::npos;
  KeyPath servers{std::string(location.key)};
  if (!blank) {
    const auto root = read_tree(text, location.format);
    if (!root) return std::unexpected(root.error());
    servers = servers_path(*root, location.key);
  }
  return edit_object(text, location.format, servers, {{}, {std::move(entry)}});
}

}  // namespace doorward::clients
