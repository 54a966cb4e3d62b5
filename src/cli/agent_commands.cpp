#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

struct Agent {
  std::string issuer;
  std::string subject;
};

void change(Session& session, const char* operation, const Agent& agent, const char* done) {
  operate(
      session, operation,
      [&](json::Writer& writer) { writer.key("issuer").string(agent.issuer).key("subject").string(agent.subject); },
      [&](json::Value) { print_line(agent.subject + " of " + agent.issuer + " " + done); });
}

void list(Session& session) {
  operate(
      session, "agent.list", [](json::Writer&) {},
      [](json::Value result) {
        std::vector<std::vector<std::string>> rows = {{"SUBJECT", "ISSUER", "REVOKED SINCE"}};
        for (const json::Value agent : result.find("revoked").elements()) {
          rows.push_back({member(agent, "subject"), member(agent, "issuer"), member(agent, "since")});
        }
        print_table(rows);
      });
}

void add_change(CLI::App& group, const char* command, const char* help, Session& session, const char* operation,
                const char* done) {
  const auto agent = std::make_shared<Agent>();
  CLI::App* app = group.add_subcommand(command, help);
  app->add_option("issuer", agent->issuer, "Issuer of its tokens, or `certificate`")->required()->type_name("ISSUER");
  app->add_option("subject", agent->subject, "Subject, as the log has it")->required()->type_name("SUBJECT");
  app->callback([&session, agent, operation, done] { change(session, operation, *agent, done); });
}

}  // namespace

void add_agent_commands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("agent", "Revoke single agents of an authorization server");
  group->require_subcommand(1);
  add_change(*group, "revoke", "Let an agent in no more, whatever token it shows", session, "agent.revoke",
             "is refused from now on");
  add_change(*group, "restore", "Let a revoked agent in again", session, "agent.restore", "is let in again");
  group->add_subcommand("list", "List the revoked agents")->alias("ls")->callback([&session] { list(session); });
}

}  // namespace doorward::cli
