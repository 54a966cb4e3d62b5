#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/timezone.h"
#include "json/decimal.h"
#include "json/value.h"
#include "policy/address.h"
#include "policy/decide.h"
#include "policy/host.h"
#include "policy/path.h"
#include "policy/path_under.h"
#include "policy/pattern.h"
#include "policy/slots.h"

namespace doorward::policy {

/// The operators of policy.md section 4, in the order of its table.
enum class Op : std::uint8_t {
  eq,
  neq,
  lt,
  lte,
  gt,
  gte,
  in,
  not_in,
  exists,
  regex,
  contains,
  starts_with,
  ends_with,
  path_under,
  url_host,
  email_domain,
  cidr,
  length,
};
inline constexpr std::array<std::string_view, 18> kOpNames = {
    "eq",        "neq",        "lt",       "lte",          "gt",       "gte",
    "in",        "not_in",     "exists",   "regex",        "contains", "starts_with",
    "ends_with", "path_under", "url_host", "email_domain", "cidr",     "length"};
constexpr std::string_view to_string(Op op) {
  return kOpNames[static_cast<std::size_t>(op)];
}

/// What a condition is: true, false, or an error, which makes its entry deny.
enum class Truth : std::uint8_t { no, yes, error };

/// Where a condition stands; it decides the quantifier of `[*]` and what `neq` and `not_in` make of a missing
/// value.
enum class Place : std::uint8_t { deny_if, require, approve_if };
/// The member of a document that the list is.
std::string_view to_string(Place place);

/// The value of `length`: each bound that is given must hold.
struct LengthBounds {
  std::vector<std::pair<Op, std::int64_t>> bounds;  // eq, lt, lte, gt, gte
  bool hold(std::size_t length) const;
};

/// What an operator compares with, compiled from `value`.
using Operand = std::variant<std::monostate, json::Decimal, std::vector<std::string>, Pattern, Directories,
                             UrlHosts, EmailDomains, Networks, LengthBounds>;

/// One compiled condition: an instruction of the flat program. What it points to lives in the program.
struct Condition {
  const Path* path = nullptr;
  const Operand* operand = nullptr;
  json::Value value;                     ///< as in the document
  const Rule* rule = nullptr;            ///< ends in `-op`
  const Rule* type_rule = nullptr;       ///< ends in `-op-type`
  std::uint32_t slot = KeyTable::kNone;  ///< of the first segment, where the path begins `args.key`
  Op op = Op::eq;
  bool expected = false;   ///< `exists`
  std::uint8_t types = 0;  ///< eq, neq, in, not_in: bit 1 << json::Type of each type in `value`
};

/// What the paths of one call lead into.
class Inputs {
 public:
  /// With `slots`, they hold the members of the call's `args`.
  Inputs(const Call& call, const TimeZone& zone, const Slots* slots = nullptr)
      : call_(&call), zone_(&zone), slots_(slots) {}

  /// The value of a path's root, nothing where it is missing. For roots other than `args` and `identity` it
  /// is valid until the next call.
  json::Value root(const Path& path);

  /// Where the walk along a condition's path begins, and at which segment.
  struct Start {
    json::Value value;
    std::size_t segment = 0;
  };
  Start start(const Condition& condition) {
    if (condition.slot != KeyTable::kNone && slots_ != nullptr && call_->args.is(json::Type::object)) {
      return {slots_->at(condition.slot), 1};
    }
    return {root(*condition.path), 0};
  }

 private:
  json::Value text(std::string_view value);

  const Call* call_;
  const TimeZone* zone_;
  const Slots* slots_;
  std::optional<LocalTime> local_;
  json::Node node_{};
};

/// Judges one condition over all values of its path. Every value is judged, none skipped. Allocates nothing,
/// but where a regular expression does.
Truth evaluate(const Condition& condition, Inputs& inputs, Place place);

/// The same for one of the values of its path (nothing or null: a missing one).
Truth judge_value(const Condition& condition, json::Value value, Place place);

/// The one value of a path without `[*]`: nothing where missing.
struct Single {
  bool error = false;  ///< a member of what is no object, an index of what is no array
  json::Value value;
};
Single resolve(const Path& path, json::Value root, std::size_t segment = 0);

}  // namespace doorward::policy
