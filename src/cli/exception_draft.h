#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"

namespace doorward::cli {

/// What refused a call, as its explanation and the log have it.
struct Refusal {
  std::string tool;
  std::string rule;     ///< policy.md section 8
  std::string pointer;  ///< into the document
  /// Of a rule that compares a number: what the call had, as JSON; empty where it is not known.
  std::string actual;
};

/// The smallest change of a document under which that rule would have let the call pass, all else byte for byte; or, where
/// there is none that a program should make, why and what a person can do. `limit`: `{"window": ..., "max": ...}` members
/// for a tool that is permitted so far and no further, such as `"window": "hour", "max": 10`; empty: none.
std::expected<std::string, std::string> draft_exception(std::string_view document, const Refusal& refusal, std::string_view limit);

/// `10/hour` as members of a limit; nothing where it is no such text.
std::optional<std::string> limit_members(std::string_view text);

}  // namespace doorward::cli
