#include "json/equal.h"

#include "json/decimal.h"

namespace doorward::json {

namespace {

bool equal_arrays(Value a, Value b) {
  auto other = b.elements().begin();
  for (const Value element : a.elements()) {
    if (!equal(element, *other)) return false;
    ++other;
  }
  return true;
}

bool equal_objects(Value a, Value b) {
  auto other = b.members().begin();
  for (const Member member : a.members()) {
    const Member same_place = *other;
    ++other;
    const std::string_view key = member.key.string();
    const Value partner = same_place.key.string() == key ? same_place.value : b.find(key);
    if (!equal(member.value, partner)) return false;
  }
  return true;
}

}  // namespace

bool equal(Value a, Value b) {
  if (!a || !b || a.type() != b.type()) return false;
  switch (a.type()) {
    case Type::null:
      return true;
    case Type::boolean:
      return a.boolean() == b.boolean();
    case Type::number:
      return a.number() == b.number() || Decimal(a.number()) == Decimal(b.number());
    case Type::string:
      return a.string() == b.string();
    case Type::array:
      return a.size() == b.size() && equal_arrays(a, b);
    case Type::object:
      return a.size() == b.size() && equal_objects(a, b);
  }
  return false;
}

}  // namespace doorward::json
