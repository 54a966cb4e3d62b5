#pragma once

#include <cstddef>
#include <cstdint>

#include "json/value.h"
#include "policy/path.h"

namespace doorward::policy {

constexpr bool is_missing(json::Value value) {
  return !value || value.type() == json::Type::null;
}

/// What a walk along a path arrives at.
enum class Reached : std::uint8_t {
  value,  ///< a value, or a missing one (nothing, or null)
  error,  ///< a member of what is no object, an index or `[*]` of what is no array
  empty,  ///< a `[*]` of an empty array
};

/// One step without `[*]`; false where the value is of the wrong kind for it.
inline bool step(const Segment& segment, json::Value& value) {
  if (segment.kind == Segment::Kind::member) {
    if (value.type() != json::Type::object) return false;
    value = value.find(segment.name);
    return true;
  }
  if (value.type() != json::Type::array) return false;
  value = value.at(segment.index);
  return true;
}

/// Visits all that the segments from `at` on lead to below `value`; ends early where `visit(Reached, Value)`
/// returns false, and returns what the last visit did. Recurses once per `[*]` that meets an array, so at
/// most as deep as the call is nested.
template <typename Visit>
bool walk(const Path& path, std::size_t at, json::Value value, Visit& visit) {
  const auto& segments = path.segments;
  for (; at < segments.size() && !is_missing(value) && segments[at].kind != Segment::Kind::each; ++at) {
    if (!step(segments[at], value)) return visit(Reached::error, json::Value());
  }
  if (at == segments.size() || is_missing(value)) return visit(Reached::value, value);
  if (value.type() != json::Type::array) return visit(Reached::error, json::Value());
  if (value.size() == 0) return visit(Reached::empty, json::Value());
  for (json::Value element : value.elements()) {
    if (!walk(path, at + 1, element, visit)) return false;
  }
  return true;
}

}  // namespace doorward::policy
