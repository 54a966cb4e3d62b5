#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalogue/policy_diff.h"
#include "catalogue/pretty.h"
#include "cli/commands.h"
#include "cli/line_diff.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/policy_offline.h"
#include "cli/session.h"
#include "io/file.h"
#include "json/reader.h"
#include "policy/selftest.h"
#include "risk/category.h"
#include "server/policy_file.h"

namespace doorward::cli {
namespace {

/// Runs the tests of one document; false where one fails. An invalid document fails the session.
bool test_file(Session& session, const std::string& file, json::Writer& out) {
  const auto text = read_input(file);
  if (!text) {
    session.fail(text.error());
    return true;
  }
  policy::Origin origin;
  origin.name = file;
  const auto loaded = server::load_policy(*text, file, origin);
  std::vector<policy::TestResult> results;
  if (loaded) {
    origin.category_of = [](std::string_view tool) -> std::optional<Category> { return risk::category_of_name(tool); };
    results = policy::run_tests(*loaded->policy, origin);
  } else {
    for (const policy::Finding& finding : loaded.error()) {
      if (finding.code == "test-failed") {
        results.push_back({finding.message, finding.pointer, false, {}, {}});
      } else if (finding.severity == policy::Severity::error) {
        session.exit = Exit::invalid;
        session.say(policy::to_text(finding, file));
      }
    }
  }
  std::size_t failed = 0;
  for (const policy::TestResult& result : results) failed += result.passed ? 0 : 1;
  out.begin_object().key("file").string(file).key("failed").number(failed).key("tests").begin_array();
  for (const policy::TestResult& result : results) {
    out.begin_object().key("name").string(result.name).key("pointer").string(result.pointer).key("passed").boolean(result.passed).end_object();
  }
  out.end_array().end_object();
  if (session.json) return failed == 0;
  for (const policy::TestResult& result : results) print_line(file + ": " + (result.passed ? "passed: " : "failed: ") + safe_text(result.name));
  if (loaded && results.empty()) session.say(file + " has no tests; write them under \"tests\" (docs/policy-reference.md)");
  return failed == 0;
}

void test_policies(Session& session, const std::vector<std::string>& files) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy.tests/1").key("files").begin_array();
  bool passed = true;
  for (const std::string& file : files) passed = test_file(session, file, writer) && passed;
  writer.end_array().end_object();
  if (session.json) print_line(out);
  if (!passed && session.exit == Exit::ok) session.exit = Exit::check_failed;
}

/// Lays one file out; false where it was laid out otherwise and only a check was wanted.
bool format_file(Session& session, const std::string& file, bool check) {
  const auto text = read_input(file);
  if (!text) {
    session.fail(text.error());
    return true;
  }
  json::Reader reader;
  const auto root = reader.read(*text);
  if (!root) {
    const json::Position at = json::position_of(*text, root.error().offset);
    session.fail(Exit::invalid, file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + root.error().message);
    return true;
  }
  const std::string formatted = catalogue::pretty(*root) + "\n";
  if (file == "-" && !check) {
    print(formatted);
    return true;
  }
  if (formatted == *text) return true;
  if (check) {
    print_line(file);
    return false;
  }
  if (const Status written = io::write_file_atomic(file, formatted, 0644); !written) {
    session.fail(written.error());
    return true;
  }
  session.say(file + " laid out anew");
  return true;
}

void format_policies(Session& session, const std::vector<std::string>& files, bool check) {
  bool tidy = true;
  for (const std::string& file : files) tidy = format_file(session, file, check) && tidy;
  if (tidy) return;
  session.say("next: doorward policy fmt FILE lays it out");
  if (session.exit == Exit::ok) session.exit = Exit::check_failed;
}

struct DiffOptions {
  std::string before;
  std::string after;
  std::string live;
  std::string server;
  bool exit_code = false;
};

void print_changes(json::Value diff) {
  print_line(member(diff, "summary"));
  std::vector<std::vector<std::string>> rows;
  for (const json::Value tool : diff.find("tools").elements()) {
    const std::string line = member(tool, "line");
    rows.push_back({"  " + member(tool, "tool"), member(tool, "before") + " -> " + member(tool, "after"),
                    member(tool, "rule") + (line == "0" ? "" : " (line " + line + ")")});
  }
  for (const json::Value limit : diff.find("limits").elements()) {
    const std::string before = member(limit, "before");
    const std::string after = member(limit, "after");
    rows.push_back({"  limit " + member(limit, "change"), (before.empty() ? "none" : before) + " -> " + (after.empty() ? "none" : after),
                    member(limit, "rule")});
  }
  print_table(rows);
}

void finish_diff(Session& session, const DiffOptions& options, const std::string& answer, const std::string& before, const std::string& after) {
  json::Reader reader;
  const auto diff = reader.read(answer, {.bytes = 64u << 20});
  if (!diff) return session.fail(Exit::unreachable, "the answer is not JSON");
  if (session.json) {
    print_line(answer);
  } else {
    print_changes(*diff);
    print(line_diff(before, after, session.color()));
    if (is_true(diff->find("widens"))) session.say("it lets calls pass that were refused, asked for or limited before");
  }
  if (options.exit_code && before != after && session.exit == Exit::ok) session.exit = Exit::check_failed;
}

/// Two files, without a gateway: the tools that they name are judged by their names.
void diff_files(Session& session, const DiffOptions& options, const std::string& before_text, const std::string& after_text) {
  const auto before = read_policy(session, options.before, before_text, options.server);
  const auto after = read_policy(session, options.after, after_text, options.server);
  if (!before || !after) return;
  std::string answer;
  json::Writer writer(answer);
  writer.begin_object().key("schema").string("doorward.policy.diff/1").key("server").string(options.server);
  writer.key("before").begin_object().key("name").string(options.before).key("version").number(before->version());
  writer.key("sha256").string(before->sha256()).end_object().key("changed").boolean(before->sha256() != after->sha256());
  catalogue::write_diff(writer, catalogue::diff_policies(before, after, options.server, {}));
  writer.end_object();
  finish_diff(session, options, answer, before_text, after_text);
}

void diff_live(Session& session, const DiffOptions& options, const std::string& text) {
  const auto name = [&](json::Writer& writer) {
    if (!options.server.empty()) writer.key("server").string(options.server);
  };
  const auto shown = ask(session, "policy.show", [&](json::Writer& writer) {
    writer.key("name").string(options.live);
    name(writer);
  });
  if (!shown) return;
  json::Reader reader;
  const auto root = reader.read(*shown, {.bytes = 64u << 20});
  const json::Value live = root ? root->find("text") : json::Value();
  if (!live.is(json::Type::string)) return session.fail(Exit::unreachable, "the answer is not JSON");
  const auto answer = ask(session, "policy.diff", [&](json::Writer& writer) {
    writer.key("text").string(text).key("policy").string(options.live);
    name(writer);
  });
  if (answer) finish_diff(session, options, *answer, std::string(live.string()), text);
}

void diff_policies(Session& session, const DiffOptions& options) {
  if (options.after.empty() == options.live.empty()) {
    return session.fail(Exit::usage, "name a second document, or with --live the policy in force");
  }
  const auto first = read_input(options.before);
  if (!first) return session.fail(first.error());
  if (!options.live.empty()) return diff_live(session, options, *first);
  const auto second = read_input(options.after);
  if (!second) return session.fail(second.error());
  diff_files(session, options, *first, *second);
}

}  // namespace

void add_policy_text(CLI::App& policy, Session& session) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* command = policy.add_subcommand("test", "Run the tests inside documents");
  command->add_option("files", *files, "Policy documents (- for standard input)")->required()->type_name("FILE");
  command->callback([&session, files] { test_policies(session, *files); });

  files = std::make_shared<std::vector<std::string>>();
  const auto check = std::make_shared<bool>(false);
  command = policy.add_subcommand("fmt", "Lay documents out: two spaces a level, members in their order");
  command->add_option("files", *files, "Policy documents (- for standard input, to standard output)")->required()->type_name("FILE");
  command->add_flag("--check", *check, "Name the documents that are laid out otherwise, change none; exit with 1 where there are any");
  command->callback([&session, files, check] { format_policies(session, *files, *check); });

  const auto options = std::make_shared<DiffOptions>();
  command = policy.add_subcommand("diff", "Say which decisions and limits differ between two documents");
  command->add_option("before", options->before, "A document; with --live, the draft")->required()->type_name("FILE");
  command->add_option("after", options->after, "The document that it becomes")->type_name("FILE");
  command->add_option("--live", options->live, "Compare the policy in force of this name with the draft")->type_name("NAME");
  command->add_option("--server", options->server, "The server that they are for")->type_name("NAME");
  command->add_flag("--exit-code", options->exit_code, "Exit with 1 where the documents differ");
  command->callback([&session, options] { diff_policies(session, *options); });
}

}  // namespace doorward::cli
