#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/category.h"

namespace doorward {

/// How bad a wrong call of a tool can be. Ordered: a greater value is worse.
enum class Severity : std::uint8_t { low, medium, high, critical };

/// Every severity, mildest first.
inline constexpr std::array<Severity, 4> kSeverities = {Severity::low, Severity::medium, Severity::high,
                                                        Severity::critical};

/// The spelling of documents, logs and pages: `low`, `medium`, `high`, `critical`.
constexpr std::string_view to_string(Severity severity) {
  constexpr std::array<std::string_view, 4> kNames = {"low", "medium", "high", "critical"};
  return kNames[static_cast<std::size_t>(severity)];
}

/// The severity of an exact spelling; nothing for any other text.
constexpr std::optional<Severity> parse_severity(std::string_view name) {
  for (const Severity severity : kSeverities) {
    if (to_string(severity) == name) return severity;
  }
  return std::nullopt;
}

/// The severity that a category has by itself (catalogue.md section 1).
constexpr Severity category_severity(Category category) {
  switch (category) {
    case Category::write:
      return Severity::medium;
    case Category::execute:
      return Severity::high;
    case Category::destructive:
    case Category::financial:
      return Severity::critical;
    case Category::read:
    case Category::other:
      break;
  }
  return Severity::low;
}

}  // namespace doorward
