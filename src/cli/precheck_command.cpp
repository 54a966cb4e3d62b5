#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/shell.h"
#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/scan_view.h"
#include "cli/session.h"
#include "json/writer.h"
#include "scan/deny_list.h"
#include "scan/known.h"
#include "scan/precheck.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kMostWorst = 8;

struct PrecheckOptions {
  std::string server;
  std::string format;
  std::string severity;
  std::string name;
  std::string fail_on;
};

void write_texts(json::Writer& writer, std::string_view key, const std::vector<std::string>& texts) {
  writer.key(key).begin_array();
  for (const std::string& text : texts) writer.string(text);
  writer.end_array();
}

std::string precheck_json(const scan::Precheck& result) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.precheck/1").key("server").string(result.asked);
  writer.key("verdict").string(scan::to_string(result.verdict));
  write_texts(writer, "reasons", result.reasons);
  if (result.record) writer.key("slug").string(result.record->slug);
  if (!result.package.empty()) writer.key("package").string(result.package);
  if (result.worst) writer.key("worst").string(to_string(*result.worst));
  writer.key("tool_count").number(result.tools.size()).key("categories").begin_object();
  for (const Category category : kCategories) {
    writer.key(to_string(category)).number(result.by_category[static_cast<std::size_t>(category)]);
  }
  writer.end_object().key("tools").begin_array();
  for (const catalogue::ToolRecord& tool : result.tools) {
    writer.begin_object().key("name").string(tool.name);
    if (!tool.outer.empty()) writer.key("action_of").string(tool.outer);
    risk::write_classification(writer, tool.classification);
    writer.end_object();
  }
  writer.end_array().key("changes").begin_array();
  for (const catalogue::Drift& drift : result.drifts) {
    writer.begin_object().key("severity").string(to_string(drift.severity)).key("kind").string(catalogue::to_string(drift.kind));
    writer.key("tool").string(drift.tool).key("where").string(drift.where).key("says").string(drift.says).end_object();
  }
  writer.end_array();
  if (result.grade != 0) {
    writer.key("grade").string({&result.grade, 1}).key("verification").string(result.verification);
  }
  write_texts(writer, "publisher", result.publisher);
  write_texts(writer, "warnings", result.warnings);
  if (!result.policy.policy.empty()) writer.key("policy").raw(result.policy.policy);
  if (result.tools.empty() && !result.command.empty()) writer.key("find_out").string("doorward scan --command " + catalogue::shell_word(result.command));
  writer.end_object();
  return out;
}

std::string painted(std::string_view text, std::string_view code, bool color) {
  return color ? "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m" : std::string(text);
}

void print_list(std::string_view title, const std::vector<std::string>& texts, bool color) {
  if (texts.empty()) return;
  print_line("\n" + painted(title, "1", color));
  for (const std::string& text : texts) print_line("  " + safe_text(text));
}

/// The next step: how to find out, or how to connect.
void print_next(const scan::Precheck& result, bool color) {
  std::vector<std::string> lines;
  if (result.tools.empty()) {
    if (!result.command.empty()) {
      lines.push_back("doorward scan --command " + catalogue::shell_word(result.command) + "    starts it, after you agree, and lists its tools");
    } else if (result.asked.starts_with("http")) {
      lines.push_back("doorward scan --url " + catalogue::shell_word(result.asked) + "    lists its tools");
    } else {
      lines.push_back("doorward scan --command 'COMMAND'    with the command that would start it");
    }
  } else if (result.verdict != scan::Verdict::proceed) {
    lines.push_back("doorward precheck " + catalogue::shell_word(result.asked) + " --json    the policy is its member \"policy\"");
    lines.push_back("doorward run --policy FILE --server NAME -- " + (result.command.empty() ? "COMMAND" : result.command) +
                    "    connects it behind that policy");
    lines.push_back("doorward precheck " + catalogue::shell_word(result.asked) + " --export claude-code    for a client's own deny list");
  }
  print_list("Next", lines, color);
}

void print_precheck(const scan::Precheck& result, bool color) {
  const std::string_view code = result.verdict == scan::Verdict::ask_first ? "1;31" : result.verdict == scan::Verdict::with_rule ? "1;33" : "1";
  print_line(safe_text(result.asked) + ": " + painted(scan::to_string(result.verdict), code, color));
  for (const std::string& reason : result.reasons) print_line("  because " + safe_text(reason));
  if (!result.tools.empty()) {
    std::string line;
    for (const Category category : kCategories) {
      const std::size_t number = result.by_category[static_cast<std::size_t>(category)];
      if (number > 0) line += (line.empty() ? "" : ", ") + std::to_string(number) + " " + std::string(to_string(category));
    }
    print_line("\n" + painted(std::to_string(result.tools.size()) + (result.tools.size() == 1 ? " tool: " : " tools: ") + line, "1", color));
    for (std::size_t i = 0; i < std::min(result.tools.size(), kMostWorst); ++i) {
      const catalogue::ToolRecord& tool = result.tools[i];
      print_line("  " + severity_word(tool.classification.severity, color) + "  " + safe_text(tool.name) + "  " +
                 std::string(to_string(tool.classification.category)) + ": " +
                 safe_text(scan::reason_of(tool.classification)));
    }
    if (result.tools.size() > kMostWorst) print_line("  and " + std::to_string(result.tools.size() - kMostWorst) + " more");
  }
  std::vector<std::string> changes;
  for (const catalogue::Drift& drift : result.drifts) {
    changes.push_back(std::string(to_string(drift.severity)) + "  " + std::string(catalogue::to_string(drift.kind)) + "  " + drift.tool +
                      " " + drift.where + ": " + drift.says);
  }
  print_list("Changed since it was last seen", changes, color);
  print_list(result.grade == 0 ? "Publisher" : "Publisher (grade " + std::string(1, result.grade) + ")", result.publisher, color);
  if (result.verdict != scan::Verdict::proceed && !result.policy.policy.empty()) {
    print_line("\n" + painted("Policy", "1", color));
    for (const std::string& why : result.policy.why) print_line("  " + safe_text(why));
    print_line(result.policy.policy);
  }
  print_next(result, color);
}

/// The name that a client's list needs: given, or that of the configuration, or the last part of what is known.
std::string name_for_list(const PrecheckOptions& options, const scan::Precheck& result) {
  if (!options.name.empty()) return options.name;
  if (!result.configured_as.empty()) return result.configured_as;
  return result.record ? result.record->slug : result.asked;
}

void export_list(Session& session, const PrecheckOptions& options, const scan::Precheck& result) {
  const auto format = scan::parse_deny_format(options.format);
  if (!format) return session.fail(Exit::usage, "--export must be claude-code, codex or doorward");
  const auto severity = parse_severity(options.severity.empty() ? "critical" : options.severity);
  if (!severity) return session.fail(Exit::usage, "--severity must be low, medium, high or critical");
  if (result.tools.empty()) {
    return session.fail(Exit::check_failed, "the tools of " + safe_text(result.asked) + " are not known; `doorward scan` finds out");
  }
  const std::string name = name_for_list(options, result);
  const scan::DenyList list = scan::deny_list(*format, name, result.tools, *severity);
  for (const std::string& note : list.notes) session.say(safe_text(note));
  if (list.tools == 0) return session.say("no tool of it is " + std::string(to_string(*severity)) + (*severity == Severity::critical ? "" : " or worse"));
  print(list.text);
  if (options.name.empty() && result.configured_as.empty() && *format != scan::DenyFormat::doorward) {
    session.say("the client is thought to call it " + safe_text(name) + "; --as NAME says otherwise");
  }
}

void run_precheck(Session& session, const PrecheckOptions& options) {
  std::optional<Severity> fail_on;
  if (!options.fail_on.empty()) {
    fail_on = parse_severity(options.fail_on);
    if (!fail_on) return session.fail(Exit::usage, "--fail-on must be low, medium, high or critical");
  }
  std::vector<clients::ConfigFile> files;
  for (const clients::FoundFile& found : clients::find_files(clients::roots_of_process())) files.push_back(clients::read_config(found));
  const scan::Scan configured = scan::take_inventory(std::move(files), scan::references_of_process());
  scan::KnownServers known(session.state_option);
  for (const std::string& trouble : known.troubles()) session.say(trouble);
  const scan::Precheck result = scan::precheck(options.server, known.catalogue(), configured, known.looks_like());
  if (!options.format.empty()) return export_list(session, options, result);
  if (session.json) {
    print_line(precheck_json(result));
  } else {
    print_precheck(result, session.color());
  }
  if (fail_on && (result.verdict == scan::Verdict::ask_first || (result.worst && *result.worst >= *fail_on))) {
    session.fail(Exit::check_failed, "the verdict is \"" + std::string(scan::to_string(result.verdict)) + "\"" +
                                         (result.worst ? ", the worst tool is " + std::string(to_string(*result.worst)) : std::string()));
  }
}

}  // namespace

void add_precheck_command(CLI::App& app, Session& session) {
  const auto options = std::make_shared<PrecheckOptions>();
  CLI::App* command = app.add_subcommand("precheck", "What to know of a server before it is connected; starts nothing");
  command->add_option("server", options->server, "Name in the catalogue or in a client's configuration, package such as @scope/name, or URL")
      ->required()
      ->type_name("SERVER");
  command->add_option("--export", options->format, "Print its worst tools for a deny list: claude-code, codex or doorward")->type_name("CLIENT");
  command->add_option("--severity", options->severity, "With --export: tools from here on (default: critical)")->type_name("SEVERITY");
  command->add_option("--as", options->name, "With --export: what the client calls the server")->type_name("NAME");
  command->add_option("--fail-on", options->fail_on, "Exit with 1 where a tool is this severe, or the verdict is to ask first")
      ->type_name("SEVERITY");
  command->callback([&session, options] { run_precheck(session, *options); });
}

}  // namespace doorward::cli
