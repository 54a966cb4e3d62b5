#include "cli/catalogue_drift.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/severity.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/scan_view.h"
#include "cli/session.h"
#include "scan/render.h"

namespace doorward::cli {
namespace {

struct DriftOptions {
  std::string server;
  std::string fail_on = "low";
  bool markdown = false;
};

std::string raw_member(json::Value object, std::string_view key) {
  return std::string(json::text_of(object, key));
}

void print_terminal(Session& session, json::Value result) {
  const bool color = session.color();
  for (const json::Value server : result.find("servers").elements()) {
    const std::size_t found = server.find("drifts").size();
    print_line(member(server, "server") + ": " +
               (found == 0 ? "nothing has changed" : std::to_string(found) + (found == 1 ? " change" : " changes")) +
               " since the " + member(server, "since") + " (" + member(server, "tools") + " tools)");
    for (const json::Value drift : server.find("drifts").elements()) {
      const Severity severity = parse_severity(raw_member(drift, "severity")).value_or(Severity::low);
      std::string kind = member(drift, "kind");
      kind.append(10 - std::min<std::size_t>(10, kind.size()), ' ');
      std::string line = "  " + severity_word(severity, color) + "  " + kind + "  " + member(drift, "tool");
      if (const std::string where = member(drift, "where"); !where.empty()) line += " " + where;
      print_line(line + ": " + member(drift, "says"));
    }
  }
}

void print_markdown(json::Value result) {
  print_line("## Drift\n");
  for (const json::Value server : result.find("servers").elements()) {
    const std::size_t found = server.find("drifts").size();
    print_line("### " + scan::markdown_text(raw_member(server, "server")) + "\n");
    if (found == 0) {
      print_line("Nothing has changed since the " + raw_member(server, "since") + ".\n");
      continue;
    }
    print_line("| Severity | Kind | Tool | Where | What |\n|---|---|---|---|---|");
    for (const json::Value drift : server.find("drifts").elements()) {
      std::string line;
      for (const std::string_view key : {"severity", "kind", "tool", "where", "says"}) {
        line += "| " + scan::markdown_text(raw_member(drift, key)) + " ";
      }
      print_line(line + "|");
    }
    print_line("");
  }
}

void drift(Session& session, const DriftOptions& options) {
  const auto fail_on = parse_severity(options.fail_on);
  if (!fail_on) return session.fail(Exit::usage, "--fail-on must be low, medium, high or critical");
  if (session.json && options.markdown) return session.fail(Exit::usage, "give one of --json and --md");
  const auto result = ask(session, "catalogue.drift", [&](json::Writer& writer) {
    if (!options.server.empty()) writer.key("server").string(options.server);
  });
  if (!result) return;
  json::Reader reader;
  const auto root = reader.read(*result, {.bytes = 64u << 20});
  if (!root) return session.fail(Exit::check_failed, "the answer is too large");
  if (session.json) {
    print_line(*result);
  } else if (options.markdown) {
    print_markdown(*root);
  } else {
    print_terminal(session, *root);
  }
  if (root->find("servers").size() == 0) session.say("no server is behind the gateway; name one of the catalogue");
  const auto worst = parse_severity(raw_member(*root, "worst"));
  if (!worst || *worst < *fail_on) return;
  session.exit = Exit::check_failed;
  session.say("next: doorward server review SERVER shows the definitions, and accepts or rejects them");
}

}  // namespace

void add_catalogue_drift(CLI::App& catalogue, Session& session) {
  const auto options = std::make_shared<DriftOptions>();
  CLI::App* command = catalogue.add_subcommand("drift", "What changed in servers since the last review; exit code 1 where something did");
  command->add_option("server", options->server, "One server: behind the gateway, or of the catalogue")->type_name("SERVER");
  command->add_flag("--md", options->markdown, "Print Markdown, for a comment");
  command->add_option("--fail-on", options->fail_on, "Only such changes make the exit code 1: low (default), medium, high, critical")
      ->type_name("SEVERITY");
  command->callback([&session, options] { drift(session, *options); });
}

}  // namespace doorward::cli
