#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "policy/loader.h"

namespace doorward::policy {
namespace {

using json::Type;
using json::Value;

bool holds_null(Value value) {
  if (value.type() == Type::null) return true;
  for (Value element : value.elements()) {
    if (holds_null(element)) return true;
  }
  for (json::Member member : value.members()) {
    if (holds_null(member.value)) return true;
  }
  return false;
}

std::uint8_t bit(Value value) {
  return static_cast<std::uint8_t>(1u << static_cast<unsigned>(value.type()));
}

std::expected<void, std::string> add_to(Directories& list, std::string_view text) {
  return list.add(text);
}
std::expected<void, std::string> add_to(UrlHosts& list, std::string_view text) {
  return list.add(text);
}
std::expected<void, std::string> add_to(EmailDomains& list, std::string_view text) {
  return list.add(text);
}
std::expected<void, std::string> add_to(Networks& list, std::string_view text) {
  return list.add(text);
}

}  // namespace

bool Loader::plain_value(Value value, const At& at) {
  if (holds_null(value)) {
    check_.error("null-value", value, at,
                 "null is not allowed in a value; ask for absence with \"op\": \"exists\"");
    return false;
  }
  if (value.type() == Type::array && value.size() == 0) {
    check_.error("empty-list", value, at,
                 "an empty list is not allowed in a value; nothing could ever match it");
    return false;
  }
  return true;
}

bool Loader::strings(Value value, const At& at, std::vector<std::string>& into, bool one_allowed) {
  if (one_allowed && value.type() == Type::string) {
    into.emplace_back(value.string());
    return true;
  }
  if (!check_.is(value, Type::array, at) || !plain_value(value, at)) return false;
  bool good = true;
  std::size_t index = 0;
  for (Value element : value.elements()) {
    const At here = at / index++;
    good = check_.is(element, Type::string, here) && good;
    if (element.type() == Type::string) into.emplace_back(element.string());
  }
  return good;
}

template <typename List>
bool Loader::typed_list(Value value, const At& at, Operand& into) {
  std::vector<std::string> texts;
  if (!strings(value, at, texts, false)) return false;
  List list;
  bool good = true;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (const auto added = add_to(list, texts[i]); !added) {
      check_.error("bad-operand", value.at(i), at / i, added.error());
      good = false;
    }
  }
  into = std::move(list);
  return good;
}

bool Loader::length(Value value, const At& at, LengthBounds& into) {
  static constexpr std::array<Op, 5> kBounds = {Op::eq, Op::lt, Op::lte, Op::gt, Op::gte};
  std::vector<std::string_view> names;
  for (Op op : kBounds) names.push_back(to_string(op));
  if (!check_.object(value, at, names)) return false;
  if (value.size() == 0) {
    check_.error("empty-object", value, at,
                 "give at least one of \"eq\", \"lt\", \"lte\", \"gt\" and \"gte\"");
    return false;
  }
  bool good = true;
  for (Op op : kBounds) {
    const Value bound = value.find(to_string(op));
    if (!bound) continue;
    const At here = at / to_string(op);
    if (!check_.is(bound, Type::number, here)) {
      good = false;
      continue;
    }
    const json::Decimal number(bound.number());
    if (!number.is_whole() || number.is_negative()) {
      check_.error("out-of-range", bound, here, "a length is a whole number that is not negative");
      good = false;
    }
    // Nothing is as long as what does not fit.
    into.bounds.emplace_back(op, number.to_integer().value_or(std::numeric_limits<std::int64_t>::max()));
  }
  return good;
}

bool Loader::operand(Value value, const At& at, Condition& condition, Operand& into) {
  switch (condition.op) {
    case Op::eq:
    case Op::neq:
      condition.types = bit(value);
      return plain_value(value, at);
    case Op::in:
    case Op::not_in:
      if (!check_.is(value, Type::array, at)) return false;
      for (Value element : value.elements())
        condition.types = static_cast<std::uint8_t>(condition.types | bit(element));
      return plain_value(value, at);
    case Op::contains:
      return plain_value(value, at);
    case Op::lt:
    case Op::lte:
    case Op::gt:
    case Op::gte:
      if (!check_.is(value, Type::number, at)) return false;
      into = json::Decimal(value.number());
      return true;
    case Op::exists:
      if (!check_.is(value, Type::boolean, at)) return false;
      condition.expected = value.boolean();
      return true;
    case Op::regex: {
      if (!check_.is(value, Type::string, at)) return false;
      auto pattern = Pattern::compile(value.string());
      if (!pattern) {
        check_.error("bad-pattern", value, at, "this pattern is refused: " + pattern.error());
        return false;
      }
      into = std::move(*pattern);
      return true;
    }
    case Op::starts_with:
    case Op::ends_with: {
      if (value.type() != Type::string && value.type() != Type::array) {
        check_.error("wrong-type", value, at, "this must be a string or a list of strings");
        return false;
      }
      std::vector<std::string> texts;
      const bool good = strings(value, at, texts, true);
      into = std::move(texts);
      return good;
    }
    case Op::path_under:
      return typed_list<Directories>(value, at, into);
    case Op::url_host:
      return typed_list<UrlHosts>(value, at, into);
    case Op::email_domain:
      return typed_list<EmailDomains>(value, at, into);
    case Op::cidr:
      return typed_list<Networks>(value, at, into);
    case Op::length: {
      LengthBounds bounds;
      const bool good = length(value, at, bounds);
      into = std::move(bounds);
      return good;
    }
  }
  return false;
}

}  // namespace doorward::policy
