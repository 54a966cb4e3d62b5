#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "audit/reader.h"
#include "base/clock.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/layout.h"
#include "cli/log_view.h"
#include "cli/session.h"
#include "json/reader.h"
#include "server/time_text.h"

namespace doorward::cli {
namespace {

constexpr useconds_t kPollPause = 100'000;

struct LogOptions {
  audit::Query query;
  std::string since;
  std::string until;
  std::size_t count = 20;
  bool follow = false;
  std::string id;
  std::vector<std::string> words;  ///< `agent:ci`, or text to be found
};

/// Takes filters that are written as words; false after having failed.
bool take_words(Session& session, LogOptions& options) {
  const std::map<std::string, std::string*, std::less<>> filters = {
      {"agent", &options.query.grant},      {"grant", &options.query.grant}, {"server", &options.query.server},
      {"tool", &options.query.tool},        {"rule", &options.query.rule},   {"decision", &options.query.verdict},
      {"verdict", &options.query.verdict},  {"event", &options.query.event}, {"code", &options.query.code},
      {"policy", &options.query.policy},    {"since", &options.since},       {"until", &options.until}};
  for (const std::string& word : options.words) {
    const std::size_t colon = word.find(':');
    const std::string key = word.substr(0, std::min(colon, word.size()));
    const auto found = filters.find(key);
    if (colon != std::string::npos && found != filters.end()) {
      *found->second = word.substr(colon + 1);
    } else if (colon == std::string::npos) {
      options.query.text = word;
    } else {
      std::vector<std::string> names;
      for (const auto& [name, into] : filters) names.push_back(name);
      const std::string_view near = suggest(key, names);
      session.fail(Exit::usage, "there is no filter \"" + safe_text(key) + ":\"" +
                                    (near.empty() ? "; use agent: server: tool: decision: rule: policy: event: code: since: until:"
                                                  : "; did you mean " + std::string(near) + ":?"));
      return false;
    }
  }
  if (options.query.verdict.empty() || audit::parse_decision_word(options.query.verdict)) return true;
  constexpr std::string_view kVerdicts[] = {"allow", "deny", "hide", "approve"};
  if (std::ranges::find(kVerdicts, options.query.verdict) != std::end(kVerdicts)) return true;
  session.fail(Exit::usage, "there is no decision \"" + safe_text(options.query.verdict) +
                                "\"; use allowed, denied, hidden, rate_limited, needs_approval, would_deny or error");
  return false;
}

/// Turns `--since` and `--until` into times; false after having failed.
bool resolve_times(Session& session, LogOptions& options) {
  const std::int64_t now_us = system_clock().wall_us();
  const auto read = [&](const char* name, const std::string& text, std::optional<std::int64_t>& into) {
    if (text.empty()) return true;
    into = server::parse_past(text, now_us);
    if (!into)
      session.fail(Exit::usage,
                   std::string(name) + " must be a time like 2027-01-31T14:00:00Z or a span like 15m");
    return into.has_value();
  };
  return read("--since", options.since, options.query.since_us) &&
         read("--until", options.until, options.query.until_us);
}

/// Writes records as they come; the table's head before the first one.
class Printer {
 public:
  explicit Printer(const Session& session) : json_(session.json), color_(session.color()) {}

  void record(std::string_view line, json::Value root) {
    if (json_) {
      print_line(line);
      return;
    }
    if (!is_row(root)) return;
    if (!headed_) print(log_head(color_, columns_of(STDOUT_FILENO)));
    headed_ = true;
    print(log_row(root, color_, columns_of(STDOUT_FILENO)));
  }

  void line(const std::string& line) {
    json::Reader reader;
    if (const auto root = reader.read(line)) record(line, *root);
  }

  /// Writes out what is buffered; false when nobody reads any more.
  static bool flush() { return std::fflush(stdout) == 0; }

 private:
  bool json_;
  bool color_;
  bool headed_ = false;
};

void follow(Session& session, audit::LogReader& reader, const audit::Query& query, Printer& printer) {
  for (;;) {
    const Status polled = reader.poll(query, [&](const audit::RecordView& view) {
      printer.record(view.line, view.root);
      return true;
    });
    if (!polled) return session.fail(polled.error());
    if (!Printer::flush()) return;
    usleep(kPollPause);
  }
}

void tail(Session& session, LogOptions& options) {
  server::StateDir state;
  if (!take_words(session, options) || !resolve_times(session, options) || !session.find_state(state)) return;
  audit::LogReader reader(state.log());
  Printer printer(session);
  // The position to follow from is taken first, so that no record falls between the two readings; one that is
  // written meanwhile would be shown twice, and is told by its sequence.
  if (options.follow) {
    if (const Status begun = reader.poll(options.query, [](const audit::RecordView&) { return false; });
        !begun) {
      return session.fail(begun.error());
    }
  }
  audit::LogReader newest(state.log());
  const auto lines = newest.last(options.query, options.count);
  if (!lines) return session.fail(lines.error());
  for (const std::string& line : *lines) printer.line(line);
  if (options.follow && Printer::flush()) follow(session, reader, options.query, printer);
}

void query(Session& session, LogOptions& options) {
  server::StateDir state;
  if (!take_words(session, options) || !resolve_times(session, options) || !session.find_state(state)) return;
  audit::LogReader reader(state.log());
  Printer printer(session);
  const Status done = reader.for_each(options.query, [&](const audit::RecordView& view) {
    printer.record(view.line, view.root);
    return std::ferror(stdout) == 0;
  });
  if (!done) session.fail(done.error());
}

void show(Session& session, const std::string& id) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  audit::LogReader reader(state.log());
  const auto lines = reader.find(id);
  if (!lines) return session.fail(lines.error());
  if (lines->empty()) {
    return session.fail(Exit::check_failed, "no record has the id " + safe_text(id) + " in " + state.log() +
                                                "; check the id, or name another --state");
  }
  for (const std::string& line : *lines) {
    if (session.json) {
      print_line(line);
      continue;
    }
    json::Reader json;
    if (const auto root = json.read(line)) print(log_detail(*root));
  }
}

void add_filters(CLI::App& command, LogOptions& options) {
  command.add_option("words", options.words, "Filters as words (agent:ci tool:pay decision:denied since:1h), or a text to be found")
      ->type_name("WORD");
  command.add_option("--grant,--agent", options.query.grant, "Id or label of the grant");
  command.add_option("--server", options.query.server, "Name of the server");
  command.add_option("--tool", options.query.tool, "Name of the tool");
  command.add_option("--decision,--verdict", options.query.verdict,
                     "allowed, denied, hidden, rate_limited, needs_approval, would_deny or error");
  command.add_option("--rule", options.query.rule, "Rule, or its beginning followed by *");
  command.add_option("--policy", options.query.policy, "Name of the policy, or the SHA-256 of its document (eight digits are enough)");
  command.add_option("--event", options.query.event, "Event, or its beginning followed by *");
  command.add_option("--since", options.since, "From this time on; a span such as 15m is that long ago")
      ->type_name("TIME");
  command.add_option("--until", options.until, "Before this time")->type_name("TIME");
}

}  // namespace

void add_log_commands(CLI::App& app, Session& session) {
  CLI::App* log = app.add_subcommand("log", "Read the log of calls");
  log->require_subcommand(1);

  const auto tail_options = std::make_shared<LogOptions>();
  CLI::App* tail_command = log->add_subcommand("tail", "Print the newest records");
  add_filters(*tail_command, *tail_options);
  tail_command->add_flag("-f,--follow", tail_options->follow, "Keep printing new ones");
  tail_command->add_option("-n", tail_options->count, "How many (default: 20)")->type_name("N");
  tail_command->callback([&session, tail_options] { tail(session, *tail_options); });

  const auto query_options = std::make_shared<LogOptions>();
  CLI::App* query_command = log->add_subcommand("query", "Print every record that matches, oldest first");
  add_filters(*query_command, *query_options);
  query_command->callback([&session, query_options] { query(session, *query_options); });

  const auto id = std::make_shared<std::string>();
  CLI::App* show_command = log->add_subcommand("show", "Print every record of one call");
  show_command->add_option("id", *id, "Its id, such as dec_4m1x...")->required()->type_name("ID");
  show_command->callback([&session, id] { show(session, *id); });
}

}  // namespace doorward::cli
