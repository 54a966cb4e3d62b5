#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

void status(Session& session) {
  const auto result = ask(session, "status", nullptr, true);
  if (!result) return;
  if (session.json) return print_line(*result);
  json::Reader reader;
  const auto value = reader.read(*result);
  if (!value) return;
  std::vector<std::vector<std::string>> rows;
  for (const json::Member entry : value->members()) {
    const bool empty = entry.value.is(json::Type::string) && entry.value.size() == 0;
    if (empty || entry.key.string() == "schema") continue;
    if (entry.value.is(json::Type::string) || entry.value.is(json::Type::number)) {
      rows.push_back({std::string(entry.key.string()), member(*value, entry.key.string())});
    } else if (entry.value.is(json::Type::boolean)) {
      rows.push_back({std::string(entry.key.string()), entry.value.boolean() ? "yes" : "no"});
    }
  }
  for (const json::Value anchor : value->find("anchors").elements()) {
    const std::string why = member(anchor, "failure");
    rows.push_back({"anchor " + member(anchor, "name"),
                    (why.empty() ? "ok, last " + member(anchor, "last") : "FAILS: " + why) + ", " +
                        member(anchor, "pending") + " pending"});
  }
  print_table(rows);
}

void reload(Session& session) {
  const auto result = ask(session, "reload", nullptr, true);
  if (!result) return;
  print_line(session.json ? *result : "configuration taken");
}

}  // namespace

void add_status_commands(CLI::App& app, Session& session) {
  app.add_subcommand("status", "Say what the running gateway does")->callback([&session] {
    status(session);
  });
  app.add_subcommand("reload", "Let the running gateway read its configuration anew")->callback([&session] {
    reload(session);
  });
}

}  // namespace doorward::cli
