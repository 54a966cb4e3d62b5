#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "cli/approval_view.h"
#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/question.h"
#include "cli/session.h"
#include "json/reader.h"
#include "server/config.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kShortestPrefix = 12;  ///< `apr_` and 8 characters
constexpr std::chrono::milliseconds kWatchPause{1'000};
constexpr json::Limits kAnswer{.bytes = 64u << 20};

struct ApprovalOptions {
  std::string id;
  std::string grant;
  std::string reason;
  std::string duration;
  bool all = false;
  bool yes = false;
  bool watch = false;
};

/// The answer of an operation together with what keeps it alive.
struct Answer {
  std::string text;
  json::Reader reader;
  json::Value root;
};

std::unique_ptr<Answer> ask_for(Session& session, std::string_view op,
                                const std::function<void(json::Writer&)>& members) {
  auto text = ask(session, op, members, true);
  if (!text) return nullptr;
  auto answer = std::make_unique<Answer>();
  answer->text = std::move(*text);
  const auto root = answer->reader.read(answer->text, kAnswer);
  if (!root) {
    session.fail(Exit::check_failed, "the gateway's answer cannot be read; command and gateway must be of one version");
    return nullptr;
  }
  answer->root = *root;
  return answer;
}

std::unique_ptr<Answer> list_page(Session& session, const ApprovalOptions& options, const std::string& before) {
  return ask_for(session, "approval.list", [&](json::Writer& writer) {
    writer.key("state").string(options.all ? "all" : "open");
    if (!options.grant.empty()) writer.key("grant").string(options.grant);
    if (!before.empty()) writer.key("before").string(before);
  });
}

/// New requests as they come, until interrupted.
void watch(Session& session, const ApprovalOptions& options) {
  std::set<std::string, std::less<>> known;
  const bool bell = isatty(STDOUT_FILENO) == 1;
  if (!session.json) print_line(approval_line_head());
  for (;;) {
    const auto page = list_page(session, options, {});
    if (!page) return;
    std::vector<json::Value> fresh;
    std::set<std::string, std::less<>> present;
    for (const json::Value approval : page->root.find("approvals").elements()) {
      const std::string id = member(approval, "id");
      if (member(approval, "state") != "pending") continue;
      present.insert(id);
      if (!known.contains(id)) fresh.push_back(approval);
    }
    known = std::move(present);
    for (auto approval = fresh.rbegin(); approval != fresh.rend(); ++approval) {
      if (session.json) {
        print_line(std::string_view(page->text).substr(approval->begin_offset(),
                                                       approval->end_offset() - approval->begin_offset()));
      } else {
        print_line(approval_line(*approval) + (bell ? "\a" : ""));
      }
    }
    if (std::fflush(stdout) != 0) return session.fail(Exit::unreachable, "standard output cannot be written");
    std::this_thread::sleep_for(kWatchPause);
  }
}

void list(Session& session, const ApprovalOptions& options) {
  if (options.watch) return watch(session, options);
  const auto page = list_page(session, options, {});
  if (!page) return;
  if (session.json) return print_line(page->text);
  const json::Value approvals = page->root.find("approvals");
  if (approvals.size() == 0) return session.say(options.all ? "no request was ever made" : "nothing waits for approval");
  print_line(approval_line_head());
  for (const json::Value approval : approvals.elements()) print_line(approval_line(approval));
  if (page->root.find("before")) session.say("only the newest are shown; --json and \"before\" lead to the others");
}

std::unique_ptr<Answer> look(Session& session, const std::string& id) {
  return ask_for(session, "approval.show", [&](json::Writer& writer) { writer.key("id").string(id); });
}

void show(Session& session, const ApprovalOptions& options) {
  const auto answer = look(session, options.id);
  if (!answer) return;
  if (session.json) return print_line(answer->text);
  print(approval_detail(answer->root.find("approval")));
}

/// Whether the person at the terminal means it. A destructive call wants the name of its tool.
bool confirm(Session& session, json::Value approval, const ApprovalOptions& options) {
  if (options.yes) {
    if (options.id.size() >= kShortestPrefix) return true;
    session.fail(Exit::usage, "--yes needs the id, or its beginning: apr_ and at least 8 characters");
    return false;
  }
  if (isatty(STDIN_FILENO) != 1) {
    session.fail(Exit::usage, "standard input is no terminal, so nobody can be asked; add --yes");
    return false;
  }
  const std::string tool = member(approval, "tool");
  const bool destructive = member(approval, "category") == "Destructive";
  if (destructive ? ask_line("This is destructive. Type the tool's name to approve it: ") != tool : !ask_yes("Approve it?")) {
    session.fail(Exit::check_failed, "not approved; the request still waits");
    return false;
  }
  return true;
}

/// Why a request cannot be decided any more; true where it can.
bool waits(Session& session, json::Value approval, bool approve) {
  const std::string state = member(approval, "state");
  const json::Value open = approval.find("open");
  const bool is_open = open.is(json::Type::boolean) && open.boolean();
  if (state == "pending" || (!approve && state == "approved" && is_open)) return true;
  const std::string id = member(approval, "id");
  if (state == "expired") {
    session.fail(Exit::pending, id + " has expired, and its call did not run; the agent must ask again");
  } else {
    session.fail(Exit::check_failed, id + " is " + state + " already; nothing is left to decide");
  }
  return false;
}

void decide(Session& session, const ApprovalOptions& options, bool approve) {
  std::optional<server::Milliseconds> span;
  if (!options.duration.empty()) {
    span = server::parse_duration(options.duration);
    if (!span || span->count() < 1000) return session.fail(Exit::usage, "--for must be a span such as 10m");
  }
  const auto shown = look(session, options.id);
  if (!shown) return;
  const json::Value approval = shown->root.find("approval");
  if (!waits(session, approval, approve)) return;
  if (!session.json) print(approval_detail(approval));
  if (approve && !confirm(session, approval, options)) return;
  const std::string id(approval.find("id").string());
  const auto answer = ask_for(session, approve ? "approval.approve" : "approval.deny", [&](json::Writer& writer) {
    writer.key("id").string(id);
    if (!options.reason.empty()) writer.key("reason").string(options.reason);
    if (span) writer.key("for_s").number(span->count() / 1000);
    if (const json::Value digest = approval.find("shown")) writer.key("shown").string(digest.string());
  });
  if (!answer) return;
  if (session.json) return print_line(answer->text);
  const json::Value after = answer->root.find("approval");
  const std::string state = member(after, "state");
  if (state == "pending") return print_line(id + " has your approval; " + approval_missing(after));
  if (state == "denied") return print_line(id + " is denied until " + member(after, "expires"));
  const json::Value repeats = after.find("repeats");
  const bool many = repeats.is(json::Type::boolean) && repeats.boolean();
  print_line(id + (many ? " is approved for every identical call until " : " is approved once, until ") +
             member(after, "expires"));
}

}  // namespace

void add_approval_commands(CLI::App& app, Session& session) {
  const auto options = std::make_shared<ApprovalOptions>();
  CLI::App* group = app.add_subcommand("approvals", "Calls that wait for a person; alone, it lists them");
  group->add_flag("--watch", options->watch, "Without a command: print new requests as they come");
  group->require_subcommand(0, 1);
  group->callback([&session, options, group] {
    if (group->get_subcommands().empty()) list(session, *options);
  });

  CLI::App* list_command = group->add_subcommand("list", "List what waits")->alias("ls");
  list_command->add_flag("--all", options->all, "Also what is decided and over");
  list_command->add_option("--grant", options->grant, "Only those of a grant")->type_name("LABEL");
  list_command->add_flag("--watch", options->watch, "Print new requests as they come");
  list_command->callback([&session, options] { list(session, *options); });

  CLI::App* show_command = group->add_subcommand("show", "Show one with all its arguments");
  show_command->add_option("id", options->id, "Id, or its beginning")->required()->type_name("ID");
  show_command->callback([&session, options] { show(session, *options); });

  CLI::App* approve_command = group->add_subcommand("approve", "Approve one call, after showing it");
  approve_command->add_option("id", options->id, "Id, or its beginning")->required()->type_name("ID");
  approve_command->add_option("--for", options->duration, "Every identical call for so long, instead of one")
      ->type_name("SPAN");
  approve_command->add_option("--reason", options->reason, "For the log")->type_name("TEXT");
  approve_command->add_flag("--yes", options->yes, "Do not ask");
  approve_command->callback([&session, options] { decide(session, *options, true); });

  CLI::App* deny_command = group->add_subcommand("deny", "Refuse one, or take an approval back");
  deny_command->add_option("id", options->id, "Id, or its beginning")->required()->type_name("ID");
  deny_command->add_option("--reason", options->reason, "Told to the agent")->type_name("TEXT");
  deny_command->callback([&session, options] { decide(session, *options, false); });
}

}  // namespace doorward::cli
