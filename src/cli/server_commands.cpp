#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

struct AddOptions {
  std::string name;
  std::string builtin;
  std::string url;
  std::vector<std::string> command;
  std::vector<std::string> headers;
  std::vector<std::string> env;
  std::string cwd;
  std::string era;
  std::string transport;
  std::string sessions;
  std::string sandbox;
  std::vector<std::string> client_requests;
  std::vector<std::string> admit_names;
  bool include_new = false;
};

/// Commands and gateway may run in different folders, so a path leaves here absolute.
std::string absolute(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

/// Writes `NAME=[PREFIX ]env:VAR|file:PATH|value:TEXT` words as references; false after having failed.
bool write_references(Session& session, json::Writer& writer, std::string_view option,
                      const std::vector<std::string>& words) {
  const auto pairs = split_pairs(session, option, words);
  if (!pairs) return false;
  writer.begin_object();
  for (const auto& [name, reference] : *pairs) {
    const std::size_t colon = reference.find(':');
    const std::size_t space = reference.substr(0, colon).rfind(' ');
    const std::size_t start = space == std::string::npos ? 0 : space + 1;
    const std::string source =
        colon == std::string::npos ? std::string() : reference.substr(start, colon - start);
    if (source != "env" && source != "file" && source != "value") {
      session.fail(Exit::usage,
                   std::string(option) + " " + name +
                       " must be a reference: env:VARIABLE, file:PATH or, for what is no secret, "
                       "value:TEXT; a prefix such as \"Bearer \" may stand before it");
      return false;
    }
    const std::string text = reference.substr(colon + 1);
    writer.key(name).begin_object().key(source).string(source == "file" ? absolute(text) : text);
    if (start != 0) writer.key("prefix").string(reference.substr(0, start));
    writer.end_object();
  }
  writer.end_object();
  return true;
}

/// Writes how the gateway speaks with the server; the gateway checks the words.
void write_protocol(json::Writer& writer, const AddOptions& options) {
  const auto word = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) writer.key(key).string(value);
  };
  const auto words = [&](std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    writer.key(key).begin_array();
    for (const std::string& value : values) writer.string(value);
    writer.end_array();
  };
  word("era", options.era);
  word("transport", options.transport);
  word("sessions", options.sessions);
  word("sandbox", options.sandbox);
  words("client_requests", options.client_requests);
  words("admit_names", options.admit_names);
  if (options.include_new) writer.key("include_new").boolean(true);
}

std::optional<std::string> settings_of(Session& session, const AddOptions& options) {
  if (!options.url.empty() + !options.command.empty() + !options.builtin.empty() != 1) {
    session.fail(Exit::usage,
                 "give --url URL, or behind -- the command that starts the server, or --builtin admin");
    return std::nullopt;
  }
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (!options.builtin.empty()) writer.key("builtin").string(options.builtin);
  if (!options.url.empty()) writer.key("url").string(options.url);
  if (!options.command.empty()) {
    writer.key("command").begin_array();
    for (const std::string& word : options.command) {
      const bool program = &word == &options.command.front();
      writer.string(program && word.find('/') != std::string::npos ? absolute(word) : word);
    }
    writer.end_array();
  }
  if (!options.headers.empty() &&
      !write_references(session, writer.key("headers"), "--header", options.headers)) {
    return std::nullopt;
  }
  if (!options.env.empty() && !write_references(session, writer.key("env"), "--env", options.env))
    return std::nullopt;
  if (!options.cwd.empty()) writer.key("cwd").string(absolute(options.cwd));
  write_protocol(writer, options);
  writer.end_object();
  return out;
}

void add(Session& session, const AddOptions& options) {
  const auto settings = settings_of(session, options);
  if (!settings) return;
  operate(
      session, "server.add",
      [&](json::Writer& writer) { writer.key("name").string(options.name).key("settings").raw(*settings); },
      [&](json::Value) {
        print_line("server " + options.name + " added; clients reach it at /mcp/" + options.name + "/");
        if (!options.builtin.empty()) {
          return session.say("it came with the policy admin; next: doorward grant create LABEL --server " +
                             options.name + " --policy admin");
        }
        session.say("next: doorward policy add NAME --server " + options.name + " --file POLICY.json");
      });
}

void list(Session& session) {
  operate(session, "server.list", nullptr, [](json::Value result) {
    std::vector<std::vector<std::string>> rows = {{"NAME", "KIND", "OWNER"}};
    for (const json::Value server : result.find("servers").elements()) {
      const json::Value settings = server.find("settings");
      const std::string kind = settings.find("url") ? "http" : settings.find("builtin") ? "builtin" : "stdio";
      rows.push_back({member(server, "name"), kind, member(server, "owner")});
    }
    for (const json::Value bundle : result.find("bundles").elements()) {
      rows.push_back({member(bundle, "name"), "bundle", member(bundle, "owner")});
    }
    print_table(rows);
  });
}

using Rows = std::vector<std::vector<std::string>>;

/// One setting as rows: lists of words on one row, and members under the name of what holds them.
void add_setting(const std::string& name, json::Value value, Rows& rows) {
  if (value.is(json::Type::object)) {
    for (const json::Member each : value.members()) add_setting(name + "." + safe_text(each.key.string()), each.value, rows);
  } else if (value.is(json::Type::array)) {
    std::string words;
    std::size_t index = 0;
    for (const json::Value each : value.elements()) {
      if (each.is(json::Type::string)) {
        words += (words.empty() ? "" : " ") + safe_text(each.string());
      } else {
        add_setting(name + "[" + std::to_string(index) + "]", each, rows);
      }
      ++index;
    }
    if (!words.empty()) rows.push_back({name, words});
  } else if (value.is(json::Type::boolean)) {
    rows.push_back({name, value.boolean() ? "yes" : "no"});
  } else if (!value.is(json::Type::null)) {
    rows.push_back({name, value.is(json::Type::string) ? safe_text(value.string()) : std::string(value.number())});
  }
}

void show(Session& session, const std::string& name) {
  operate(
      session, "server.show", [&](json::Writer& writer) { writer.key("name").string(name); },
      [](json::Value result) {
        const json::Value server = result.find("server");
        Rows rows = {{"name", member(server, "name")}, {"id", member(server, "id")}, {"owner", member(server, "owner")}};
        for (const json::Member setting : server.find("settings").members()) add_setting(safe_text(setting.key.string()), setting.value, rows);
        print_table(rows);
      });
}

void remove(Session& session, const std::string& name) {
  operate(
      session, "server.remove", [&](json::Writer& writer) { writer.key("name").string(name); },
      [&](json::Value) { print_line("server " + name + " removed"); });
}

void add_named(CLI::App& group, const char* command, const char* help, Session& session,
               void (*run)(Session&, const std::string&)) {
  const auto name = std::make_shared<std::string>();
  CLI::App* app = group.add_subcommand(command, help);
  app->add_option("name", *name, "Name of the server")->required()->type_name("NAME");
  app->callback([&session, name, run] { run(session, *name); });
}

}  // namespace

void add_server_commands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("server", "Manage the servers behind the gateway");
  group->require_subcommand(1);
  const auto options = std::make_shared<AddOptions>();
  CLI::App* command = group->add_subcommand("add", "Put a server behind the gateway");
  command->add_option("name", options->name, "Its name: a-z, 0-9 and -")->required()->type_name("NAME");
  command->add_option("--builtin", options->builtin, "A server inside the gateway: admin")->type_name("NAME");
  command->add_option("--url", options->url, "Where it speaks Streamable HTTP")->type_name("URL");
  command->add_option("--header", options->headers, "Header for it, by reference")
      ->type_name("NAME=[PREFIX ]env:VAR|file:PATH")
      ->allow_extra_args(false);
  command->add_option("--env", options->env, "Variable for its process, by reference")
      ->type_name("NAME=env:VAR|file:PATH|value:TEXT")
      ->allow_extra_args(false);
  command->add_option("--cwd", options->cwd, "Working directory of its process")->type_name("DIR");
  command->add_option("--era", options->era, "Which revisions it speaks; found out where absent")
      ->type_name("auto|legacy|modern");
  command->add_option("--transport", options->transport, "How it speaks behind its URL")
      ->type_name("auto|streamable|sse");
  command->add_option("--sessions", options->sessions, "Who shares its sessions where clients have none")
      ->type_name("per_grant|per_call|shared");
  command->add_option("--client-requests", options->client_requests, "What it may ask its clients")
      ->type_name("sampling,elicitation,roots")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--admit-name", options->admit_names, "Tool offered although its name is unusual")
      ->type_name("TOOL")
      ->allow_extra_args(false);
  command->add_flag("--include-new", options->include_new, "Offer tools that appear later without a review");
  command->add_option("--sandbox", options->sandbox, "Sandbox of its process")->type_name("none|bubblewrap");
  command->add_option("command", options->command, "Behind --: the program and its arguments")
      ->type_name("COMMAND");
  command->callback([&session, options] { add(session, *options); });
  group->add_subcommand("list", "List the servers and bundles")->alias("ls")->callback([&session] {
    list(session);
  });
  add_named(*group, "show", "Show one server", session, show);
  add_named(*group, "remove", "Take a server away", session, remove);
  add_review_command(*group, session);
}

}  // namespace doorward::cli
