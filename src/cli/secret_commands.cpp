#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/question.h"
#include "cli/session.h"
#include "server/secret.h"

namespace doorward::cli {
namespace {

/// The value from standard input, or typed twice at a terminal; never from the command line, where `ps` shows
/// it.
Result<std::string> read_value(const std::string& name) {
  if (isatty(STDIN_FILENO) == 0) {
    auto value = read_input("-");
    if (value && value->ends_with('\n')) value->pop_back();
    return value;
  }
  std::string typed[2];
  typed[0] = ask_hidden("Value of " + safe_text(name) + ": ").value_or(std::string());
  typed[1] = ask_hidden("Once more: ").value_or(std::string());
  const bool same = typed[0] == typed[1];
  wipe(typed[1]);
  if (same) return std::move(typed[0]);
  wipe(typed[0]);
  return fail(ErrorKind::invalid, "the two values differ; nothing was stored");
}

void put(Session& session, const std::string& name, std::string_view op) {
  auto value = read_value(name);
  if (!value) return session.fail(value.error());
  operate(
      session, op, [&](json::Writer& writer) { writer.key("name").string(name).key("value").string(*value); },
      [&](json::Value result) {
        print_line("secret " + name + " stored, version " + member(result.find("secret"), "version"));
      });
  wipe(*value);
}

void set(Session& session, const std::string& name) {
  put(session, name, "secret.set");
}

void rotate(Session& session, const std::string& name) {
  put(session, name, "secret.rotate");
}

void list(Session& session) {
  operate(session, "secret.list", nullptr, [](json::Value result) {
    std::vector<std::vector<std::string>> rows = {{"NAME", "VERSION", "UPDATED", "KEY", "SERVERS"}};
    for (const json::Value secret : result.find("secrets").elements()) {
      std::string servers;
      for (const json::Value server : secret.find("servers").elements()) {
        servers += (servers.empty() ? "" : ", ") + std::string(server.string());
      }
      rows.push_back({member(secret, "name"), member(secret, "version"), member(secret, "updated"),
                      member(secret, "key"), servers});
    }
    print_table(rows);
  });
}

void remove(Session& session, const std::string& name) {
  operate(
      session, "secret.remove", [&](json::Writer& writer) { writer.key("name").string(name); },
      [&](json::Value result) {
        print_line("secret " + name + " removed");
        for (const json::Value server : result.find("withheld").elements()) {
          session.say(
              "server " + std::string(server.string()) +
              " refers to it and is given nothing from now on: its calls fail until the secret is set again");
        }
      });
}

void rotate_key(Session& session) {
  operate(session, "secret.rotate_key", nullptr, [](json::Value result) {
    print_line("master key " + member(result, "key") + " in force; " + member(result, "secrets") +
               " data keys wrapped anew");
  });
}

void add_named(CLI::App& group, const char* command, const char* help, Session& session,
               void (*run)(Session&, const std::string&)) {
  const auto name = std::make_shared<std::string>();
  CLI::App* app = group.add_subcommand(command, help);
  app->add_option("name", *name, "Name of the secret")->required()->type_name("NAME");
  app->callback([&session, name, run] { run(session, *name); });
}

}  // namespace

void add_secret_commands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("secret", "Manage the credentials that servers are given");
  group->require_subcommand(1);
  add_named(*group, "set", "Store a secret, read from standard input or the terminal", session, set);
  add_named(*group, "rotate", "Give a secret another value, which counts from the next call on", session,
            rotate);
  group->add_subcommand("list", "List the secrets, without their values")->alias("ls")->callback([&session] {
    list(session);
  });
  add_named(*group, "remove", "Remove a secret; servers that refer to it are given nothing any more", session,
            remove);
  group->add_subcommand("rotate-key", "Seal everything under a new master key")->callback([&session] {
    rotate_key(session);
  });
}

}  // namespace doorward::cli
