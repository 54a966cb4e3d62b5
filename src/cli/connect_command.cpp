#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/session.h"
#include "server/background.h"
#include "server/connect.h"
#include "store/store.h"

namespace doorward::cli {
namespace {

struct ConnectOptions {
  server::ClientChoice choice;
  std::vector<std::string> env;
};

void connect(Session& session, const ConnectOptions& options) {
  const server::ClientChoice& choice = options.choice;
  if (!store::is_server_name(choice.server)) {
    return session.fail(Exit::usage, "SERVER must be 1 to 64 of a-z, 0-9 and '-'; see `doorward server list`");
  }
  for (const std::string& name : {choice.grant, choice.client}) {
    if (name.empty() || store::is_name(name)) continue;
    return session.fail(Exit::usage, "--grant and --client must be 1 to 64 letters, digits, '.', '_' and '-'");
  }
  server::StateDir state;
  if (!session.find_state(state)) return;
  if (const Status ended = server::connect_stdio(state, choice, options.env); !ended) session.fail(ended.error());
}

void stop(Session& session) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  const auto stopped = server::stop_gateway(state);
  if (!stopped) return session.fail(stopped.error());
  if (session.json) return print_line(*stopped ? R"({"schema":"doorward.stop/1","stopped":true})" : R"({"schema":"doorward.stop/1","stopped":false})");
  if (!*stopped) return session.say("no gateway runs on " + state.path);
  print_line("The gateway has ended. The next message of a client that `doorward init` connected starts it anew.");
}

}  // namespace

void add_connect_commands(CLI::App& app, Session& session) {
  const auto options = std::make_shared<ConnectOptions>();
  CLI::App* command = app.add_subcommand("connect", "Carry a client's messages to this computer's gateway, started where none runs");
  command->add_option("server", options->choice.server, "Name of the server")->required()->type_name("SERVER");
  command->add_option("--client", options->choice.client, "Client that this is, as `doorward client list` names it")->type_name("ID");
  command->add_option("--grant", options->choice.grant, "Grant whose token is used (default: that of the client)")->type_name("LABEL");
  command->add_option("--env", options->env, "Variable of this process that the server refers to as lent by its client")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->callback([&session, options] { connect(session, *options); });

  app.add_subcommand("stop", "End the running gateway, once its calls are finished")->callback([&session] { stop(session); });
}

}  // namespace doorward::cli
