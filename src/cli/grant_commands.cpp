#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "cli/snippet.h"
#include "identity/token.h"
#include "server/connect_snippet.h"

namespace doorward::cli {
namespace {

struct CreateOptions {
  std::string label;
  std::string server;
  std::string policy;
  std::string owner;
  std::string expires;
  std::vector<std::string> labels;
};

/// Prints a new token to standard output, where a script takes it, and what to do with it to standard error.
void print_token(Session& session, json::Value result) {
  const json::Value grant = result.find("grant");
  print_line(member(result, "token"));
  session.say("this token is shown once; the gateway keeps only its hash");
  session.say("client configuration:\n" +
              server::client_snippet(member(grant, "server"), gateway_url(session), server::kTokenPlace));
}

void create(Session& session, const CreateOptions& options) {
  const auto labels = split_pairs(session, "--label", options.labels);
  if (!labels) return;
  operate(
      session, "grant.create",
      [&](json::Writer& writer) {
        writer.key("label").string(options.label).key("server").string(options.server);
        if (!options.policy.empty()) writer.key("policy").string(options.policy);
        if (!options.owner.empty()) writer.key("owner").string(options.owner);
        if (!options.expires.empty()) writer.key("expires").string(options.expires);
        writer.key("labels").begin_object();
        for (const auto& [key, value] : *labels) writer.key(key).string(value);
        writer.end_object();
      },
      [&](json::Value result) {
        print_token(session, result);
        if (options.policy.empty()) session.say("this grant has no policy, so every call under it is denied");
      });
}

void list(Session& session) {
  operate(session, "grant.list", nullptr, [](json::Value result) {
    std::vector<std::vector<std::string>> rows = {
        {"LABEL", "STATE", "SERVER", "POLICY", "FOR", "TOKEN", "EXPIRES", "OWNER"}};
    for (const json::Value grant : result.find("grants").elements()) {
      const std::string policy = member(grant, "policy");
      rows.push_back({member(grant, "label"), member(grant, "state"), member(grant, "server"),
                      policy.empty() ? "(none)" : policy, member(grant, "grant_owner"),
                      "..." + member(grant, "token_hint"), member(grant, "expires"), member(grant, "owner")});
    }
    print_table(rows);
  });
}

void print_grant(json::Value result) {
  const json::Value grant = result.find("grant");
  std::vector<std::vector<std::string>> rows;
  for (const json::Member entry : grant.members()) {
    if (entry.value.is(json::Type::object)) {
      for (const json::Member label : entry.value.members()) {
        rows.push_back({"label " + std::string(label.key.string()), member(entry.value, label.key.string())});
      }
    } else {
      rows.push_back({std::string(entry.key.string()), member(grant, entry.key.string())});
    }
  }
  print_table(rows);
}

void show(Session& session, const std::string& label) {
  operate(
      session, "grant.show", [&](json::Writer& writer) { writer.key("label").string(label); }, print_grant);
}

void rotate(Session& session, const std::string& label) {
  operate(
      session, "grant.rotate", [&](json::Writer& writer) { writer.key("label").string(label); },
      [&](json::Value result) {
        print_token(session, result);
        session.say("the old token is refused from now on");
      });
}

void revoke(Session& session, const std::string& label) {
  operate(
      session, "grant.revoke", [&](json::Writer& writer) { writer.key("label").string(label); },
      [&](json::Value) { print_line("grant " + label + " revoked; its token is refused from now on"); });
}

/// Gives a grant another policy, or none, and says how to take that back.
void set_policy(Session& session, const std::string& label, const std::string& policy) {
  operate(
      session, "grant.set", [&](json::Writer& writer) { writer.key("label").string(label).key("policy").string(policy); },
      [&](json::Value result) {
        const std::string before = member(result, "policy_before");
        const auto carried = [](const std::string& name) { return name.empty() ? std::string("no policy") : "policy " + name; };
        if (before == policy) return print_line("grant " + label + " carries " + carried(policy) + " already");
        print_line("grant " + label + " carries " + carried(policy) + " from the next call on, in place of " + carried(before));
        session.say("to undo: doorward grant policy " + label + " " + (before.empty() ? "--none" : before));
      });
}

void add_set_policy(CLI::App& group, Session& session) {
  const auto label = std::make_shared<std::string>();
  const auto policy = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand("policy", "Give a grant another policy of its server");
  command->add_option("label", *label, "Label or id of the grant")->required()->type_name("LABEL");
  CLI::Option* name = command->add_option("policy", *policy, "The policy (see it first: `doorward grant can LABEL --policy POLICY`)");
  name->type_name("POLICY");
  const auto none = std::make_shared<bool>(false);
  command->add_flag("--none", *none, "No policy: every call is refused")->excludes(name);
  command->callback([&session, label, policy, name, none] {
    if (name->empty() && !*none) return session.fail(Exit::usage, "name the policy, or say --none");
    set_policy(session, *label, *policy);
  });
}

void add_labelled(CLI::App& group, const char* command, const char* help, Session& session,
                  void (*run)(Session&, const std::string&)) {
  const auto label = std::make_shared<std::string>();
  CLI::App* app = group.add_subcommand(command, help);
  app->add_option("label", *label, "Label or id of the grant")->required()->type_name("LABEL");
  app->callback([&session, label, run] { run(session, *label); });
}

}  // namespace

void add_grant_commands(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("grant", "Manage the tokens of agents");
  group->require_subcommand(1);
  const auto options = std::make_shared<CreateOptions>();
  CLI::App* command = group->add_subcommand("create", "Make a grant and print its token, once");
  command->add_option("label", options->label, "What people call it")->required()->type_name("LABEL");
  command->add_option("--server", options->server, "The server that it is for")
      ->required()
      ->type_name("NAME");
  command->add_option("--policy", options->policy, "The policy that it carries (none: every call is denied)")
      ->type_name("NAME");
  command->add_option("--owner", options->owner, "The person who answers for the agent");
  command->add_option("--expires", options->expires, "When it ends: a time, or a span such as 30d")
      ->type_name("TIME");
  command->add_option("--label", options->labels, "Label for conditions on grant.labels")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->callback([&session, options] { create(session, *options); });
  group->add_subcommand("list", "List the grants")->alias("ls")->callback([&session] { list(session); });
  add_labelled(*group, "show", "Show one grant", session, show);
  add_set_policy(*group, session);
  add_labelled(*group, "rotate", "Replace the token of a grant and print the new one, once", session, rotate);
  add_labelled(*group, "revoke", "End a grant for good", session, revoke);
  add_grant_can(*group, session);
  group->add_subcommand("token", "Print a new token for a grant in a configuration file; stores nothing")
      ->callback([] { print_line(identity::make_token()); });
}

}  // namespace doorward::cli
