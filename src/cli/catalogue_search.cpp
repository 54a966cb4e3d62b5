#include "cli/catalogue_search.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/category.h"
#include "base/severity.h"
#include "cli/log_view.h"
#include "cli/operate.h"
#include "cli/session.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kUsualWidth = 120;
constexpr std::size_t kLongestName = 44;

struct SearchOptions {
  std::vector<std::string> words;
  std::string server;
  std::string category;
  std::string severity;
  std::string signal;
  std::string after;
  std::size_t limit = 50;
  bool servers = false;
};

/// Columns of the terminal.
std::size_t width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return kUsualWidth;
}

/// As much as fits, with `...` where something is left out.
std::string fitted(std::string text, std::size_t room) {
  if (text.size() <= room) return text;
  if (room < 4) return {};
  return text.substr(0, room - 3) + "...";
}

std::string_view color_of(std::string_view severity) {
  if (severity == "critical") return "\x1b[1;31m";
  if (severity == "high") return "\x1b[31m";
  if (severity == "medium") return "\x1b[33m";
  return {};
}

std::string number_of(json::Value object, std::string_view key) {
  const json::Value value = object.find(key);
  return value.is(json::Type::number) ? std::string(value.number()) : "0";
}

/// The first line of a description, in one line.
std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  return safe_text(text);
}

/// Rows in columns; the last column takes the room that is left. The first cell of a row is coloured by what
/// it says.
void print_rows(const Session& session, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min(row[i].size(), kLongestName));
  }
  const std::size_t most = width();
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      std::string cell = fitted(row[i], widths[i]);
      cell.append(widths[i] - cell.size() + 2, ' ');
      line += cell;
    }
    const std::size_t room = most > line.size() + 20 ? most - line.size() : 20;
    line += fitted(row.back(), room);
    line.resize(line.find_last_not_of(' ') + 1);
    if (const std::string_view color = session.color() ? color_of(row.front()) : std::string_view();
        !color.empty()) {
      line = std::string(color) + line.substr(0, row.front().size()) + "\x1b[0m" +
             line.substr(row.front().size());
    }
    print_line(line);
  }
}

void show_tools(const Session& session, json::Value tools) {
  std::vector<std::vector<std::string>> rows = {{"RISK", "CATEGORY", "TOOL", "SERVER", "WHAT IT DOES"}};
  for (const json::Value tool : tools.elements()) {
    std::string name = member(tool, "tool");
    if (const std::string outer = member(tool, "outer"); !outer.empty()) name = outer + ": " + name;
    std::string category = member(tool, "category");
    if (tool.find("override")) category += " *";
    rows.push_back({member(tool, "severity"), category, name, member(tool, "server"),
                    first_line(json::text_of(tool, "description"))});
  }
  print_rows(session, rows);
}

void show_servers(const Session& session, json::Value servers) {
  std::vector<std::vector<std::string>> rows = {
      {"TOOLS", "CRITICAL", "HIGH", "SERVER", "SOURCES", "WHAT IT IS"}};
  for (const json::Value server : servers.elements()) {
    std::string sources;
    for (const json::Value source : server.find("sources").elements()) {
      sources += (sources.empty() ? "" : ",") + safe_text(source.string());
    }
    const json::Value by_severity = server.find("by_severity");
    const json::Value listing = server.find("listing");
    const std::string_view description = json::text_of(listing, "description");
    rows.push_back({number_of(server, "tools"), number_of(by_severity, "critical"),
                    number_of(by_severity, "high"), member(server, "slug"), sources,
                    first_line(description.empty() ? json::text_of(listing, "name") : description)});
  }
  print_rows(session, rows);
}

void search(Session& session, const SearchOptions& options) {
  const auto members = [&](json::Writer& writer) {
    std::string words;
    for (const std::string& word : options.words) words += (words.empty() ? "" : " ") + word;
    if (!words.empty()) writer.key("query").string(words);
    const auto add = [&](std::string_view key, const std::string& value) {
      if (!value.empty()) writer.key(key).string(value);
    };
    add("server", options.server);
    add("category", options.category);
    add("severity", options.severity);
    add("signal", options.signal);
    add("cursor", options.after);
    if (options.servers) writer.key("of").string("servers");
    writer.key("limit").number(options.limit);
  };
  operate(session, "catalogue.search", members, [&](json::Value result) {
    const json::Value records = result.find(options.servers ? "servers" : "tools");
    if (records.size() == 0) {
      return session.say(
          "nothing is found; the catalogue learns from the gateway's servers, `doorward scan` and `doorward "
          "catalogue import`");
    }
    if (options.servers) {
      show_servers(session, records);
    } else {
      show_tools(session, records);
    }
    const std::string found = number_of(result, "found");
    const std::string next = member(result, "next");
    if (next.empty()) return session.say(std::to_string(records.size()) + " of " + found);
    session.say(std::to_string(records.size()) + " of " + found + (found == "10000" ? " or more" : "") +
                "; the next ones with --after " + next);
  });
}

void counts(Session& session) {
  operate(session, "catalogue.counts", nullptr, [&](json::Value result) {
    std::vector<std::vector<std::string>> rows = {
        {"servers", number_of(result, "servers")},
        {"tools", number_of(result, "tools")},
        {"different definitions", number_of(result, "definitions")}};
    for (const auto group : {"by_severity", "by_category"}) {
      for (const json::Member each : result.find(group).members()) {
        rows.push_back({"  " + safe_text(each.key.string()), std::string(each.value.number())});
      }
    }
    rows.push_back({"classified by people", number_of(result, "overrides")});
    rows.push_back({"classified by older rules", number_of(result, "outdated")});
    print_table(rows);
    if (number_of(result, "outdated") != "0")
      session.say("bring them up to date with: doorward catalogue reclassify");
  });
}

}  // namespace

void add_catalogue_search(CLI::App& catalogue, Session& session) {
  auto options = std::make_shared<SearchOptions>();
  CLI::App* command =
      catalogue.add_subcommand("search", "Find tools, or servers, by words of their names and descriptions");
  command->add_option("words", options->words, "All must occur, each by its beginning");
  command->add_option("--server", options->server,
                      "Only tools of this server: its slug, or its name in the gateway");
  command->add_option("--category", options->category,
                      "Read, Write, Execute, Destructive, Financial or Other");
  command->add_option("--severity", options->severity, "At least low, medium, high or critical");
  command->add_option("--signal", options->signal, "Only with this risk signal, such as returns-secrets");
  command->add_flag("--servers", options->servers, "Servers instead of tools");
  command->add_option("--limit", options->limit, "At most so many")
      ->check(CLI::Range(1, 200))
      ->capture_default_str();
  command->add_option("--after", options->after, "Go on where an earlier page ended");
  command->callback([options, &session] { search(session, *options); });

  for (const char* name : {"counts", "status"}) {
    catalogue.add_subcommand(name, "How many servers and tools the catalogue knows, by risk")
        ->callback([&session] { counts(session); });
  }
}

}  // namespace doorward::cli
