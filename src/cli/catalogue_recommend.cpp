#include "cli/catalogue_recommend.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/line_diff.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

struct RecommendOptions {
  std::vector<std::string> servers;
  std::string tool;
  std::string posture = "recommended";
  std::string policy;
  bool dry_run = false;
  bool yes = false;
};

void write_request(json::Writer& writer, const RecommendOptions& options) {
  writer.key("servers").begin_array();
  for (const std::string& server : options.servers) writer.string(server);
  writer.end_array().key("posture").string(options.posture);
  if (!options.tool.empty()) writer.key("tool").string(options.tool);
  if (!options.policy.empty()) writer.key("policy").string(options.policy);
}

void recommend(Session& session, const RecommendOptions& options) {
  const Answer answer(session, "catalogue.recommend", [&](json::Writer& writer) { write_request(writer, options); });
  if (!answer) return;
  if (session.json) return print_line(answer.text());
  for (const json::Value plan : answer.root().find("policies").elements()) {
    if (options.servers.size() > 1) session.say("server " + member(plan, "server"));
    // The document goes out byte for byte, so that it can be piped into a file.
    const std::string_view text = plan.find("text").string();
    print(text);
    if (!text.ends_with('\n')) print("\n");
    for (const json::Value reason : plan.find("why").elements()) session.say(safe_text(reason.string()));
    for (const json::Value warning : plan.find("warnings").elements()) session.say("warning: " + safe_text(warning.string()));
  }
  const json::Value first = answer.root().find("policies").at(0);
  if (options.servers.size() == 1 && is_true(first.find("live")) && is_true(first.find("changed"))) {
    std::string command = "doorward catalogue apply " + member(first, "server");
    if (!options.tool.empty()) command += " --tool " + safe_text(options.tool);
    if (options.posture != "recommended") command += " --posture " + safe_text(options.posture);
    session.say("next: " + command);
  }
}

/// What would change, policy by policy; whether anything would.
bool show_changes(const Session& session, json::Value root) {
  bool any = false;
  for (const json::Value plan : root.find("policies").elements()) {
    const std::string name = "policy " + member(plan, "policy") + " of server " + member(plan, "server");
    if (!is_true(plan.find("changed"))) {
      session.say(name + " is that already");
      continue;
    }
    any = true;
    const bool fresh = member(plan, "version") == "0";
    print_line(name + (fresh ? " (new)" : ", after version " + member(plan, "version")));
    print(line_diff(plan.find("before").string(), plan.find("text").string(), session.color()));
    for (const json::Value change : plan.find("changes").elements()) {
      print_line("  " + member(change, "tool") + ": " + member(change, "before") + " -> " + member(change, "after"));
    }
    for (const json::Value reason : plan.find("why").elements()) session.say(safe_text(reason.string()));
    for (const json::Value warning : plan.find("warnings").elements()) session.say("warning: " + safe_text(warning.string()));
  }
  return any;
}

void apply(Session& session, const RecommendOptions& options) {
  const Answer plan(session, "catalogue.recommend", [&](json::Writer& writer) { write_request(writer, options); });
  if (!plan) return;
  if (session.json) {
    if (options.dry_run) return print_line(plan.text());
  } else if (!show_changes(session, plan.root()) || options.dry_run) {
    return;
  }
  if (!confirm(session, options.yes, "Put this in force?")) return;
  const Answer done(session, "catalogue.apply", [&](json::Writer& writer) {
    write_request(writer, options);
    writer.key("digest").string(plan.root().find("digest").string());
  });
  if (!done) return;
  if (session.json) return print_line(done.text());
  for (const json::Value policy : done.root().find("policies").elements()) {
    if (!is_true(policy.find("changed"))) continue;
    print_line("policy " + member(policy, "policy") + " of server " + member(policy, "server") + " is now version " +
               member(policy, "version") + " (sha256 " + member(policy, "sha256") + ")");
    print_line("undo: " + member(policy, "undo"));
    if (policy.find("carried_by").size() == 0) {
      session.say("no grant carries it yet; next: doorward grant create LABEL --server " + member(policy, "server") + " --policy " +
                  member(policy, "policy"));
    }
  }
}

std::shared_ptr<RecommendOptions> add_options(CLI::App& command) {
  auto options = std::make_shared<RecommendOptions>();
  command.add_option("server", options->servers, "Name of the server; several make a stack")->required()->type_name("SERVER");
  command.add_option("--tool", options->tool, "Only the rule for this tool")->type_name("NAME");
  command.add_option("--posture", options->posture, "recommended, strict or permissive")
      ->type_name("POSTURE")
      ->check(CLI::IsMember({"recommended", "strict", "permissive"}));
  command.add_option("--policy", options->policy, "Name of the policy (default: the server's only one)")->type_name("NAME");
  return options;
}

}  // namespace

void add_catalogue_recommend(CLI::App& catalogue, Session& session) {
  CLI::App* command = catalogue.add_subcommand("recommend", "Print the policy recommended for a server, or the rule for a tool");
  auto options = add_options(*command);
  command->callback([&session, options] { recommend(session, *options); });

  command = catalogue.add_subcommand("apply", "Put the recommended policy of a server, or the rule for a tool, in force");
  options = add_options(*command);
  command->add_flag("--dry-run", options->dry_run, "Show what would change and change nothing");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->callback([&session, options] { apply(session, *options); });
}

}  // namespace doorward::cli
