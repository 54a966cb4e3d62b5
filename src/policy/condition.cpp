#include "policy/condition.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "json/equal.h"
#include "policy/walk.h"

namespace doorward::policy {

std::string_view to_string(Place place) {
  switch (place) {
    case Place::deny_if:
      return "deny_if";
    case Place::require:
      return "require";
    case Place::approve_if:
      break;
  }
  return "approve_if";
}

namespace {

using json::Type;
using json::Value;

Truth truth(bool holds) {
  return holds ? Truth::yes : Truth::no;
}
Truth truth(std::optional<bool> holds) {
  return holds ? truth(*holds) : Truth::error;
}

Truth of_missing(const Condition& condition, Place place) {
  switch (condition.op) {
    case Op::exists:
      return truth(!condition.expected);
    case Op::neq:
    case Op::not_in:
      return truth(place != Place::require);
    default:
      return Truth::no;
  }
}

bool is_one_of(Value value, Value list) {
  for (Value element : list.elements()) {
    if (json::equal(value, element)) return true;
  }
  return false;
}

Truth compare(const Condition& condition, Value value) {
  if (value.type() != Type::number) return Truth::error;
  const auto order = json::Decimal(value.number()) <=> std::get<json::Decimal>(*condition.operand);
  switch (condition.op) {
    case Op::lt:
      return truth(order < 0);
    case Op::lte:
      return truth(order <= 0);
    case Op::gt:
      return truth(order > 0);
    default:
      return truth(order >= 0);
  }
}

Truth contains(const Condition& condition, Value value) {
  if (value.type() == Type::string) {
    if (condition.value.type() != Type::string) return Truth::error;
    return truth(value.string().find(condition.value.string()) != std::string_view::npos);
  }
  if (value.type() != Type::array) return Truth::error;
  for (Value element : value.elements()) {
    if (json::equal(element, condition.value)) return Truth::yes;
  }
  return Truth::no;
}

Truth affix(const Condition& condition, std::string_view text) {
  const auto& wanted = std::get<std::vector<std::string>>(*condition.operand);
  return truth(std::ranges::any_of(wanted, [&](const std::string& part) {
    return condition.op == Op::starts_with ? text.starts_with(part) : text.ends_with(part);
  }));
}

Truth of_length(const LengthBounds& bounds, Value value) {
  if (value.type() == Type::string) return truth(bounds.hold(code_points(value.string())));
  if (value.type() == Type::array) return truth(bounds.hold(value.size()));
  return Truth::error;
}

/// A condition on one value that is not missing.
Truth of_value(const Condition& condition, Value value) {
  switch (condition.op) {
    case Op::exists:
      return truth(condition.expected);
    case Op::eq:
    case Op::neq:
    case Op::in:
    case Op::not_in: {
      if ((condition.types >> static_cast<unsigned>(value.type()) & 1u) == 0) return Truth::error;
      const bool list = condition.op == Op::in || condition.op == Op::not_in;
      const bool found = list ? is_one_of(value, condition.value) : json::equal(value, condition.value);
      return truth(found == (condition.op == Op::eq || condition.op == Op::in));
    }
    case Op::lt:
    case Op::lte:
    case Op::gt:
    case Op::gte:
      return compare(condition, value);
    case Op::contains:
      return contains(condition, value);
    case Op::length:
      return of_length(std::get<LengthBounds>(*condition.operand), value);
    default:
      break;
  }
  if (value.type() != Type::string) return Truth::error;
  const std::string_view text = value.string();
  switch (condition.op) {
    case Op::regex:
      return truth(std::get<Pattern>(*condition.operand).search(text));
    case Op::path_under:
      return truth(std::get<Directories>(*condition.operand).holds(text));
    case Op::url_host:
      return truth(std::get<UrlHosts>(*condition.operand).hold(text));
    case Op::email_domain:
      return truth(std::get<EmailDomains>(*condition.operand).hold(text));
    case Op::cidr:
      return truth(std::get<Networks>(*condition.operand).hold(text));
    default:
      return affix(condition, text);
  }
}

}  // namespace

bool LengthBounds::hold(std::size_t length) const {
  const auto measured = static_cast<std::int64_t>(length);
  return std::ranges::all_of(bounds, [&](const auto& bound) {
    switch (bound.first) {
      case Op::eq:
        return measured == bound.second;
      case Op::lt:
        return measured < bound.second;
      case Op::lte:
        return measured <= bound.second;
      case Op::gt:
        return measured > bound.second;
      default:
        return measured >= bound.second;
    }
  });
}

Value Inputs::text(std::string_view value) {
  node_ = json::Node{value.data(), static_cast<std::uint32_t>(value.size()), 0, 0, 1, Type::string, false};
  return Value(&node_);
}

Value Inputs::root(const Path& path) {
  static constexpr std::array<std::string_view, 24> kHours = {"0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",
                                                              "8",  "9",  "10", "11", "12", "13", "14", "15",
                                                              "16", "17", "18", "19", "20", "21", "22", "23"};
  static constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  const Subject* subject = call_->subject;
  switch (path.root) {
    case Root::args:
      return call_->args;
    case Root::identity:
      return subject != nullptr ? subject->identity : Value();
    case Root::tool_name:
      return text(call_->tool);
    case Root::tool_server:
      return call_->server.empty() ? Value() : text(call_->server);
    case Root::tool_category:
      return call_->category ? text(to_string(*call_->category)) : Value();
    case Root::grant_label:
      return subject != nullptr && subject->label ? text(*subject->label) : Value();
    case Root::grant_labels: {
      if (subject == nullptr) return {};
      const std::string& key = path.label;
      const auto label = std::ranges::lower_bound(
          subject->labels, key, {}, [](const auto& l) -> const auto& { return l.first; });
      return label != subject->labels.end() && label->first == key ? text(label->second) : Value();
    }
    case Root::time_hour:
    case Root::time_weekday:
      break;
  }
  if (!local_) {
    constexpr std::int64_t kSecond = 1'000'000;
    const std::int64_t now = call_->now_us;
    local_ = zone_->local(now / kSecond - (now % kSecond < 0 ? 1 : 0));
  }
  if (path.root == Root::time_weekday) return text(kDays[local_->weekday]);
  text(kHours[local_->hour]);
  node_.type = Type::number;
  return Value(&node_);
}

Single resolve(const Path& path, Value value, std::size_t segment) {
  for (; segment < path.segments.size(); ++segment) {
    if (is_missing(value)) return {};
    if (!step(path.segments[segment], value)) return {true, {}};
  }
  return {false, is_missing(value) ? Value() : value};
}

Truth judge_value(const Condition& condition, Value value, Place place) {
  return is_missing(value) ? of_missing(condition, place) : of_value(condition, value);
}

Truth evaluate(const Condition& condition, Inputs& inputs, Place place) {
  const Inputs::Start start = inputs.start(condition);
  if (!condition.path->each) {
    const Single single = resolve(*condition.path, start.value, start.segment);
    return single.error ? Truth::error : judge_value(condition, single.value, place);
  }
  bool any = false;
  bool every = true;  // and no array on the way is empty
  bool error = false;
  auto visit = [&](Reached reached, Value value) {
    if (reached == Reached::empty) {
      every = false;
      return true;
    }
    const Truth result = reached == Reached::error ? Truth::error : judge_value(condition, value, place);
    any = any || result == Truth::yes;
    every = every && result == Truth::yes;
    error = result == Truth::error;
    return !error;
  };
  walk(*condition.path, start.segment, start.value, visit);
  if (error) return Truth::error;
  return truth(place == Place::require ? every : any);
}

}  // namespace doorward::policy
