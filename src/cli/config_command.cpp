#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/session.h"
#include "json/writer.h"
#include "server/config.h"
#include "server/inventory.h"

namespace doorward::cli {
namespace {

void write_findings(json::Writer& writer, std::string_view key, const server::Findings& findings) {
  writer.key(key).begin_array();
  for (const server::Finding& finding : findings) {
    writer.begin_object().key("file").string(finding.at.file).key("line").number(finding.at.line);
    writer.key("column").number(finding.at.column).key("message").string(finding.message).end_object();
  }
  writer.end_array();
}

void print_json(const std::string& file, const server::Findings& findings, const server::Findings& warnings) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.config.check/1").key("file").string(file);
  writer.key("valid").boolean(findings.empty());
  write_findings(writer, "findings", findings);
  write_findings(writer, "warnings", warnings);
  writer.end_object();
  print_line(out);
}

/// Everything that can be known without the machine it will run on: secrets and the store are left to the
/// start.
void check(Session& session, const std::string& file) {
  const auto config = server::load_config(file);
  server::Findings warnings;
  const server::Findings findings = config ? server::check_policies(*config, warnings) : config.error();
  if (!findings.empty()) session.exit = Exit::invalid;
  if (session.json) {
    print_json(file, findings, warnings);
    return;
  }
  for (const server::Finding& warning : warnings) print_line("warning: " + warning.text());
  for (const server::Finding& finding : findings) print_line(finding.text());
  if (findings.empty()) print_line(file + ": ok");
}

}  // namespace

void add_config_commands(CLI::App& app, Session& session) {
  CLI::App* config = app.add_subcommand("config", "Check configuration files");
  config->require_subcommand(1);
  const auto file = std::make_shared<std::string>();
  CLI::App* command = config->add_subcommand("check", "Read a configuration and print every finding");
  command->add_option("file", *file, "The configuration")->required()->type_name("FILE");
  command->callback([&session, file] { check(session, *file); });
}

}  // namespace doorward::cli
