#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

std::string decision_of(json::Value tool) {
  std::string text = decision_words(member(tool, "decision"));
  if (is_false(tool.find("decided"))) text += " ?";
  const std::string would = member(tool, "would");
  if (!would.empty() && would != "allowed") text += " (if it enforced: " + decision_words(would) + ")";
  return text;
}

std::string rule_of(json::Value tool) {
  std::string text = member(tool, "rule");
  if (const std::string line = member(tool, "line"); line != "0") text += " (line " + line + ")";
  return text;
}

void print_server(Session& session, json::Value server, bool one) {
  const json::Value policy = server.find("policy");
  print_line(member(server, "server") + ", " +
             (policy.is(json::Type::object) ? "policy " + member(policy, "name") + " v" + member(policy, "version") +
                                                  (member(policy, "mode") == "observe" ? ", which only observes" : "")
                                            : std::string("no policy")));
  std::vector<std::vector<std::string>> rows = {{"DECISION", "TOOL", "CATEGORY", "SEVERITY", "BY"}};
  for (const json::Value tool : server.find("tools").elements()) {
    rows.push_back({decision_of(tool), member(tool, "tool"), member(tool, "category"), member(tool, "severity"), rule_of(tool)});
  }
  if (rows.size() == 1) {
    session.say("no tool of it was met yet; they are known once an agent has listed them");
    return;
  }
  print_table(rows);
  if (!one) return;
  for (const json::Value tool : server.find("tools").elements()) {
    print_line(member(tool, "why"));
    if (const std::string note = member(tool, "note"); !note.empty()) print_line("The rule's author says: " + note);
    if (const std::string passes = member(tool, "passes"); !passes.empty()) print_line("A call that passes: " + passes);
    if (const std::string stopped = member(tool, "stopped"); !stopped.empty()) print_line("One that does not: " + stopped);
  }
}

void can(Session& session, const std::string& label, const std::string& tool, const std::string& policy, bool enforce) {
  operate(
      session, "grant.can",
      [&](json::Writer& writer) {
        writer.key("label").string(label);
        if (!tool.empty()) writer.key("tool").string(tool);
        if (!policy.empty()) writer.key("policy").string(policy);
        if (enforce) writer.key("mode").string("enforce");
      },
      [&](json::Value result) {
        for (const json::Value server : result.find("servers").elements()) print_server(session, server, !tool.empty());
      });
}

}  // namespace

void add_grant_can(CLI::App& grant, Session& session) {
  const auto label = std::make_shared<std::string>();
  const auto tool = std::make_shared<std::string>();
  const auto policy = std::make_shared<std::string>();
  const auto enforce = std::make_shared<bool>(false);
  CLI::App* command = grant.add_subcommand("can", "Say what an agent can do with each tool, and by which rule");
  command->add_option("label", *label, "Label or id of the grant")->required()->type_name("LABEL");
  command->add_option("tool", *tool, "This tool alone, with calls that pass and that do not")->type_name("TOOL");
  command->add_option("--policy", *policy, "As if it carried this policy of its server")->type_name("NAME");
  command->add_flag("--enforce", *enforce, "As if a policy that observes enforced");
  command->callback([&session, label, tool, policy, enforce] { can(session, *label, *tool, *policy, *enforce); });
}

}  // namespace doorward::cli
