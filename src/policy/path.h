#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::policy {

/// Where a path starts (policy.md section 4).
enum class Root : std::uint8_t {
  args,
  tool_name,
  tool_category,
  tool_server,
  grant_label,
  grant_labels,
  identity,
  time_hour,
  time_weekday,
};

/// One step from a value to another.
struct Segment {
  enum class Kind : std::uint8_t { member, index, each };
  Kind kind = Kind::member;
  std::uint32_t index = 0;  ///< of an array; 2^32 - 1 stands for anything larger
  std::string name;         ///< of a member, unescaped
};

/// A path of the policy language, parsed once at load.
struct Path {
  std::string text;  ///< as the document spells it
  Root root = Root::args;
  std::string label;              ///< the key of `grant.labels.<key>`
  std::vector<Segment> segments;  ///< behind the root; only under `args` and `identity`
  bool each = false;              ///< has a `[*]`
};

struct PathError {
  std::string message;  ///< one clause
  std::string suggestion;
};

/// Reads a path by the grammar of policy.md section 4: a root, then one or more of `.name`, `["JSON
/// string"]`,
/// `[index]`, `[*]`.
std::expected<Path, PathError> parse_path(std::string_view text);

}  // namespace doorward::policy
