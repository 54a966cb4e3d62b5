#include "cli/log_view.h"

#include <fmt/core.h>

#include "json/writer.h"

namespace doorward::cli {
namespace {

constexpr const char* kRow = "{:<20}  {:<10}  {:<16}  {:<34}  {:<40}  {}\n";

std::string_view text_of(json::Value value) {
  return value.is(json::Type::string) ? value.string() : std::string_view();
}

std::string_view member(json::Value record, std::string_view outer, std::string_view inner) {
  return text_of(record.find(outer).find(inner));
}

/// What happened, in one word.
std::string what(json::Value record) {
  const std::string_view event = text_of(record.find("event"));
  if (event == "call.intent" || event == "call.denied") {
    const json::Value enforced = record.find("enforced");
    const bool observed = enforced.is(json::Type::boolean) && !enforced.boolean();
    return std::string(observed ? "would " : "") + std::string(text_of(record.find("verdict")));
  }
  if (event == "call.outcome") return std::string(text_of(record.find("result")));
  if (event.starts_with("request.rejected")) return "rejected";
  // What became of a request for approval; its rule takes the place where other events are named.
  if (constexpr std::string_view kApproval = "approval."; event.starts_with(kApproval)) {
    return std::string(event.substr(kApproval.size()));
  }
  return "event";
}

/// Allowed calls are plain; colour is for what was refused or went wrong.
std::string_view color_of(std::string_view word) {
  if (word == "deny" || word == "hide" || word == "rejected") return "\x1b[31m";
  if (word == "approve" || word.starts_with("would ") || word.ends_with("error") || word == "timeout")
    return "\x1b[33m";
  return {};
}

std::string why(json::Value record) {
  for (std::string_view key : {"rule", "code", "reason"}) {
    if (const std::string_view text = text_of(record.find(key)); !text.empty()) return safe_text(text);
  }
  const std::string_view event = text_of(record.find("event"));
  return event.starts_with("call.") ? std::string() : safe_text(event);
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

std::string safe_text(std::string_view text) {
  std::string out;
  json::append_string(out, text, json::Escape::ascii);
  return out.substr(1, out.size() - 2);
}

std::string log_head(bool color) {
  const std::string head = fmt::format(kRow, "TIME", "WHAT", "GRANT", "CALL", "RULE", "ID");
  return color ? "\x1b[2m" + head.substr(0, head.size() - 1) + "\x1b[0m\n" : head;
}

std::string log_row(json::Value record, bool color) {
  const std::string word = what(record);
  std::string_view label = member(record, "grant", "label");
  if (label.empty()) label = text_of(record.find("label"));
  std::string time(text_of(record.find("time")).substr(0, 19));
  std::string row = fmt::format(kRow, time + "Z", word, safe_text(label), target(record), why(record),
                                safe_text(text_of(record.find("id"))));
  while (row.size() > 1 && row[row.size() - 2] == ' ') row.erase(row.size() - 2, 1);
  const std::string_view paint = color ? color_of(word) : std::string_view();
  if (paint.empty()) return row;
  return std::string(paint) + row.substr(0, row.size() - 1) + "\x1b[0m\n";
}

std::string log_detail(json::Value record) {
  std::string out;
  detail(record, "", out);
  return out + "\n";
}

}  // namespace doorward::cli
