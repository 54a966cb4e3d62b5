#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::policy {

/// The operator `path_under` (policy.md section 4): absolute POSIX paths, compared by bytes and by segment.
/// Text only: links on a disk are not seen.
class Directories {
 public:
  /// Adds a directory of the document. Fails with one clause where the operator could not read it as a path.
  std::expected<void, std::string> add(std::string_view directory);

  /// Whether `path` is one of the directories or below it; nothing (an error) where the path is ambiguous:
  /// relative, a `..` segment, `%` with two hex digits, a backslash or a control character. Allocates
  /// nothing.
  std::optional<bool> holds(std::string_view path) const;

 private:
  std::vector<std::string> directories_;  // normal form: "" for the root, else "/a/b"
};

}  // namespace doorward::policy
