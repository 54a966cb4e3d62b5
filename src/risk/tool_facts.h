#pragma once

#include <string_view>

#include "json/value.h"

namespace doorward::risk {

/// What is known of a tool, by which it is classified. Every member but the name may be empty or nothing, and none is
/// trusted: it is what a server says of itself. Texts and values are the caller's and outlive the use.
struct ToolFacts {
  std::string_view server{};  ///< its name; evidence of a theme only (payments, a shell), never looked up in a list
  std::string_view name{};
  std::string_view description{};
  json::Value input_schema{};
  json::Value output_schema{};
  json::Value annotations{};
};

/// The facts of a tool object as `tools/list` holds it (`name`, `description`, `inputSchema`, `outputSchema`,
/// `annotations`). A member of the wrong type counts as absent.
ToolFacts facts_of(std::string_view server, json::Value tool);

}  // namespace doorward::risk
