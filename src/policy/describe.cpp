#include "policy/describe.h"

#include "base/text.h"
#include "json/writer.h"
#include "policy/walk.h"

namespace doorward::policy {
namespace {

using json::Type;
using json::Value;

/// A list in words: `"a", "b" and 3 more`.
std::string list_text(Value list) {
  constexpr std::size_t kShown = 4;
  if (!list.is(Type::array)) return shortened(list);
  std::string out;
  std::size_t shown = 0;
  for (Value element : list.elements()) {
    if (shown == kShown) return out + " or " + plural_of(list.size() - kShown, "other");
    if (shown != 0) out += shown + 1 == list.size() ? " or " : ", ";
    out += shortened(element, 24);
    ++shown;
  }
  return out;
}

/// A bound of `length`, in words.
std::string_view bound_words(std::string_view bound) {
  if (bound == "lt") return "below";
  if (bound == "lte") return "of at most";
  if (bound == "gt") return "above";
  if (bound == "gte") return "of at least";
  return "of";
}

/// The words behind `must` or `must not`.
std::string core(const Condition& condition) {
  const Value value = condition.value;
  switch (condition.op) {
    case Op::eq:
      return "be " + shortened(value);
    case Op::lt:
      return "be less than " + shortened(value);
    case Op::lte:
      return "be at most " + shortened(value);
    case Op::gt:
      return "be more than " + shortened(value);
    case Op::gte:
      return "be at least " + shortened(value);
    case Op::in:
      return "be one of " + list_text(value);
    case Op::regex:
      return "match " + shortened(value, 60);
    case Op::contains:
      return "contain " + shortened(value);
    case Op::starts_with:
      return "start with " + list_text(value);
    case Op::ends_with:
      return "end with " + list_text(value);
    case Op::path_under:
      return "be a path under " + list_text(value);
    case Op::url_host:
      return "be a URL of host " + list_text(value);
    case Op::email_domain:
      return "be an address of domain " + list_text(value);
    case Op::cidr:
      return "be an IP address in " + list_text(value);
    case Op::length: {
      std::string out;
      for (Value::Members members = value.members(); json::Member member : members) {
        out += (out.empty() ? "have a length " : " and ") + std::string(bound_words(member.key.string())) + " " +
               shortened(member.value);
      }
      return out;
    }
    default:
      return "be allowed";
  }
}

/// The opposite of an operator, where there is one that reads better than `must not`.
std::optional<std::string> opposite(const Condition& condition) {
  const Value value = condition.value;
  switch (condition.op) {
    case Op::lt:
      return "must be at least " + shortened(value);
    case Op::lte:
      return "must be more than " + shortened(value);
    case Op::gt:
      return "must be at most " + shortened(value);
    case Op::gte:
      return "must be less than " + shortened(value);
    case Op::neq:
      return "must be " + shortened(value);
    case Op::not_in:
      return "must be one of " + list_text(value);
    case Op::exists:
      return condition.expected ? "must be absent" : "must be present";
    default:
      return std::nullopt;
  }
}

Located find_in(const Block& block, const Rule& rule) {
  Located out;
  const auto search = [&](const std::vector<Entry>& entries, Place place) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].rule == &rule) {
        out = {&block, place, &entries[i], i, nullptr, false};
        return true;
      }
      for (const Condition& condition : entries[i].conditions) {
        if (condition.rule != &rule && condition.type_rule != &rule) continue;
        out = {&block, place, &entries[i], i, &condition, condition.type_rule == &rule};
        return true;
      }
    }
    return false;
  };
  if (block.action_rule == &rule) {
    out.block = &block;
  } else if (!search(block.deny_if, Place::deny_if) && !search(block.require, Place::require)) {
    search(block.approve_if, Place::approve_if);
  }
  return out;
}

}  // namespace

std::string plain(std::string_view text, std::size_t most) {
  // Four bytes a character at most, and every escape is longer than what it stands for.
  std::string out = json::printable(text.substr(0, most * 4));
  if (out.size() > most) out = out.substr(0, most > 3 ? most - 3 : 0) + "...";
  return out;
}

std::string shortened(Value value, std::size_t most) {
  if (!value) return "missing";
  switch (value.type()) {
    case Type::null:
      return "null";
    case Type::boolean:
      return value.boolean() ? "true" : "false";
    case Type::number:
      return plain(value.number(), most);
    case Type::array:
      return "an array of " + plural_of(value.size(), "element");
    case Type::object:
      return "an object of " + plural_of(value.size(), "member");
    case Type::string:
      break;
  }
  std::string quoted;
  json::append_string(quoted, value.string().substr(0, most * 4), json::Escape::ascii);
  if (quoted.size() > most) quoted = quoted.substr(0, most - 4) + "...\"";
  return quoted;
}

std::string span_text(const Limit& limit) {
  return (is_digit(limit.window_text.front()) ? "" : "one ") + limit.window_text;
}

std::string demand_text(const Condition& condition, bool negated) {
  if (negated) return opposite(condition).value_or("must not " + core(condition));
  switch (condition.op) {
    case Op::neq:
      return "must not be " + shortened(condition.value);
    case Op::not_in:
      return "must not be one of " + list_text(condition.value);
    case Op::exists:
      return condition.expected ? "must be present" : "must be absent";
    default:
      return "must " + core(condition);
  }
}

Witness witness(const Condition& condition, const Call& call, const TimeZone& zone, Place place) {
  Inputs inputs(call, zone);
  const Truth whole = evaluate(condition, inputs, place);
  const Value root = inputs.root(*condition.path);
  Witness out{"missing", whole};
  auto visit = [&](Reached reached, Value value) {
    if (reached == Reached::error) {
      out.actual = "not reachable: a value on the way is no object or array";
      return whole != Truth::error;
    }
    if (reached == Reached::empty) {
      out.actual = "an empty array";
      return whole != Truth::no || place != Place::require;
    }
    out.actual = is_missing(value) ? "missing" : shortened(value);
    return judge_value(condition, value, place) != whole;
  };
  walk(*condition.path, 0, root, visit);
  return out;
}

Located locate_rule(const Policy::Program& program, const Rule& rule) {
  std::vector<const Block*> blocks;
  for (const auto& [key, block] : program.exact) blocks.push_back(&block);
  for (const Block& block : program.globs) blocks.push_back(&block);
  for (const auto& block : program.risk) blocks.push_back(block.get());
  blocks.push_back(program.all_tools.get());
  for (const Section* section : {program.resources.get(), program.prompts.get()}) {
    blocks.push_back(section != nullptr ? &section->block : nullptr);
  }
  for (const Block* block : blocks) {
    if (block == nullptr) continue;
    if (const Located found = find_in(*block, rule); found.block != nullptr) return found;
  }
  return {};
}

}  // namespace doorward::policy
