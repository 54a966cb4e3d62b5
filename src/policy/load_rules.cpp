#include <algorithm>
#include <utility>

#include "policy/glob.h"
#include "base/text.h"
#include "policy/loader.h"

namespace doorward::policy {
namespace {

using json::Type;
using json::Value;

constexpr std::array<std::string_view, 5> kRules = {"deny_if", "require", "approve_if", "limits",
                                                    "rate_limit"};
constexpr std::array<std::string_view, 5> kActionFields = {"action", "reason", "approvers", "expires",
                                                           "on_pending"};

/// `90s`, `10m`, `2h`, `1d`.
/// Of a whole number and a unit; nothing for any other text.
std::optional<std::int64_t> seconds_of(std::string_view text) {
  if (text.size() < 2 || text.size() > 8 || text[0] == '0') return std::nullopt;
  constexpr std::string_view kUnits = "smhd";
  constexpr std::array<std::int64_t, 4> kSeconds = {1, 60, 3600, 86'400};
  const std::size_t unit = kUnits.find(text.back());
  const std::string_view digits = text.substr(0, text.size() - 1);
  if (unit == std::string_view::npos || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  std::int64_t count = 0;
  for (char c : digits) count = count * 10 + (c - '0');
  return count * kSeconds[unit];
}

}  // namespace

void Loader::block(Value value, const At& at, const std::string& prefix, bool with_action, Block& into) {
  std::vector<std::string_view> known(kRules.begin(), kRules.end());
  if (with_action) known.insert(known.end(), kActionFields.begin(), kActionFields.end());
  if (!check_.object(value, at, known)) return;
  into.begin = value.begin_offset();
  into.end = value.end_offset();
  if (with_action) action(value, at, prefix, into);
  entries(value.find("deny_if"), at / "deny_if", prefix, Place::deny_if, into.deny_if);
  entries(value.find("require"), at / "require", prefix, Place::require, into.require);
  entries(value.find("approve_if"), at / "approve_if", prefix, Place::approve_if, into.approve_if);
  limits(value.find("limits"), at / "limits", prefix, into);
  rate_limit(value.find("rate_limit"), at / "rate_limit", prefix, into);
}

void Loader::action(Value value, const At& at, const std::string& prefix, Block& into) {
  const Value word = value.find("action");
  if (const auto action = check_.word(word, at / "action", {"allow", "deny", "hide", "approve"})) {
    into.action = static_cast<Action>(*action + 1);
  }
  const bool alone = into.action == Action::deny || into.action == Action::hide;
  for (json::Member member : value.members()) {
    const std::string_view name = member.key.string();
    const At here = at / name;
    if (name == "reason" && into.action != Action::deny) {
      check_.error("misplaced-field", member.key, here,
                   "\"reason\" is the text of \"action\": \"deny\"; there is none here");
    } else if ((name == "approvers" || name == "expires" || name == "on_pending") &&
               into.action != Action::approve) {
      check_.error("misplaced-field", member.key, here,
                   "this belongs to \"action\": \"approve\" or into an entry of \"approve_if\"");
    } else if (alone && std::ranges::find(kRules, name) != kRules.end()) {
      check_.error("misplaced-field", member.key, here,
                   "\"action\": \"" + std::string(word.string()) +
                       "\" stands alone in its block; remove one of the two");
    }
  }
  std::string note = check_.note(value.find("reason"), at / "reason");
  if (into.action == Action::approve) {
    into.approval = approval(value, at);
    note = check_.note(value.find("on_pending"), at / "on_pending");
  }
  if (into.action == Action::hide) {
    into.action_rule = rule("(hidden)", at / "action", word);
  } else if (into.action != Action::none) {
    into.action_rule = rule(prefix + "/action", at / "action", word, std::move(note));
  }
}

const Approval* Loader::approval(Value object, const At& at) {
  Approval& into = program_.approvals.emplace_back();
  if (const Value list = object.find("approvers")) strings(list, at / "approvers", into.approvers, false);
  const Value time = object.find("expires");
  if (time && check_.is(time, Type::string, at / "expires")) {
    if (const auto seconds = seconds_of(time.string())) {
      into.expires_s = *seconds;
    } else {
      check_.error("bad-duration", time, at / "expires",
                   "write a whole number and s, m, h or d, such as \"10m\"");
    }
  }
  if (const Value wanted = object.find("approvals")) {
    if (const auto count = check_.whole(wanted, at / "approvals", 1, 1'000'000)) {
      into.approvals = static_cast<unsigned>(*count);
    }
  }
  if (const Value self = object.find("self_confirm"); self && check_.is(self, Type::boolean, at / "self_confirm")) {
    into.self_confirm = self.boolean();
  }
  return &into;
}

void Loader::entries(Value list, const At& at, const std::string& prefix, Place place,
                     std::vector<Entry>& into) {
  if (!list || !check_.is(list, Type::array, at)) return;
  const std::string below = prefix + "/" + std::string(to_string(place));
  std::size_t index = 0;
  for (Value value : list.elements()) {
    const At here = at / index;
    const bool known =
        place == Place::approve_if
            ? check_.object(value, here,
                            {"conditions", "approvers", "approvals", "self_confirm", "expires", "on_pending"})
            : check_.object(value, here, {"conditions", "on_deny"});
    if (!known) {
      ++index;
      continue;
    }
    Entry entry;
    std::string note;
    if (place == Place::approve_if) {
      entry.approval = approval(value, here);
      note = check_.note(value.find("on_pending"), here / "on_pending");
    } else {
      note = check_.note(value.find("on_deny"), here / "on_deny");
    }
    const std::size_t first = program_.conditions.size();
    const Value conditions = check_.required(value, here, "conditions");
    if (conditions && check_.is(conditions, Type::array, here / "conditions")) {
      std::size_t number = 0;
      for (Value each : conditions.elements()) condition(each, here / "conditions" / number++, below, note);
    }
    entry.conditions = std::span(program_.conditions).subspan(first);
    entry.rule = rule(below + "/" + std::to_string(index), here, value, std::move(note));
    into.push_back(entry);
    ++index;
  }
}

void Loader::condition(Value value, const At& at, const std::string& prefix, const std::string& note) {
  if (!check_.object(value, at, {"path", "op", "value"})) return;
  std::optional<Path> parsed;
  if (const Value path = check_.required(value, at, "path");
      path && check_.is(path, Type::string, at / "path")) {
    if (auto result = parse_path(path.string())) {
      parsed = std::move(*result);
    } else {
      check_.error("bad-path", path, at / "path", result.error().message, result.error().suggestion);
    }
  }
  const Value op = check_.required(value, at, "op");
  const Value expected = check_.required(value, at, "value");
  const auto which = op ? check_.word(op, at / "op", kOpNames) : std::nullopt;
  if (!which || !expected) return;
  Condition out;
  out.op = static_cast<Op>(*which);
  out.value = expected;
  Operand compiled;
  if (!operand(expected, at / "value", out, compiled) || !parsed) return;

  if (parsed->root == Root::args && parsed->segments.front().kind == Segment::Kind::member) {
    out.slot = program_.keys.add(parsed->segments.front().name);
  }
  const std::string text = prefix + "/" + parsed->text + "-" + std::string(to_string(out.op));
  out.path = &program_.paths.emplace_back(std::move(*parsed));
  out.operand = &program_.operands.emplace_back(std::move(compiled));
  out.rule = rule(text, at, value, note);
  out.type_rule = rule(text + "-type", at, value, note);
  program_.conditions.push_back(out);
}

}  // namespace doorward::policy
