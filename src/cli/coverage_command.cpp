#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/severity.h"
#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

struct CoverageOptions {
  std::string server;
  std::string grant;
  std::string fail_on;
  std::string fix;
  bool tools = false;
};

constexpr std::size_t kMostLines = 12;

std::int64_t number_of(json::Value object, std::string_view key) {
  const std::string text = member(object, key);
  return text.empty() ? 0 : std::stoll(text);
}

/// What makes the command fail: tools of a severity or worse in one of the states.
struct Threshold {
  std::string state;  ///< `open` or `usable`
  Severity severity = Severity::critical;
};

std::optional<Threshold> parse_threshold(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::string_view state = text.substr(0, dash);
  if (dash == std::string_view::npos || (state != "open" && state != "usable")) return std::nullopt;
  const auto severity = parse_severity(text.substr(dash + 1));
  if (!severity) return std::nullopt;
  return Threshold{std::string(state), *severity};
}

std::int64_t beyond(json::Value result, const Threshold& threshold) {
  std::int64_t count = 0;
  for (const json::Value row : result.find("severities").elements()) {
    const auto severity = parse_severity(member(row, "severity"));
    if (!severity || *severity < threshold.severity) continue;
    count += number_of(row, "open") + number_of(row, "depends");
    if (threshold.state == "usable") count += number_of(row, "limited");
  }
  return count;
}

std::string word_of(std::string_view state) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kWords = {{{"blocked", "Blocked"},
                                                                                    {"needs-person", "Needs a person"},
                                                                                    {"limited", "Limited"},
                                                                                    {"depends", "Depends"},
                                                                                    {"open", "Open"},
                                                                                    {"not-applicable", "Not applicable"}}};
  for (const auto& [name, word] : kWords) {
    if (name == state) return std::string(word);
  }
  return safe_text(state);
}

/// `Open`, or `Open ?` where it only counts as that.
std::string state_of(json::Value row) {
  return word_of(member(row, "state")) + (is_true(row.find("decided")) ? "" : " ?");
}

std::string joined(json::Value list) {
  std::string out;
  for (const json::Value one : list.elements()) out += (out.empty() ? "" : ", ") + safe_text(one.string());
  return out;
}

void print_severities(json::Value result) {
  std::vector<std::vector<std::string>> rows = {
      {"SEVERITY", "TOOLS", "BLOCKED", "NEEDS A PERSON", "LIMITED", "DEPENDS", "OPEN", "AGENTS"}};
  for (const json::Value row : result.find("severities").elements()) {
    rows.push_back({member(row, "severity"), member(row, "tools"), member(row, "blocked"), member(row, "needs_person"),
                    member(row, "limited"), member(row, "depends"), member(row, "open"), member(row, "agents")});
  }
  print_table(rows);
}

void print_patterns(json::Value result) {
  std::vector<std::vector<std::string>> rows = {{"ATTACK", "STATE", "WHY"}};
  for (const json::Value pattern : result.find("patterns").elements()) {
    rows.push_back({member(pattern, "id"), state_of(pattern), member(pattern, "why")});
  }
  print_table(rows);
}

bool is_open(json::Value row) {
  const std::string state = member(row, "state");
  return state == "open" || state == "depends";
}

/// The tools that an open pattern reaches, and how to close it.
void print_open(json::Value pattern) {
  if (!is_open(pattern) || pattern.find("tools").size() == 0) return;
  print_line("");
  print_line(member(pattern, "name") + " (" + member(pattern, "id") + ")");
  std::size_t shown = 0;
  for (const json::Value tool : pattern.find("tools").elements()) {
    if (!is_open(tool) && member(tool, "state") != "limited") continue;
    if (++shown > kMostLines) continue;
    print_line("  " + member(tool, "server") + "." + member(tool, "tool") + "  " + state_of(tool) + "  policy " +
               (member(tool, "policy").empty() ? "(none)" : member(tool, "policy")) + "  agents " + joined(tool.find("agents")));
    if (const std::string why = member(tool, "why"); !why.empty()) print_line("      " + why);
  }
  if (shown > kMostLines) print_line("  and " + std::to_string(shown - kMostLines) + " more");
  for (const json::Value fix : pattern.find("fixes").elements()) {
    const std::string note = member(fix, "note");
    if (member(fix, "text").empty()) {
      print_line("  policy " + member(fix, "policy") + ": " + note);
      continue;
    }
    print_line("  fix for policy " + member(fix, "policy") + " of " + member(fix, "server") + ": rules for " + joined(fix.find("tools")) +
               "; closes " + member(fix, "closes") + ", leaves " + member(fix, "leaves"));
    print_line("      doorward coverage --fix " + member(pattern, "id") + " --server " + member(fix, "server") +
               "   prints it");
  }
  if (pattern.find("fixes").size() == 0) print_line("  what helps: " + member(pattern, "mitigation"));
}

void print_tools(json::Value result) {
  print_line("");
  std::vector<std::vector<std::string>> rows = {{"TOOL", "SEVERITY", "STATE", "RULE", "POLICY", "AGENTS"}};
  for (const json::Value tool : result.find("tools").elements()) {
    rows.push_back({member(tool, "server") + "." + member(tool, "tool"), member(tool, "severity"), state_of(tool),
                    member(tool, "rule"), member(tool, "policy"), joined(tool.find("agents"))});
  }
  print_table(rows);
  if (const std::string more = member(result, "tools_left_out"); !more.empty()) print_line("and " + more + " more");
}

/// Prints the drafted policy of a pattern, byte for byte, so that it can be piped into `policy add`.
void print_fix(Session& session, json::Value result, const CoverageOptions& options) {
  std::vector<json::Value> drafts;
  for (const json::Value pattern : result.find("patterns").elements()) {
    if (member(pattern, "id") != options.fix) continue;
    for (const json::Value fix : pattern.find("fixes").elements()) {
      if (!member(fix, "text").empty()) drafts.push_back(fix);
    }
    if (drafts.empty()) {
      return session.fail(Exit::check_failed, is_open(pattern) ? "no rule of a policy closes it: " + member(pattern, "mitigation")
                                                               : "nothing is open to it");
    }
    if (drafts.size() > 1) {
      std::string names;
      for (const json::Value fix : drafts) names += " " + member(fix, "policy") + " (" + member(fix, "server") + ")";
      return session.fail(Exit::usage, "several policies leave it open:" + names + "; choose with --server, or with --grant");
    }
    const std::string_view text = drafts.front().find("text").string();
    print(text);
    if (!text.ends_with('\n')) print("\n");
    return session.say("next: doorward policy add " + member(drafts.front(), "policy") + " --server " +
                       member(drafts.front(), "server") + " --file FILE");
  }
  session.fail(Exit::usage, "there is no attack pattern \"" + options.fix + "\"; `doorward coverage` lists them");
}

void coverage(Session& session, const CoverageOptions& options) {
  std::optional<Threshold> threshold;
  if (!options.fail_on.empty()) {
    threshold = parse_threshold(options.fail_on);
    if (!threshold) {
      return session.fail(Exit::usage, "--fail-on is open-SEVERITY or usable-SEVERITY, such as open-critical, not \"" +
                                           options.fail_on + "\"");
    }
  }
  const auto text = ask(
      session, "coverage",
      [&](json::Writer& writer) {
        if (!options.server.empty()) writer.key("server").string(options.server);
        if (!options.grant.empty()) writer.key("grant").string(options.grant);
        if (options.tools) writer.key("detail").string("tools");
      },
      true);
  if (!text) return;
  json::Reader reader;
  const auto result = reader.read(*text, {.bytes = 64u << 20});
  if (!result) return session.fail(Exit::unreachable, "the gateway's answer is not JSON");
  if (!options.fix.empty()) return print_fix(session, *result, options);
  if (session.json) {
    print_line(*text);
  } else {
    print_line(member(*result, "sentence"));
    print_line("");
    print_severities(*result);
    print_line("");
    print_patterns(*result);
    for (const json::Value pattern : result->find("patterns").elements()) print_open(pattern);
    if (options.tools) print_tools(*result);
    if (!is_true(result->find("whole"))) session.say("there was too much to ask about; what is left counts as open");
  }
  if (!threshold) return;
  const std::int64_t count = beyond(*result, *threshold);
  if (count == 0) return;
  session.fail(Exit::check_failed, std::to_string(count) + (count == 1 ? " tool is " : " tools are ") + threshold->state + " at severity " +
                                       std::string(to_string(threshold->severity)) + " or worse (--fail-on " + options.fail_on + ")");
}

}  // namespace

void add_coverage_command(CLI::App& app, Session& session) {
  const auto options = std::make_shared<CoverageOptions>();
  CLI::App* command = app.add_subcommand(
      "coverage", "Which tools agents can use without a person, and which attacks the policies leave open");
  command->add_option("--server", options->server, "Of one server only")->type_name("NAME");
  command->add_option("--grant", options->grant, "Of one grant only")->type_name("LABEL");
  command->add_flag("--tools", options->tools, "With a row for each tool under each policy");
  command->add_option("--fix", options->fix, "Print the policy that closes an attack")->type_name("ATTACK");
  command->add_option("--fail-on", options->fail_on, "Exit 1 where tools are open-SEVERITY or usable-SEVERITY (limits do not count as closed)")
      ->type_name("WHAT");
  command->callback([&session, options] { coverage(session, *options); });
}

}  // namespace doorward::cli
