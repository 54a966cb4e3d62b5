#include "cli/log_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "audit/reader.h"
#include "cli/layout.h"
#include "json/writer.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kDecision = 14;
constexpr std::size_t kGap = 2;
constexpr std::size_t kId = 5;  ///< where the id stands among the parts of a line
constexpr std::size_t kShortestReason = 12;
constexpr std::size_t kWholeTable = 190;  ///< with a rule of usual length

/// How wide the parts of a line are; a part of width 0 is left out.
struct Widths {
  std::size_t time = 20;
  std::size_t agent = 16;
  std::size_t call = 34;
  std::size_t reason = 60;
  std::size_t id = 26;
  bool narrow = false;  ///< what does not fit is cut, and there is no rule

  std::size_t without_reason() const { return time + agent + call + kDecision + id + 4 * kGap; }
};

Widths widths_for(std::size_t columns) {
  Widths widths;
  if (columns == 0 || columns >= kWholeTable) return widths;
  widths.narrow = true;
  widths.id = 20;
  // A reason tells more than the ends of long names.
  if (widths.without_reason() + kGap + 2 * kShortestReason > columns) {
    widths.agent = 10;
    widths.call = 20;
  }
  if (widths.without_reason() > columns) widths.time = 8;
  const std::size_t room = columns - std::min(columns, widths.without_reason() + kGap);
  widths.reason = room < kShortestReason ? 0 : std::min(room, widths.reason);
  return widths;
}

/// A line of the table, ended by LF; `parts` in the order of its head.
std::string line_of(const Widths& widths, const std::array<std::string, 7>& parts) {
  const std::size_t sizes[] = {widths.time, widths.agent, widths.call, kDecision, widths.reason, widths.id, 0};
  std::string line;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool rule = i + 1 == parts.size();
    if (sizes[i] == 0 && !(rule && !widths.narrow)) continue;
    const bool whole = !widths.narrow || i == kId;
    line += (line.empty() ? "" : std::string(kGap, ' ')) + cell(parts[i], whole ? std::max(sizes[i], parts[i].size()) : sizes[i]);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string_view text_of(json::Value value) {
  return value.is(json::Type::string) ? value.string() : std::string_view();
}

std::string_view member(json::Value record, std::string_view outer, std::string_view inner) {
  return text_of(record.find(outer).find(inner));
}

audit::DecisionWord word_of(json::Value record) {
  const json::Value enforced = record.find("enforced");
  return audit::decision_word(text_of(record.find("event")), text_of(record.find("verdict")),
                              !enforced.is(json::Type::boolean) || enforced.boolean(), text_of(record.find("code")),
                              text_of(record.find("result")));
}

/// What happened, in the words of all pages.
std::string what(json::Value record, audit::DecisionWord word) {
  if (word != audit::DecisionWord::none) return decision_words(to_string(word));
  const std::string_view event = text_of(record.find("event"));
  if (event.starts_with("request.rejected")) return "Rejected";
  // What became of a request for approval; its rule takes the place where other events are named.
  if (constexpr std::string_view kApproval = "approval."; event.starts_with(kApproval)) {
    return std::string(event.substr(kApproval.size()));
  }
  return event == "call.outcome" ? std::string(text_of(record.find("result"))) : "event";
}

/// Allowed calls are plain; colour is for what was refused or went wrong.
std::string_view color_of(json::Value record, audit::DecisionWord word) {
  using enum audit::DecisionWord;
  if (word == denied || word == hidden || text_of(record.find("event")).starts_with("request.rejected")) return "\x1b[31m";
  if (word == none || word == allowed) return {};
  return "\x1b[33m";
}

/// Why, in so many characters at most: what the agent was told, else the rule, else what the record has.
std::string why(json::Value record, std::size_t most) {
  std::string_view text = text_of(record.find("reason"));
  for (const std::string_view prefix : {"[POLICY DENIED] ", "[APPROVAL REQUIRED] "}) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  }
  for (const std::string_view key : {"rule", "code"}) {
    if (text.empty()) text = text_of(record.find(key));
  }
  const std::string_view event = text_of(record.find("event"));
  if (text.empty() && event == "call.outcome") text = text_of(record.find("result"));
  if (text.empty() && !event.starts_with("call.")) text = event;
  std::string out = safe_text(text);
  if (most > 3 && out.size() > most) out = out.substr(0, most - 3) + "...";
  return out;
}

std::string target(json::Value record) {
  std::string text = safe_text(text_of(record.find("server")));
  for (std::string_view key : {"tool", "target", "method"}) {
    const std::string_view name = text_of(record.find(key));
    if (name.empty()) continue;
    return text.empty() ? safe_text(name) : text + "." + safe_text(name);
  }
  return text;
}

void detail(json::Value value, const std::string& name, std::string& out) {
  switch (value.type()) {
    case json::Type::object:
      for (const json::Member member : value.members()) {
        detail(member.value,
               name.empty() ? safe_text(member.key.string()) : name + "." + safe_text(member.key.string()),
               out);
      }
      return;
    case json::Type::array: {
      std::size_t index = 0;
      for (const json::Value element : value.elements())
        detail(element, fmt::format("{}[{}]", name, index++), out);
      return;
    }
    case json::Type::string:
      out += fmt::format("{:<22}  {}\n", name, safe_text(value.string()));
      return;
    case json::Type::number:
      out += fmt::format("{:<22}  {}\n", name, value.number());
      return;
    case json::Type::boolean:
      out += fmt::format("{:<22}  {}\n", name, value.boolean());
      return;
    case json::Type::null:
      out += fmt::format("{:<22}  null\n", name);
      return;
  }
}

}  // namespace

std::string decision_words(std::string_view word) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"allowed", "Allowed"},           {"denied", "Denied"},         {"hidden", "Hidden"},
      {"rate_limited", "Rate-limited"}, {"needs_approval", "Needs approval"}, {"would_deny", "Would deny"},
      {"depends", "Depends on arguments"}, {"error", "Error"}};
  for (const auto& [name, words] : kWords) {
    if (name == word) return std::string(words);
  }
  return safe_text(word);
}

std::string safe_text(std::string_view text) { return json::printable(text); }

std::string log_head(bool color, std::size_t columns) {
  const std::string head = line_of(widths_for(columns), {"TIME", "AGENT", "CALL", "DECISION", "REASON", "ID", "RULE"});
  return color ? "\x1b[2m" + head.substr(0, head.size() - 1) + "\x1b[0m\n" : head;
}

bool is_row(json::Value record) {
  const std::string_view event = text_of(record.find("event"));
  return event != "call.arguments" && (event != "call.outcome" || word_of(record) == audit::DecisionWord::error);
}

std::string log_row(json::Value record, bool color, std::size_t columns) {
  const Widths widths = widths_for(columns);
  const audit::DecisionWord word = word_of(record);
  std::string_view label = member(record, "grant", "label");
  if (label.empty()) label = text_of(record.find("label"));
  constexpr std::size_t kDate = std::string_view("2026-01-31T").size();
  const std::string time(text_of(record.find("time")).substr(0, 19));
  const bool clock = widths.time < time.size() && time.size() > kDate;
  const std::string row = line_of(widths, {clock ? time.substr(kDate) : time + "Z", safe_text(label), target(record), what(record, word),
                                           why(record, widths.reason), safe_text(text_of(record.find("id"))), safe_text(text_of(record.find("rule")))});
  const std::string_view paint = color ? color_of(record, word) : std::string_view();
  if (paint.empty()) return row;
  return std::string(paint) + row.substr(0, row.size() - 1) + "\x1b[0m\n";
}

std::string log_detail(json::Value record) {
  std::string out;
  detail(record, "", out);
  return out + "\n";
}

}  // namespace doorward::cli
