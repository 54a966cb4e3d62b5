#include "clients/config_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "clients/edit.h"
#include "clients/toml_text.h"
#include "io/file.h"

namespace doorward::clients {
namespace {

constexpr std::size_t kMostEntries = 2'000;
constexpr std::array<std::string_view, 8> kKeys = {"mcpServers", "servers", "context_servers", "mcp_servers",
                                                   "mcp.servers", "amp.mcpServers", "mcp", "extensions"};

std::vector<std::string> strings_of(const Node* node) {
  std::vector<std::string> out;
  if (node == nullptr) return out;
  for (const Node& item : node->items) {
    if (!item.is(Node::Kind::array) && !item.is(Node::Kind::object)) out.push_back(item.text);
  }
  return out;
}

void add_settings(const Node* node, std::vector<Setting>& into) {
  if (node == nullptr) return;
  for (const Node& member : node->members) {
    if (member.is(Node::Kind::array) || member.is(Node::Kind::object)) continue;
    std::erase_if(into, [&](const Setting& known) { return known.name == member.key; });
    into.push_back({member.key, member.text});
  }
}

const Node* first_of(const Node& node, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const Node* member = node.find(key)) return member;
  }
  return nullptr;
}

std::string_view first_text(const Node& node, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const std::string_view text = node.string_of(key); !text.empty()) return text;
  }
  return {};
}

Transport transport_of(const Node& node, const Entry& entry) {
  const std::string_view type = first_text(node, {"type", "transport", "transportType"});
  if (!entry.command.empty()) return Transport::stdio;
  if (type == "sse") return Transport::sse;
  if (entry.url.empty()) return Transport::unknown;
  if (type == "http" || type == "streamable-http" || type == "streamableHttp" || type == "streamable_http" ||
      node.find("httpUrl") != nullptr) {
    return Transport::streamable_http;
  }
  return Transport::unknown;
}

/// Reads one entry. The clients spell the same facts differently, never the same word for different facts.
Entry read_entry(const Node& node, std::string name) {
  Entry entry;
  entry.name = std::move(name);
  entry.line = node.key_line;
  entry.begin = node.begin;
  entry.end = node.end;
  if (!node.is(Node::Kind::object)) {
    entry.flaw = "the entry is no object";
    return entry;
  }
  const Node* command = first_of(node, {"command", "cmd"});
  if (command != nullptr && command->is(Node::Kind::array)) {
    std::vector<std::string> words = strings_of(command);
    if (!words.empty()) {
      entry.command = std::move(words.front());
      entry.args.assign(std::make_move_iterator(words.begin() + 1), std::make_move_iterator(words.end()));
    }
  } else if (command != nullptr && command->is(Node::Kind::object)) {
    entry.command = command->string_of("path");
    entry.args = strings_of(command->find("args"));
    add_settings(command->find("env"), entry.env);
  } else if (command != nullptr) {
    entry.command = command->text;
  }
  for (std::string& arg : strings_of(node.find("args"))) entry.args.push_back(std::move(arg));
  for (const std::string_view key : {"env", "envs", "environment"}) add_settings(node.find(key), entry.env);
  for (const std::string_view key : {"env_vars", "env_keys"}) {
    for (std::string& each : strings_of(node.find(key))) entry.passed_env.push_back(std::move(each));
  }
  entry.env_file = node.string_of("envFile");
  entry.directory = first_text(node, {"cwd", "workingDirectory"});
  entry.url = first_text(node, {"url", "serverUrl", "httpUrl", "uri"});
  for (const std::string_view key : {"headers", "http_headers"}) add_settings(node.find(key), entry.headers);
  if (const Node* init = node.find("requestInit")) add_settings(init->find("headers"), entry.headers);
  if (const Node* from_env = node.find("env_http_headers")) {
    for (const Node& each : from_env->members) entry.headers.push_back({each.key, "${" + each.text + "}"});
  }
  if (const std::string_view token = node.string_of("bearer_token_env_var"); !token.empty()) {
    entry.headers.push_back({"Authorization", "Bearer ${" + std::string(token) + "}"});
  }
  entry.transport = transport_of(node, entry);
  const Node* disabled = node.find("disabled");
  const Node* enabled = node.find("enabled");
  entry.disabled = (disabled != nullptr && disabled->is_true()) || (enabled != nullptr && enabled->is_false());
  if (entry.command.empty() && entry.url.empty()) {
    const std::string_view type = node.string_of("type");
    entry.flaw = node.string_of("source") == "extension" ? "an extension of the client starts it; the file does not say what"
                 : type == "builtin" || type == "platform" || type == "bundled" ? "it is part of the client itself"
                                                            : "it has neither a command nor a URL";
  }
  return entry;
}

/// Reads the servers of one object or list into the file.
void read_servers(const Node& servers, Scope scope, const std::string& project, ConfigFile& file) {
  const auto add = [&](const Node& node, std::string name) {
    if (file.entries.size() >= kMostEntries) return;
    Entry entry = read_entry(node, std::move(name));
    entry.scope = scope;
    entry.project = project;
    file.entries.push_back(std::move(entry));
  };
  std::size_t number = 0;
  for (const Node& item : servers.items) {
    ++number;
    const std::string_view name = item.string_of("name");
    add(item, name.empty() ? "server-" + std::to_string(number) : std::string(name));
  }
  std::map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < servers.members.size(); ++i) last[servers.members[i].key] = i;
  for (std::size_t i = 0; i < servers.members.size(); ++i) {
    const Node& member = servers.members[i];
    add(member, member.key);
    if (last[member.key] == i || file.entries.size() >= kMostEntries) continue;
    file.entries.back().disabled = true;
    file.entries.back().why_disabled = "the same name stands again below; clients take the last one";
    file.notes.push_back({Note::Kind::duplicate_name, member.key_line,
                          "the name \"" + member.key + "\" stands twice; clients take the last one"});
  }
}

/// Whether a value may be the servers of a file: an object or list of objects.
bool may_hold_servers(const Node& node) {
  if (node.is(Node::Kind::array)) {
    return std::ranges::all_of(node.items, [](const Node& item) { return item.is(Node::Kind::object); });
  }
  return node.is(Node::Kind::object) &&
         std::ranges::all_of(node.members, [](const Node& member) { return member.is(Node::Kind::object); });
}

void read_root(const Node& root, std::string_view key, ConfigFile& file) {
  bool found = false;
  if (const Node* servers = root.find_path(key)) {
    found = true;
    if (may_hold_servers(*servers) || servers->is(Node::Kind::object)) {
      read_servers(*servers, file.scope, {}, file);
    } else if (!servers->is(Node::Kind::null)) {
      file.error_line = servers->key_line;
      file.error = "line " + std::to_string(servers->key_line) + ": \"" + std::string(key) + "\" is no object with servers";
    }
  }
  if (file.client == "claude-code" && file.scope == Scope::user) {
    if (const Node* projects = root.find("projects")) {
      for (const Node& project : projects->members) {
        if (const Node* servers = project.find("mcpServers")) read_servers(*servers, Scope::local, project.key, file);
      }
    }
  }
  if (found || key == "mcp.servers") return;
  // The key of other clients: this one passes over it without a word.
  for (const std::string_view other : {std::string_view("mcpServers"), std::string_view("servers")}) {
    const Node* servers = root.find(other);
    if (other == key || servers == nullptr || !servers->is(Node::Kind::object) || !may_hold_servers(*servers)) continue;
    file.notes.push_back({Note::Kind::wrong_key, servers->key_line,
                          file.label + " reads \"" + std::string(key) + "\" and passes over \"" + std::string(other) +
                              "\": these servers are not connected"});
    const std::size_t before = file.entries.size();
    read_servers(*servers, file.scope, {}, file);
    for (std::size_t i = before; i < file.entries.size(); ++i) {
      file.entries[i].disabled = true;
      file.entries[i].why_disabled = "it stands under a key that the client does not read";
    }
  }
}

std::size_t line_in(std::string_view message) {
  std::size_t line = 1;
  if (message.starts_with("line ")) std::from_chars(message.data() + 5, message.data() + message.size(), line);
  return line;
}

Format format_of(std::string_view path) {
  if (path.ends_with(".toml")) return Format::toml;
  return path.ends_with(".yaml") || path.ends_with(".yml") ? Format::yaml : Format::jsonc;
}

/// The key under which a file without a known name holds servers; empty where it holds none.
std::string_view key_in(const Node& root) {
  for (const std::string_view key : kKeys) {
    const Node* servers = root.find_path(key);
    if (servers != nullptr && may_hold_servers(*servers)) return key;
  }
  return {};
}

void note_permissions(ConfigFile& file) {
  struct stat info {};
  if (::stat(file.path.c_str(), &info) != 0) return;
  if ((info.st_mode & S_IWOTH) != 0) {
    file.notes.push_back({Note::Kind::open_to_others, 1,
                          "every user of this machine can write the file, and so start commands as you"});
  }
  if (info.st_uid != ::getuid() && info.st_uid != 0) {
    file.notes.push_back({Note::Kind::foreign_owner, 1, "the file belongs to another user, who can start commands as you"});
  }
}

/// The text, or nothing after having said why in `file`.
std::optional<std::string> text_of(ConfigFile& file) {
  auto text = io::read_file(file.path, kLargestConfig);
  if (text) return std::move(*text);
  file.error = text.error().message;
  file.missing = ::access(file.path.c_str(), F_OK) != 0;
  return std::nullopt;
}

/// File names that say nothing of the client without their folder.
constexpr std::array<std::string_view, 4> kPlainNames = {"mcp.json", "settings.json", "config.toml", "config.yaml"};

/// The location whose file has this name: `.mcp.json`, `.vscode/mcp.json`, `claude_desktop_config.json` anywhere.
const Location* location_of(std::string_view path, const Client*& client) {
  const std::string_view own = path.substr(path.rfind('/') + 1);
  for (const Client& each : all_clients()) {
    for (const Location& location : each.locations) {
      for (std::string_view known : {location.linux, location.macos, location.windows}) {
        known = known.substr(std::min(known.size(), known.find('/')));  // from the slash behind its root on
        const bool same_name = known.substr(known.rfind('/') + 1) == own && std::ranges::find(kPlainNames, own) == kPlainNames.end();
        if (known.size() < 2 || !(same_name || ("/" + std::string(path)).ends_with(known))) continue;
        client = &each;
        return &location;
      }
    }
  }
  return nullptr;
}

}  // namespace

std::string_view to_string(Transport transport) {
  constexpr std::array<std::string_view, 4> kNames = {"unknown", "stdio", "streamable-http", "sse"};
  return kNames[static_cast<std::size_t>(transport)];
}

ConfigFile read_config_text(std::string_view text, const Client* client, const Location* location,
                            const std::string& path) {
  ConfigFile file;
  file.path = path;
  file.client = client == nullptr ? "file" : client->id;
  file.label = client == nullptr ? "configuration file" : client->label;
  file.scope = location == nullptr ? Scope::given : location->scope;
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return file;
  const auto root = read_tree(text, location == nullptr ? format_of(path) : location->format);
  if (!root) {
    file.error = root.error().message;
    file.error_line = line_in(file.error);
    return file;
  }
  std::string_view key = location == nullptr ? key_in(*root) : location->key;
  if (key.empty()) {
    file.error = "it names no servers: none of the keys mcpServers, servers, context_servers, mcp_servers and mcp is in it";
    return file;
  }
  read_root(*root, key, file);
  if (location != nullptr ? location->format == Format::toml : format_of(path) == Format::toml) {
    const auto places = toml_members(text, servers_path(*root, key));
    for (Entry& entry : file.entries) {
      const auto place = places.find(entry.name);
      if (place == places.end()) continue;
      entry.begin = place->second.begin;
      entry.end = place->second.end;
    }
  }
  return file;
}

ConfigFile read_config(const FoundFile& found) {
  ConfigFile file;
  file.path = found.path;
  file.client = found.client->id;
  file.label = found.client->label;
  file.scope = found.location->scope;
  const auto text = text_of(file);
  if (!text) return file;
  file = read_config_text(*text, found.client, found.location, found.path);
  note_permissions(file);
  return file;
}

ConfigFile read_config(const std::string& path) {
  ConfigFile file;
  file.path = path;
  file.client = "file";
  file.label = "configuration file";
  file.scope = Scope::given;
  const auto text = text_of(file);
  if (!text) return file;
  const Client* client = nullptr;
  const Location* location = location_of(path, client);
  file = read_config_text(*text, client, location, path);
  note_permissions(file);
  return file;
}

}  // namespace doorward::clients
