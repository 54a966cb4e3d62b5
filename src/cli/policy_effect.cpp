#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/policy_offline.h"
#include "cli/session.h"
#include "policy/finding.h"
#include "risk/category.h"
#include "server/policy_file.h"
#include "server/simulation.h"
#include "server/time_text.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kExportBytes = 1u << 30;
constexpr std::size_t kMostCalls = 10'000;
constexpr std::size_t kMostRows = 30;

struct SimulateOptions {
  std::string file;
  std::string server;
  std::string policy;
  std::string grant;
  std::string since = "7d";
  std::string from;
  std::vector<std::string> fail_if;
};

/// `newly_denied>0`: a count that makes the command fail.
struct Threshold {
  std::string count;
  std::string op;
  std::int64_t number = 0;

  bool is_hit(std::int64_t got) const {
    if (op == ">") return got > number;
    if (op == ">=") return got >= number;
    return got == number;
  }
};

std::optional<Threshold> parse_threshold(std::string_view text) {
  std::string compact;
  for (const char c : text) {
    if (c != ' ') compact += c;
  }
  const std::size_t at = compact.find_first_of(">=");
  if (at == std::string::npos) return std::nullopt;
  const std::size_t end = compact.find_first_not_of(">=", at);
  if (end == std::string::npos) return std::nullopt;
  Threshold threshold{compact.substr(0, at), compact.substr(at, end - at), 0};
  if (threshold.op == "==") threshold.op = "=";
  const auto [stop, error] = std::from_chars(compact.data() + end, compact.data() + compact.size(), threshold.number);
  const bool known = std::ranges::any_of(server::kChanges, [&](server::Change change) { return to_string(change) == threshold.count; });
  const bool compares = threshold.op == ">" || threshold.op == ">=" || threshold.op == "=";
  if (!known || !compares || error != std::errc() || stop != compact.data() + compact.size()) return std::nullopt;
  return threshold;
}

bool parse_thresholds(Session& session, const std::vector<std::string>& texts, std::vector<Threshold>& into) {
  for (const std::string& text : texts) {
    const auto threshold = parse_threshold(text);
    if (!threshold) {
      session.fail(Exit::usage, "--fail-if must be like 'newly_denied>0', not \"" + text +
                                    "\"; counts are newly_denied, newly_asks, newly_allowed, not_replayable, unchanged");
      return false;
    }
    into.push_back(*threshold);
  }
  return true;
}

std::int64_t number_of(json::Value object, std::string_view key) {
  std::int64_t value = 0;
  const std::string text = member(object, key);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A member that counts, with what it counts: `1 call`, `3 calls`.
std::string counted(json::Value object, std::string_view key, std::string_view one) {
  return plural_of(static_cast<std::uint64_t>(number_of(object, key)), one);
}

void print_counts(json::Value result) {
  constexpr std::pair<std::string_view, std::string_view> kRows[] = {{"newly_denied", "newly denied"},
                                                                     {"newly_asks", "newly asking a person"},
                                                                     {"newly_allowed", "newly allowed"},
                                                                     {"not_replayable", "cannot be replayed"},
                                                                     {"unchanged", "unchanged"}};
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, words] : kRows) {
    const std::string succeeded = member(result.find("succeeded"), key);
    rows.push_back({"  " + std::string(words), member(result.find("counts"), key),
                    succeeded == "0" || key == "unchanged" ? "" : succeeded + " had succeeded"});
  }
  print_table(rows);
}

void print_groups(const Session& session, json::Value result) {
  std::vector<std::vector<std::string>> rows = {{"CHANGE", "AGENT", "TOOL", "WAS", "NOW", "BY", "CALLS", "EXAMPLE"}};
  std::size_t left_out = 0;
  for (const json::Value group : result.find("groups").elements()) {
    if (member(group, "change") == "unchanged") continue;
    if (rows.size() > kMostRows) {
      ++left_out;
      continue;
    }
    const std::string now = member(group, "now");
    std::string by = member(group, "rule");
    if (const std::string line = member(group, "line"); line != "0") by += " (line " + line + ")";
    if (now.empty()) by = member(group, "reason");
    const json::Value example = group.find("examples").at(0);
    rows.push_back({member(group, "change"), member(group, "agent"), member(group, "tool"), member(group, "was"), now.empty() ? "?" : now,
                    by, member(group, "calls"), example.is(json::Type::string) ? safe_text(example.string()) : ""});
  }
  if (rows.size() > 1) print_table(rows);
  if (left_out > 0) session.say(std::to_string(left_out) + " further rows; --json has them");
}

void show_simulation(Session& session, json::Value result) {
  const json::Value window = result.find("window");
  print_line(member(result, "calls") + " calls to " + member(result, "server") + " since " + member(window, "since").substr(0, 19) + "Z:");
  print_counts(result);
  print_groups(session, result);
  if (is_false(window.find("whole"))) session.say("the window holds more calls; the newest were replayed");
  for (const json::Value note : result.find("notes").elements()) session.say(safe_text(note.string()));
  if (const std::string lockout = member(result, "lockout"); !lockout.empty()) session.say("warning: " + lockout);
}

void finish_simulation(Session& session, const std::string& text, const std::vector<Threshold>& thresholds) {
  json::Reader reader;
  const auto result = reader.read(text, {.bytes = 64u << 20});
  if (!result) return session.fail(Exit::unreachable, "the answer is not JSON");
  if (session.json) {
    print_line(text);
  } else {
    show_simulation(session, *result);
  }
  for (const Threshold& threshold : thresholds) {
    const std::int64_t got = number_of(result->find("counts"), threshold.count);
    if (!threshold.is_hit(got)) continue;
    session.fail(Exit::check_failed, threshold.count + " is " + std::to_string(got) + ", and --fail-if " + threshold.count + threshold.op +
                                         std::to_string(threshold.number) + " says that this fails");
  }
}

/// Replays what a file of records holds, without a gateway.
void simulate_export(Session& session, const SimulateOptions& options, const std::string& text, const std::vector<Threshold>& thresholds) {
  const auto draft = read_policy(session, options.file, text, options.server);
  if (!draft) return;
  const auto records = read_input(options.from, kExportBytes);
  if (!records) return session.fail(records.error());
  const std::int64_t now_us = system_clock().wall_us();
  const auto since_us = server::parse_past(options.since, now_us);
  if (!since_us) return session.fail(Exit::usage, "--since must be a time like 2027-01-31T14:00:00Z or a span like 7d");
  server::CallCollector collector({options.server, options.policy, options.grant, since_us});
  json::Reader reader;
  std::size_t number = 0;
  for (std::string_view rest = *records; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.empty()) continue;
    const auto root = reader.read(line);
    const auto time = root ? parse_time(text_of(*root, "time")) : std::nullopt;
    if (!time) {
      return session.fail(Exit::invalid, options.from + ":" + std::to_string(number) +
                                             ": this is no record of the log; `doorward audit export --format jsonl` writes them");
    }
    collector.take(*root, *time);
  }
  const auto calls = std::move(collector).calls(kMostCalls);
  server::ReplayContext context;
  context.server = options.server;
  for (const server::RecordedCall& call : calls) {
    if (context.server.empty()) context.server = call.server;
    if (call.server != context.server) {
      return session.fail(Exit::usage, "the records are of several servers (" + context.server + ", " + call.server + "); name one with --server");
    }
  }
  context.category_of = [](std::string_view tool) { return risk::category_of_name(tool); };
  context.arguments_of = [](const auto&) { return std::map<std::string, std::vector<audit::StoredArgument>>(); };
  server::Simulation simulation = server::simulate(calls, draft, context, now_us);
  simulation.since_us = *since_us;
  simulation.until_us = now_us;
  simulation.policy = options.policy;
  finish_simulation(session, to_json(simulation), thresholds);
}

void simulate(Session& session, const SimulateOptions& options) {
  std::vector<Threshold> thresholds;
  if (!parse_thresholds(session, options.fail_if, thresholds)) return;
  const auto text = read_input(options.file);
  if (!text) return session.fail(text.error());
  if (!options.from.empty()) return simulate_export(session, options, *text, thresholds);
  // Findings with their places, before anybody is asked.
  if (!read_policy(session, options.file, *text, options.server)) return;
  if (options.server.empty() && options.policy.empty()) {
    return session.fail(Exit::usage, "name the --server or the --policy whose calls are to be replayed; `doorward server list` shows them");
  }
  const auto answer = ask(session, "policy.simulate", [&](json::Writer& writer) {
    writer.key("text").string(*text).key("since").string(options.since);
    if (!options.server.empty()) writer.key("server").string(options.server);
    if (!options.policy.empty()) writer.key("policy").string(options.policy);
    if (!options.grant.empty()) writer.key("grant").string(options.grant);
  });
  if (answer) finish_simulation(session, *answer, thresholds);
}

struct SuggestOptions {
  std::string server;
  std::string policy;
  std::string grant;
  std::string since = "14d";
};

void suggest_policy(Session& session, const SuggestOptions& options) {
  operate(
      session, "policy.suggest",
      [&](json::Writer& writer) {
        writer.key("server").string(options.server).key("since").string(options.since);
        if (!options.policy.empty()) writer.key("policy").string(options.policy);
        if (!options.grant.empty()) writer.key("grant").string(options.grant);
      },
      [&](json::Value result) {
        print(result.find("text").string());
        for (const json::Value tool : result.find("tools").elements()) {
          session.say(member(tool, "tool") + ": " + counted(tool, "calls", "call") + " by " + counted(tool, "agents", "agent") +
                      (number_of(tool, "asked") > 0 ? ", " + member(tool, "asked") + " of them approved by a person" : ""));
        }
        for (const json::Value tool : result.find("refused").elements()) {
          session.say(member(tool, "tool") + ": refused " + counted(tool, "refused", "time") + ", and denied here");
        }
        for (const json::Value note : result.find("notes").elements()) session.say(safe_text(note.string()));
        const json::Value counts = result.find("check").find("counts");
        const std::int64_t denied = number_of(counts, "newly_denied") + number_of(counts, "newly_asks");
        const std::string open = member(counts, "not_replayable");
        session.say("checked by the engine: of these calls " + std::to_string(denied) + " would be refused or ask anew" +
                    (open == "0" ? "" : ", and " + open + " could not be replayed"));
        session.say("next: doorward policy simulate FILE --server " + options.server + ", then doorward policy add NAME --server " +
                    options.server + " --file FILE");
      });
}

void add_simulate(CLI::App& policy, Session& session) {
  const auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = policy.add_subcommand("simulate", "Judge recorded calls by a draft and say what would change");
  command->add_option("file", options->file, "The draft (- for standard input)")->required()->type_name("FILE");
  command->add_option("--server", options->server, "Calls to this server")->type_name("NAME");
  command->add_option("--policy", options->policy, "Calls that this policy decided")->type_name("NAME");
  command->add_option("--grant", options->grant, "Calls under this grant")->type_name("LABEL");
  command->add_option("--since", options->since, "From this time on; a span such as 7d is that long ago")->type_name("TIME")->capture_default_str();
  command->add_option("--from", options->from, "Records of a file instead of the gateway's log (audit export, JSONL)")->type_name("FILE");
  command->add_option("--fail-if", options->fail_if, "Exit with 1 where a count is so, such as 'newly_denied>0'")
      ->type_name("COUNT")
      ->allow_extra_args(false);
  command->callback([&session, options] { simulate(session, *options); });
}

void add_suggest(CLI::App& policy, Session& session) {
  const auto options = std::make_shared<SuggestOptions>();
  CLI::App* command = policy.add_subcommand("suggest", "Draft the least-privilege policy from recorded calls");
  command->add_option("--server", options->server, "Calls to this server")->required()->type_name("NAME");
  command->add_option("--policy", options->policy, "Calls that this policy decided")->type_name("NAME");
  command->add_option("--grant", options->grant, "Calls under this grant")->type_name("LABEL");
  command->add_option("--since", options->since, "From this time on; a span such as 14d is that long ago")->type_name("TIME")->capture_default_str();
  command->callback([&session, options] { suggest_policy(session, *options); });
}

}  // namespace

void add_policy_effect(CLI::App& policy, Session& session) {
  add_simulate(policy, session);
  add_suggest(policy, session);
}

}  // namespace doorward::cli
