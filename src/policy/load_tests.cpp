#include <algorithm>
#include <utility>

#include "policy/loader.h"

namespace doorward::policy {

using json::Type;
using json::Value;

void Loader::subject(Value grant, const At& at, Subject& into) {
  if (grant.type() == Type::string) {
    into.label = std::string(grant.string());
    return;
  }
  if (grant.type() != Type::object) {
    check_.error("wrong-type", grant, at, "a grant is its label, or an object with \"label\" and \"labels\"");
    return;
  }
  if (!check_.object(grant, at, {"label", "labels"})) return;
  if (const Value label = grant.find("label"); label && check_.is(label, Type::string, at / "label")) {
    into.label = std::string(label.string());
  }
  const Value labels = grant.find("labels");
  if (!labels || !check_.is(labels, Type::object, at / "labels")) return;
  for (json::Member member : labels.members()) {
    if (!check_.is(member.value, Type::string, at / "labels" / member.key.string())) continue;
    into.labels.emplace_back(member.key.string(), member.value.string());
  }
  std::ranges::sort(into.labels);
}

void Loader::test(Value value, const At& at) {
  if (!check_.object(value, at,
                     {"name", "grant", "identity", "category", "at", "tool", "args", "expect", "rule"}))
    return;
  TestCase out;
  out.pointer = at.pointer;
  out.begin = value.begin_offset();
  out.end = value.end_offset();
  if (const Value name = check_.required(value, at, "name");
      name && check_.is(name, Type::string, at / "name")) {
    out.name = std::string(name.string());
  }
  if (const Value tool = check_.required(value, at, "tool");
      tool && check_.is(tool, Type::string, at / "tool")) {
    out.tool = std::string(tool.string());
  }
  if (const Value args = check_.required(value, at, "args");
      args && check_.is(args, Type::object, at / "args")) {
    out.args = args;
  }
  if (const Value expect = check_.required(value, at, "expect")) {
    if (const auto word = check_.word(expect, at / "expect", {"allow", "deny", "hide", "approve"})) {
      out.expect = static_cast<Verdict>(*word);
    }
  }
  if (const Value rule_text = value.find("rule");
      rule_text && check_.is(rule_text, Type::string, at / "rule")) {
    out.rule = std::string(rule_text.string());
  }
  if (const Value grant = value.find("grant")) {
    out.has_subject = true;
    subject(grant, at / "grant", out.subject);
  }
  if (const Value identity = value.find("identity");
      identity && check_.is(identity, Type::object, at / "identity")) {
    out.has_subject = true;
    out.subject.identity = identity;
  }
  std::array<std::string_view, kCategories.size()> names;
  std::ranges::transform(kCategories, names.begin(), [](Category c) { return to_string(c); });
  if (const auto word = check_.word(value.find("category"), at / "category", names))
    out.category = kCategories[*word];
  if (const Value time = value.find("at"); time && check_.is(time, Type::string, at / "at")) {
    if (const auto parsed = parse_rfc3339(time.string())) {
      out.at_us = *parsed;
    } else {
      check_.error("bad-time", time, at / "at", "write a time as 2026-01-31T14:00:00Z");
    }
  }
  program_.tests.push_back(std::move(out));
}

void Loader::tests(Value list, const At& at) {
  if (!list || !check_.is(list, Type::array, at)) return;
  std::size_t index = 0;
  for (Value value : list.elements()) test(value, at / index++);
}

}  // namespace doorward::policy
