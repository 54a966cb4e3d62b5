#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/demo_server.h"
#include "cli/quickstart.h"
#include "cli/session.h"
#include "server/serve.h"

namespace doorward::cli {
namespace {

void serve(Session& session, server::ServeOptions options) {
  options.state = session.state_option;
  run_gateway(session, options, {});
}

}  // namespace

void run_gateway(Session& session, const server::ServeOptions& options,
                 const server::OnReady& on_ready) {
  const auto ending = server::serve(options, [&](const server::Addresses& addresses) {
    print_line("doorward: listening on " + addresses.agents);
    if (on_ready) on_ready(addresses);
    std::fflush(stdout);
  });
  if (!ending) {
    for (const server::Finding& finding : ending.error().findings) session.say(finding.text());
    return session.fail(ending.error().error);
  }
  if (*ending == server::Ending::cut)
    session.fail(Exit::check_failed, "ended with calls under way; the log says which");
}

void add_serve_commands(CLI::App& app, Session& session) {
  const auto options = std::make_shared<server::ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Run the gateway until SIGTERM; SIGHUP reloads");
  command->add_option("--config", options->config_file, "Configuration")->type_name("FILE");
  command->add_option("--listen", options->listen, "Numeric address and port, instead of the configuration's")
      ->type_name("ADDRESS");
  command->add_option("--console-dir", options->console, "Serve the console from a folder, for work on it")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory);
  command->add_flag("--local", options->local,
                    "As `connect` starts it: with the configuration that the state directory last ran with, and other "
                    "ports where the default ones are taken");
  command->callback([&session, options] { serve(session, *options); });

  const auto listen = std::make_shared<std::string>();
  CLI::App* quick =
      app.add_subcommand("quickstart", "Run the gateway before a demo server, with a policy and a grant");
  quick->add_option("--listen", *listen, "Numeric address and port (default: 127.0.0.1:8420)")
      ->type_name("ADDRESS");
  quick->callback([&session, listen] { quickstart(session, *listen); });

  app.add_subcommand("demo-server", "Be a small MCP server on standard input and output")
      ->callback([&session] {
        if (run_demo_server() != 0) session.fail(Exit::unreachable, "standard input or output broke");
      });
}

}  // namespace doorward::cli
