#include <utility>

#include "json/writer.h"
#include "server/config_oauth.h"
#include "server/config_server.h"

namespace doorward::server {
namespace {

void write_secrets(json::Writer& writer, std::string_view key, const NamedSecrets& secrets) {
  if (secrets.empty()) return;
  writer.key(key).begin_object();
  for (const auto& [name, ref] : secrets) {
    writer.key(name);
    write_secret_ref(writer, ref);
  }
  writer.end_object();
}

void write_actions(json::Writer& writer, const std::vector<ActionConfig>& actions) {
  if (actions.empty()) return;
  writer.key("actions").begin_array();
  for (const ActionConfig& action : actions) {
    writer.begin_object().key("tool").string(action.tool).key("name").string(action.name);
    if (!action.args.empty()) writer.key("args").string(action.args);
    writer.key("list").begin_array();
    for (const std::string& name : action.list) writer.string(name);
    writer.end_array().end_object();
  }
  writer.end_array();
}

void write_injected(json::Writer& writer, const std::vector<InjectConfig>& injected) {
  if (injected.empty()) return;
  writer.key("inject").begin_array();
  for (const InjectConfig& inject : injected) {
    writer.begin_object().key("argument").string(inject.argument).key("value");
    write_secret_ref(writer, inject.value);
    writer.key("tools");
    if (inject.tools.empty()) {
      writer.string("*");
    } else {
      writer.begin_array();
      for (const std::string& tool : inject.tools) writer.string(tool);
      writer.end_array();
    }
    writer.end_object();
  }
  writer.end_array();
}

void write_timeouts(json::Writer& writer, const ServerTimeouts& timeouts) {
  if (!timeouts.connect && !timeouts.first_byte && !timeouts.stream_idle) return;
  const auto write = [&](std::string_view key, const std::optional<Milliseconds>& time) {
    if (time) writer.key(key).string(std::to_string(time->count()) + "ms");
  };
  writer.key("timeouts").begin_object();
  write("connect", timeouts.connect);
  write("first_byte", timeouts.first_byte);
  write("stream_idle", timeouts.stream_idle);
  writer.end_object();
}

}  // namespace

void write_secret_ref(json::Writer& writer, const SecretRef& ref) {
  static constexpr const char* kNames[] = {"env", "file", "value", "credential", "sealed", "lent"};
  writer.begin_object().key(kNames[static_cast<std::size_t>(ref.source)]).string(ref.text);
  if (!ref.prefix.empty()) writer.key("prefix").string(ref.prefix);
  writer.end_object();
}

std::expected<ServerConfig, Findings> parse_server_settings(const std::string& name, std::string_view json) {
  auto tree = yaml::read(json);
  if (!tree) return std::unexpected(Findings{{{}, tree.error().message}});
  FileContext context;
  if (tree->find("name") != nullptr) {
    return std::unexpected(Findings{{{}, "the settings of a server hold no name; give it beside them"}});
  }
  yaml::Entry entry{"name", tree->line, tree->column, {}};
  entry.value.kind = yaml::Node::Kind::scalar;
  entry.value.quoted = true;
  entry.value.text = name;
  if (tree->kind == yaml::Node::Kind::mapping) tree->entries.push_back(std::move(entry));
  ServerConfig server = read_server(*tree, context);
  server.at = {};
  if (context.findings().empty()) return server;
  for (Finding& finding : context.findings()) finding.at = {};
  return std::unexpected(std::move(context.findings()));
}

std::string server_settings_json(const ServerConfig& server) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (server.builtin) writer.key("builtin").string("admin");
  if (!server.url.empty()) writer.key("url").string(server.url);
  if (!server.command.empty()) {
    writer.key("command").begin_array();
    for (const std::string& word : server.command) writer.string(word);
    writer.end_array();
  }
  write_secrets(writer, "headers", server.headers);
  write_secrets(writer, "env", server.env);
  if (!server.cwd.empty()) writer.key("cwd").string(server.cwd);
  if (server.oauth) write_oauth(writer.key("oauth"), *server.oauth);
  write_actions(writer, server.actions);
  write_injected(writer, server.inject);
  write_protocol(writer, server);
  write_timeouts(writer, server.timeouts);
  writer.end_object();
  return out;
}

}  // namespace doorward::server
