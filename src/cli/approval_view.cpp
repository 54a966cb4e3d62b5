#include "cli/approval_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "cli/log_view.h"
#include "cli/operate.h"

namespace doorward::cli {
namespace {

constexpr const char* kRow = "{:<30}  {:<9}  {:>7}  {:<16}  {:<34}  {:<11}  {}";

std::string left(json::Value approval) { return countdown(approval, "left_s"); }

std::string trimmed(std::string line) { return line.substr(0, line.find_last_not_of(' ') + 1); }

std::string group_name(json::Value group) {
  std::string names;
  for (const json::Value name : group.find("approvers").elements()) {
    names += (names.empty() ? "" : " or ") + safe_text(name.string());
  }
  return names.empty() ? "any approver" : names;
}

/// How many people have spoken for a group of the request.
std::size_t voices(json::Value approval, std::size_t group) {
  const std::string index = std::to_string(group);
  std::size_t count = 0;
  for (const json::Value vote : approval.find("agreed").elements()) {
    for (const json::Value spoken : vote.find("groups").elements()) count += spoken.string() == index ? 1 : 0;
  }
  return count;
}

/// What of a text no eye sees, or takes for something else.
struct Hidden {
  bool control = false;
  bool bidirectional = false;
  bool invisible = false;
  bool foreign = false;

  void look(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      char32_t point = size == 1 ? lead : lead & (0xffu >> (size + 1));
      for (std::size_t k = 1; k < size && i + k < text.size(); ++k) {
        point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fu);
      }
      i += size;
      note(point);
    }
  }

  std::string words() const {
    std::string out;
    const auto add = [&](bool is, const char* what) {
      if (is) out += std::string(out.empty() ? "" : ", ") + what;
    };
    add(bidirectional, "characters that turn the direction of text");
    add(invisible, "invisible characters");
    add(control, "control characters");
    add(foreign, "letters beyond ASCII, which can look like others");
    return out;
  }

 private:
  void note(char32_t point) {
    const auto in = [point](char32_t first, char32_t last) { return point >= first && point <= last; };
    if (point < 0x20 || in(0x7f, 0x9f)) {
      control = control || (point != '\n' && point != '\t');
    } else if (point == 0x61c || in(0x200e, 0x200f) || in(0x202a, 0x202e) || in(0x2066, 0x2069)) {
      bidirectional = true;
    } else if (point == 0xad || point == 0x34f || in(0x115f, 0x1160) || in(0x17b4, 0x17b5) || in(0x180b, 0x180f) ||
               in(0x200b, 0x200d) || in(0x2060, 0x2065) || in(0x206a, 0x206f) || point == 0x3164 ||
               in(0xfe00, 0xfe0f) || point == 0xfeff || point == 0xffa0 || in(0xe0000, 0xe0fff)) {
      invisible = true;
    } else if (point > 0x7e) {
      foreign = true;
    }
  }
};

void look(json::Value value, Hidden& hidden) {
  if (value.is(json::Type::string)) hidden.look(value.string());
  for (const json::Value element : value.elements()) look(element, hidden);
  for (const json::Member entry : value.members()) {
    hidden.look(entry.key.string());
    look(entry.value, hidden);
  }
}

void spell(json::Value value, std::size_t depth, std::string& out) {
  const std::string margin(2 * depth + 4, ' ');
  switch (value.type()) {
    case json::Type::string:
      out += '"' + safe_text(value.string()) + '"';
      return;
    case json::Type::number:
      out += value.number();
      return;
    case json::Type::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case json::Type::null:
      out += "null";
      return;
    case json::Type::array:
    case json::Type::object:
      break;
  }
  const bool is_array = value.is(json::Type::array);
  out += is_array ? '[' : '{';
  bool first = true;
  const auto next = [&] {
    out += (first ? "\n" : ",\n") + margin + "  ";
    first = false;
  };
  for (const json::Value element : value.elements()) {
    next();
    spell(element, depth + 1, out);
  }
  for (const json::Member entry : value.members()) {
    next();
    out += '"' + safe_text(entry.key.string()) + "\": ";
    spell(entry.value, depth + 1, out);
  }
  if (!first) out += "\n" + margin;
  out += is_array ? ']' : '}';
}

}  // namespace

std::string approval_line_head() {
  return trimmed(fmt::format(kRow, "ID", "STATE", "LEFT", "GRANT", "CALL", "RISK", "ASKS"));
}

std::string approval_line(json::Value approval) {
  std::string asks;
  for (const json::Value group : approval.find("groups").elements()) {
    asks += (asks.empty() ? "" : ", ") + group_name(group);
  }
  if (const std::string asked = member(approval, "asked"); asked != "1") asks += " (asked " + asked + " times)";
  return trimmed(fmt::format(kRow, member(approval, "id"), member(approval, "state"),
                             is_true(approval.find("open")) ? left(approval) : "-", member(approval, "grant"),
                             member(approval, "server") + "." + member(approval, "tool"),
                             member(approval, "category"), asks));
}

std::string approval_missing(json::Value approval) {
  std::string missing;
  std::size_t index = 0;
  for (const json::Value group : approval.find("groups").elements()) {
    const std::size_t has = voices(approval, index++);
    std::size_t wants = 1;
    const std::string text = member(group, "approvals");
    std::from_chars(text.data(), text.data() + text.size(), wants);
    if (has >= wants) continue;
    missing += fmt::format("{}{} more of {}", missing.empty() ? "" : ", ", wants - has, group_name(group));
  }
  return missing.empty() ? "nobody else is asked" : missing + " must agree, too";
}

std::string approval_detail(json::Value approval) {
  std::string out;
  const auto line = [&out](std::string_view name, const std::string& text) {
    if (!text.empty()) out += fmt::format("{:<10} {}\n", name, text);
  };
  const std::string state = member(approval, "state");
  const bool open = is_true(approval.find("open"));
  out += member(approval, "id") + "  " + state;
  out += !open ? "" : state == "pending" ? ", expires in " + left(approval) : ", holds for " + left(approval);
  out += "\n";
  std::string agent = member(approval, "grant");
  if (const std::string owner = member(approval, "grant_owner"); !owner.empty()) agent += ", of " + owner;
  if (const std::string client = member(approval, "client"); !client.empty()) {
    agent += ", client calls itself " + client;
  }
  line("agent", agent);
  line("identity", member(approval, "identity"));
  line("call", member(approval, "server") + "." + member(approval, "tool") + "  " + member(approval, "category"));
  line("note", member(approval, "note"));
  line("rule", member(approval, "rule"));
  line("policy", member(approval, "policy") + " version " + member(approval, "policy_version"));
  std::string asks;
  for (const json::Value group : approval.find("groups").elements()) {
    asks += (asks.empty() ? "" : "; ") + member(group, "approvals") + " of " + group_name(group);
  }
  line("asks", asks);
  std::string agreed;
  for (const json::Value vote : approval.find("agreed").elements()) {
    agreed += (agreed.empty() ? "" : ", ") + member(vote, "actor");
  }
  line("agreed", agreed);
  line("asked", member(approval, "asked") == "1" ? "" : member(approval, "asked") + " times");
  line("decided", member(approval, "decided").empty() ? ""
                                                     : member(approval, "decided") + " by " +
                                                           member(approval, "decided_by"));
  line("reason", member(approval, "reason"));
  line("used", member(approval, "used") == "0" ? "" : member(approval, "used") + " times");
  line("decision", member(approval, "decision"));
  line("definition", "SHA-256 " + member(approval, "definition"));

  const json::Value arguments = approval.find("arguments");
  if (!arguments) {
    line("arguments", "not shown: removed, or for approvers, auditors and admins alone; digest " +
                          member(approval, "args_digest"));
    return out;
  }
  line("arguments", fmt::format("{} keys, {} bytes, digest {}", arguments.size(),
                                arguments.end_offset() - arguments.begin_offset(), member(approval, "args_digest")));
  out += "    ";
  spell(arguments, 0, out);
  out += "\n";
  Hidden hidden;
  look(arguments, hidden);
  if (const std::string words = hidden.words(); !words.empty()) {
    out += "! these arguments hold " + words + ", shown as \\u....\n";
  }
  line("shown", member(approval, "shown"));
  return out;
}

}  // namespace doorward::cli
