#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

constexpr std::chrono::milliseconds kLook{500};

struct AccountOptions {
  std::string server;
  std::string grant;
  bool no_wait = false;
};

void write_target(json::Writer& writer, const AccountOptions& options) {
  writer.key("server").string(options.server);
  if (!options.grant.empty()) writer.key("grant").string(options.grant);
}

/// Asks the running gateway, which alone holds accounts in use.
std::optional<std::string> ask_gateway(Session& session, std::string_view op, const AccountOptions* options) {
  return ask(
      session, op,
      [&](json::Writer& writer) {
        if (options != nullptr) write_target(writer, *options);
      },
      true);
}

/// Waits until the account is no longer being connected; what came of it.
void wait_for(Session& session, const AccountOptions& options) {
  json::Reader reader;
  for (;;) {
    std::this_thread::sleep_for(kLook);
    const auto text = ask_gateway(session, "upstream_account.list", nullptr);
    if (!text) return;
    const auto root = reader.read(*text, {.bytes = 64u << 20});
    if (!root) return;
    for (const json::Value account : root->find("accounts").elements()) {
      const bool same = member(account, "server") == options.server &&
                        (member(account, "grant") == options.grant || member(account, "grant_id") == options.grant);
      if (!same || member(account, "state") == "connecting") continue;
      if (member(account, "state") == "connected" && member(account, "problem").empty()) {
        return print_line("the account at " + options.server + " is connected");
      }
      return session.fail(Exit::unauthorised, "the account was not connected: " + member(account, "problem"));
    }
  }
}

void connect(Session& session, const AccountOptions& options) {
  const auto text = ask_gateway(session, "upstream_account.connect", &options);
  if (!text) return;
  if (session.json) return print_line(*text);
  json::Reader reader;
  const auto root = reader.read(*text);
  if (!root) return;
  const json::Value connected = root->find("connected");
  if (connected.is(json::Type::boolean) && connected.boolean()) {
    return print_line("the account at " + options.server + " is connected");
  }
  print_line("Open this address in a browser on this machine, within 10 minutes:");
  print_line(member(*root, "url"));
  if (options.no_wait) return;
  session.say("waiting for the browser to come back to " + member(*root, "redirect"));
  wait_for(session, options);
}

void list(Session& session) {
  const auto text = ask_gateway(session, "upstream_account.list", nullptr);
  if (!text) return;
  if (session.json) return print_line(*text);
  json::Reader reader;
  const auto root = reader.read(*text, {.bytes = 64u << 20});
  if (!root) return;
  std::vector<std::vector<std::string>> rows = {{"SERVER", "GRANT", "STATE", "SCOPE", "TOKEN UNTIL", "CONNECTED BY"}};
  for (const json::Value account : root->find("accounts").elements()) {
    rows.push_back({member(account, "server"), member(account, "grant"), member(account, "state"),
                    member(account, "scope"), member(account, "token_expires_at"), member(account, "connected_by")});
  }
  print_table(rows);
}

void disconnect(Session& session, const AccountOptions& options) {
  const auto text = ask_gateway(session, "upstream_account.disconnect", &options);
  if (!text) return;
  print_line(session.json ? *text : "the account at " + options.server + " is disconnected; its tokens are deleted here");
}

void add_target(CLI::App& command, AccountOptions& options) {
  command.add_option("server", options.server, "Name of the server")->required()->type_name("SERVER");
  command.add_option("--grant", options.grant, "Grant whose account it is, where each has its own")->type_name("LABEL");
}

}  // namespace

void add_account_commands(CLI::App& app, Session& session) {
  const auto options = std::make_shared<AccountOptions>();
  CLI::App* command = app.add_subcommand("connect-account", "Connect an account at a server that wants OAuth");
  add_target(*command, *options);
  command->add_flag("--no-wait", options->no_wait, "Print the address and return");
  command->callback([&session, options] { connect(session, *options); });

  CLI::App* group = app.add_subcommand("accounts", "See and end accounts at servers that want OAuth");
  group->require_subcommand(1);
  group->add_subcommand("list", "List the accounts")->alias("ls")->callback([&session] { list(session); });
  CLI::App* end = group->add_subcommand("disconnect", "Forget an account and its tokens");
  add_target(*end, *options);
  end->callback([&session, options] { disconnect(session, *options); });
}

}  // namespace doorward::cli
