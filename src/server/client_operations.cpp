#include "server/client_operations.h"

#include <memory>
#include <optional>
#include <utility>

#include "base/work_pool.h"
#include "clients/config_file.h"
#include "clients/standing.h"
#include "json/writer.h"
#include "server/late_work.h"

namespace doorward::server {
namespace {

using Json = Operations::Json;

/// A value as a client's file spells it: `Bearer ${TOKEN}` is a prefix and a variable, everything else a literal.
struct Reference {
  std::string prefix;
  std::string variable;  ///< empty: a literal
};

/// Nothing where the value refers to what only the client has, such as an input that it asks its user for.
std::optional<Reference> reference_of(std::string_view value) {
  const std::size_t begin = value.find("${");
  if (begin == std::string_view::npos) return Reference{};
  if (!value.ends_with('}')) return std::nullopt;
  std::string_view name = value.substr(begin + 2, value.size() - begin - 3);
  if (name.starts_with("env:")) name.remove_prefix(4);
  const bool plain = !name.empty() && name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
                                          std::string_view::npos;
  if (!plain) return std::nullopt;
  return Reference{std::string(value.substr(0, begin)), std::string(name)};
}

/// What stands in the way of taking an entry over; empty: nothing.
std::string flaw_of(const clients::Entry& entry) {
  if (!entry.flaw.empty()) return entry.flaw;
  for (const auto* settings : {&entry.env, &entry.headers}) {
    for (const clients::Setting& setting : *settings) {
      if (!reference_of(setting.value)) {
        return "the value of " + setting.name + " is one that only the client has; add the server by hand and store the value as a secret";
      }
    }
  }
  for (const std::string& word : entry.args) {
    if (word.find("${") != std::string::npos) return "its command holds \"" + word + "\", which only the client fills in; add the server by hand";
  }
  return {};
}

void write_settings(json::Writer& writer, std::string_view key, const std::vector<clients::Setting>& settings,
                    const std::vector<std::string>& passed) {
  if (settings.empty() && passed.empty()) return;
  writer.key(key).begin_object();
  for (const clients::Setting& setting : settings) {
    const Reference reference = reference_of(setting.value).value_or(Reference{});
    writer.key(setting.name).begin_object();
    reference.variable.empty() ? writer.key("value").string(setting.value) : writer.key("env").string(reference.variable);
    if (!reference.prefix.empty()) writer.key("prefix").string(reference.prefix);
    writer.end_object();
  }
  for (const std::string& name : passed) writer.key(name).begin_object().key("env").string(name).end_object();
  writer.end_object();
}

void write_literals(json::Writer& writer, std::string_view where, const std::vector<clients::Setting>& settings) {
  for (const clients::Setting& setting : settings) {
    if (const auto reference = reference_of(setting.value); !reference || !reference->variable.empty()) continue;
    writer.begin_object().key("in").string(where).key("name").string(setting.name).end_object();
  }
}

void write_entry(json::Writer& writer, const clients::Entry& entry) {
  writer.begin_object().key("name").string(entry.name).key("line").number(entry.line);
  writer.key("transport").string(to_string(entry.transport));
  const std::string flaw = flaw_of(entry);
  if (!flaw.empty()) {
    writer.key("flaw").string(flaw).key("literals").begin_array().end_array().end_object();
    return;
  }
  writer.key("settings").begin_object();
  if (!entry.url.empty()) {
    writer.key("url").string(entry.url);
    if (entry.transport == clients::Transport::sse) writer.key("transport").string("sse");
    write_settings(writer, "headers", entry.headers, {});
  } else {
    writer.key("command").begin_array().string(entry.command);
    for (const std::string& word : entry.args) writer.string(word);
    writer.end_array();
    write_settings(writer, "env", entry.env, entry.passed_env);
    if (!entry.directory.empty()) writer.key("cwd").string(entry.directory);
  }
  writer.end_object().key("literals").begin_array();
  entry.url.empty() ? write_literals(writer, "env", entry.env) : write_literals(writer, "headers", entry.headers);
  writer.end_array().end_object();
}

/// By the client that is named, else by the format that reads it and holds servers under a key that some client knows.
clients::ConfigFile read_text(const std::string& text, const clients::Client* wanted) {
  clients::ConfigFile last;
  for (const clients::Client& client : clients::all_clients()) {
    if (wanted != nullptr && wanted != &client) continue;
    for (const clients::Location& location : client.locations) {
      clients::ConfigFile read = clients::read_config_text(text, &client, &location, "the text");
      if (!read.entries.empty()) return read;
      if (last.error.empty()) last = std::move(read);
    }
  }
  return last;
}

Json read(ControlRequest& request) {
  const std::string text = request.need_text("text");
  const auto id = request.text("client");
  if (const Status whole = request.finish(); !whole) return std::unexpected(whole.error());
  const clients::Client* client = id ? clients::find_client(*id) : nullptr;
  if (id && client == nullptr) return fail(ErrorKind::invalid, "there is no client \"" + *id + "\"");
  const clients::ConfigFile file = read_text(text, client);
  if (file.entries.empty()) {
    return fail(ErrorKind::invalid, file.error.empty() ? "the text names no server; it should hold an object such as \"mcpServers\"" : file.error);
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.client.read/1");
  writer.key("client").string(file.client).key("label").string(file.label).key("servers").begin_array();
  for (const clients::Entry& entry : file.entries) write_entry(writer, entry);
  writer.end_array().key("notes").begin_array();
  for (const clients::Note& note : file.notes) {
    writer.begin_object().key("line").number(note.line).key("text").string(note.text).end_object();
  }
  writer.end_array().end_object();
  return out;
}

Json list(const std::string& state_directory) {
  const auto manifest = clients::read_manifest(clients::manifest_path(state_directory));
  if (!manifest) return std::unexpected(manifest.error());
  return clients::standing_json(clients::find_standing(clients::roots_of_process(), {}, *manifest));
}

}  // namespace

void add_client_operations(Operations& operations, const std::string& state_directory, io::Loop& loop) {
  const auto pool = std::make_shared<WorkPool>(1, 4);
  operations.add_late("client.list", identity::Roles::all(),
                      [pool, state_directory, &loop](ControlRequest& request, const identity::Actor&, Operations::Reply reply) {
                        if (const Status whole = request.finish(); !whole) return reply(std::unexpected(whole.error()));
                        later(*pool, loop, std::move(reply), [state_directory] { return list(state_directory); },
                              [](Json listed) { return listed; });
                      });
  operations.add("client.read", {}, [](ControlRequest& request, const identity::Actor&) { return read(request); });
}

}  // namespace doorward::server
