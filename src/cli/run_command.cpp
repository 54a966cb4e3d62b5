#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/session.h"
#include "server/run_stdio.h"
#include "store/store.h"

namespace doorward::cli {
namespace {

void run(Session& session, server::RunOptions options, const std::vector<std::string>& env) {
  options.state = session.state_option;
  if (!store::is_server_name(options.server)) {
    return session.fail(Exit::usage, "--server must be 1 to 64 of a-z, 0-9 and '-'");
  }
  if (!store::is_name(options.grant)) {
    return session.fail(Exit::usage, "--grant must be 1 to 64 letters, digits, '.', '_' and '-'");
  }
  for (const std::string& name : env) {
    options.env.emplace_back(name, server::SecretRef{server::SecretRef::Source::environment, name, "", {}});
    // HOME or LANG would be masked in every path and every text otherwise.
    options.env.back().second.harmless = !server::looks_secret(name);
  }
  const auto ended = server::run_stdio(options, STDIN_FILENO, STDOUT_FILENO);
  if (ended) return;
  for (const server::Finding& finding : ended.error().findings) session.say(finding.text());
  session.fail(ended.error().error);
}

}  // namespace

void add_run_command(CLI::App& app, Session& session) {
  const auto options = std::make_shared<server::RunOptions>();
  const auto env = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      app.add_subcommand("run", "Start one stdio server and stand between it and a stdio client");
  command->add_option("--policy", options->policy_file, "Policy document")->required()->type_name("FILE");
  command->add_option("--server", options->server, "Name of the server in the log (default: local)")
      ->type_name("NAME");
  command->add_option("--grant", options->grant, "Label of the client in the log (default: run)")
      ->type_name("LABEL");
  command->add_option("--env", *env, "Variable of this process that the server is to have")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_option("command", options->command, "Behind --: the program and its arguments")
      ->required()
      ->type_name("COMMAND");
  command->callback([&session, options, env] { run(session, *options, *env); });
}

}  // namespace doorward::cli
