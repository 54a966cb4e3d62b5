#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/client_engine.h"
#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/scan_consent.h"
#include "cli/session.h"
#include "clients/standing.h"

namespace doorward::cli {
namespace {

using clients::Standing;

void print_list(const std::vector<clients::StandingFile>& files) {
  std::vector<std::vector<std::string>> rows = {{"CLIENT", "ENTRY", "STATE", "SERVER", "GRANT", "FILE"}};
  for (const clients::StandingFile& file : files) {
    if (!file.error.empty()) rows.push_back({file.client, "", "cannot be read", "", "", safe_text(file.path)});
    for (const clients::StandingEntry& entry : file.entries) {
      rows.push_back({file.client, safe_text(entry.name), std::string(words_of(entry.standing)), safe_text(entry.server),
                      safe_text(entry.grant), safe_text(file.path)});
    }
  }
  print_table(rows);
}

/// `status` checks besides: exit code 1 where an entry does not go through the gateway as init left it.
void list(Session& session, const std::vector<std::string>& ids, bool check) {
  const auto wanted = clients_of(session, ids);
  if (!wanted) return;
  server::StateDir state;
  if (!session.find_state(state)) return;
  const auto manifest = clients::read_manifest(clients::manifest_path(state.path));
  if (!manifest) return session.fail(manifest.error());
  const auto files = clients::find_standing(clients::roots_of_process(), *wanted, *manifest);
  std::size_t bypassing = 0;
  std::size_t edited = 0;
  for (const clients::StandingFile& file : files) {
    for (const clients::StandingEntry& entry : file.entries) {
      bypassing += entry.standing == Standing::bypasses ? 1 : 0;
      edited += entry.standing == Standing::edited ? 1 : 0;
    }
  }
  if (session.json) {
    print_line(clients::standing_json(files));
  } else if (files.empty()) {
    session.say("no configuration of an MCP client was found");
  } else {
    print_list(files);
    if (bypassing > 0) session.say("next: doorward init puts what bypasses the gateway behind it; doorward init --dry-run shows how");
  }
  if (!check || (bypassing == 0 && edited == 0)) return;
  session.fail(Exit::check_failed, std::to_string(bypassing) + (bypassing == 1 ? " entry bypasses" : " entries bypass") + " the gateway, " +
                                       std::to_string(edited) + (edited == 1 ? " was" : " were") + " edited since init");
}

CLI::App* add_listing(CLI::App& group, Session& session, const char* name, const char* help, bool check) {
  const auto ids = std::make_shared<std::vector<std::string>>();
  CLI::App* command = group.add_subcommand(name, help);
  command->add_option("client", *ids, "Only this client, such as cursor")->type_name("ID");
  command->callback([&session, ids, check] { list(session, *ids, check); });
  return command;
}

}  // namespace

void add_client_commands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("client", "The MCP clients of this computer, and whether they go through the gateway");
  group->require_subcommand(1);
  add_listing(*group, session, "list", "List the clients' servers and how each stands towards the gateway", false)->alias("ls");
  add_listing(*group, session, "status", "The same, with exit code 1 where an entry bypasses the gateway or was edited", true);

  const auto connect = std::make_shared<InitOptions>();
  CLI::App* command = group->add_subcommand("connect", "Put the servers of one client behind the gateway");
  command->add_option("client", connect->clients, "The client, such as cursor")->required()->expected(1)->type_name("ID");
  add_init_options(*command, *connect);
  command->callback([&session, connect] { init(session, *connect); });

  const auto disconnect = std::make_shared<UninitOptions>();
  command = group->add_subcommand("disconnect", "Put the files of one client back as they were");
  command->add_option("client", disconnect->clients, "The client, such as cursor")->required()->expected(1)->type_name("ID");
  add_uninit_options(*command, *disconnect);
  command->callback([&session, disconnect] { uninit(session, *disconnect); });
}

}  // namespace doorward::cli
