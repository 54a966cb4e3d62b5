#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/exception_draft.h"
#include "cli/line_diff.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "json/reader.h"

namespace doorward::cli {
namespace {

struct AllowOptions {
  std::string id;
  std::string limit;
  bool dry_run = false;
  bool yes = false;
};

/// What the call had, where the rule compares one number.
std::string actual_of(json::Value explanation) {
  const json::Value evidence = explanation.find("evidence");
  if (evidence.size() != 1) return {};
  const std::string actual(text_of(evidence.at(0), "actual"));
  json::Reader reader;
  const auto value = reader.read(actual);
  return value && value->is(json::Type::number) ? actual : std::string();
}

/// The record that tells of the decision.
json::Value decision_of(json::Value answer) {
  for (const json::Value record : answer.find("records").elements()) {
    if (record.find("verdict")) return record;
  }
  return {};
}

void put_in_force(Session& session, const AllowOptions& options, const std::string& policy, const std::string& server,
                  const std::string& draft, const std::string& version) {
  const Answer taken(session, "policy.add", [&](json::Writer& writer) {
    writer.key("name").string(policy).key("server").string(server).key("text").string(draft);
    writer.key("comment").string("lets calls like " + options.id + " pass");
  });
  if (!taken) {
    session.say("to change it by hand: doorward allow " + safe_text(options.id) + " --dry-run shows the rule");
    return;
  }
  if (session.json) return print_line(taken.text());
  const json::Value now = taken.root().find("policy");
  print_line("policy " + member(now, "name") + " of server " + member(now, "server") + " is now version " + member(now, "version"));
  print_line("undo: doorward policy revert " + safe_text(policy) + " --server " + safe_text(server) + " --version " + version);
}

void allow(Session& session, const AllowOptions& options) {
  const auto limit = options.limit.empty() ? std::string() : limit_members(options.limit);
  if (!limit) return session.fail(Exit::usage, "--limit must be like 10/hour (minute, hour, day, week, month), not \"" + options.limit + "\"");
  const auto id = [&](json::Writer& writer) { writer.key("id").string(options.id); };
  const Answer shown(session, "record.show", id);
  if (!shown) return;
  const json::Value record = decision_of(shown.root());
  if (!record) return session.fail(Exit::check_failed, "no record of " + safe_text(options.id) + " tells of a decision");
  const Answer why(session, "record.explain", id);
  if (!why) return;
  const std::string server(text_of(record, "server"));
  const std::string policy(text_of(record.find("policy"), "name"));
  const Refusal refusal{std::string(text_of(record, "tool")), std::string(text_of(record, "rule")), std::string(text_of(record, "pointer")),
                        actual_of(why.root())};
  std::string text = "{}";
  std::string version;
  if (!policy.empty()) {
    const Answer live(session, "policy.show", [&](json::Writer& writer) { writer.key("name").string(policy).key("server").string(server); });
    if (!live) return;
    text = text_of(live.root(), "text");
    version = member(live.root().find("policy"), "version");
  }
  const auto draft = draft_exception(text, refusal, *limit);
  if (!draft) return session.fail(Exit::check_failed, "no rule was drafted: " + safe_text(draft.error()));
  const Answer diff(session, "policy.diff", [&](json::Writer& writer) {
    writer.key("text").string(*draft).key("policy").string(policy).key("server").string(server);
  });
  if (!diff) return;
  if (!session.json || options.dry_run) {
    if (session.json) return print_line(diff.text());
    print_line("policy " + safe_text(policy) + " of server " + safe_text(server) + ", after version " + version);
    print(line_diff(text, *draft, session.color()));
    print_line(member(diff.root(), "summary"));
  }
  if (options.dry_run || !confirm(session, options.yes, "Put this in force?")) return;
  put_in_force(session, options, policy, server, *draft, version);
}

}  // namespace

void add_allow_command(CLI::App& app, Session& session) {
  const auto options = std::make_shared<AllowOptions>();
  CLI::App* command = app.add_subcommand("allow", "Draft the smallest rule that would have let a refused call pass, and put it in force");
  command->add_option("id", options->id, "The call, such as dec_4m1x...")->required()->type_name("DECISION");
  command->add_option("--limit", options->limit, "And no further than so many calls, such as 10/hour")->type_name("N/WINDOW");
  command->add_flag("--dry-run", options->dry_run, "Show what would change and change nothing");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->callback([&session, options] { allow(session, *options); });
}

}  // namespace doorward::cli
