#include "cli/log_view.h"

#include <fmt/core.h>

#include <utility>

#include "audit/reader.h"
#include "json/writer.h"

namespace doorward::cli {
namespace {

constexpr const char* kRow = "{:<20}  {:<16}  {:<34}  {:<14}  {:<60}  {:<26}  {}\n";
constexpr std::size_t kReason = 60;

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

/// Why, in at most kReason characters: what the agent was told, else the rule, else what the record has.
std::string why(json::Value record) {
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
  if (out.size() > kReason) out = out.substr(0, kReason - 3) + "...";
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

std::string log_head(bool color) {
  const std::string head = fmt::format(kRow, "TIME", "AGENT", "CALL", "DECISION", "REASON", "ID", "RULE");
  return color ? "\x1b[2m" + head.substr(0, head.size() - 1) + "\x1b[0m\n" : head;
}

bool is_row(json::Value record) {
  const std::string_view event = text_of(record.find("event"));
  return event != "call.arguments" && (event != "call.outcome" || word_of(record) == audit::DecisionWord::error);
}

std::string log_row(json::Value record, bool color) {
  const audit::DecisionWord word = word_of(record);
  std::string_view label = member(record, "grant", "label");
  if (label.empty()) label = text_of(record.find("label"));
  std::string time(text_of(record.find("time")).substr(0, 19));
  std::string row = fmt::format(kRow, time + "Z", safe_text(label), target(record), what(record, word), why(record),
                                safe_text(text_of(record.find("id"))), safe_text(text_of(record.find("rule"))));
  while (row.size() > 1 && row[row.size() - 2] == ' ') row.erase(row.size() - 2, 1);
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
