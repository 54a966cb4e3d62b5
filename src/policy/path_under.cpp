#include "policy/path_under.h"

#include <cstddef>

#include "base/text.h"


namespace doorward::policy {
namespace {

/// The segments of a path, without empty ones and `.`.
class Segments {
 public:
  explicit Segments(std::string_view path) : rest_(path) {}

  /// The next segment, or an empty view at the end.
  std::string_view next() {
    while (!rest_.empty()) {
      const std::size_t slash = rest_.find('/');
      const std::string_view segment = rest_.substr(0, slash);
      rest_.remove_prefix(slash == std::string_view::npos ? rest_.size() : slash + 1);
      if (!segment.empty() && segment != ".") return segment;
    }
    return {};
  }

 private:
  std::string_view rest_;
};

/// Why a path is ambiguous, or an empty view.
std::string_view ambiguity(std::string_view path) {
  if (!path.starts_with('/')) return "it is no absolute path";
  if (holds_control(path)) return "it holds a control character";
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\') return "it holds a backslash";
    if (path[i] == '%' && i + 2 < path.size() && is_hex(path[i + 1]) && is_hex(path[i + 2])) {
      return "it holds a percent escape";
    }
  }
  Segments segments(path);
  for (std::string_view segment = segments.next(); !segment.empty(); segment = segments.next()) {
    if (segment == "..") return "it holds a .. segment";
  }
  return {};
}

}  // namespace

std::expected<void, std::string> Directories::add(std::string_view directory) {
  if (const std::string_view why = ambiguity(directory); !why.empty())
    return std::unexpected(std::string(why));
  std::string normal;
  Segments segments(directory);
  for (std::string_view segment = segments.next(); !segment.empty(); segment = segments.next()) {
    normal += '/';
    normal += segment;
  }
  directories_.push_back(std::move(normal));
  return {};
}

std::optional<bool> Directories::holds(std::string_view path) const {
  if (!ambiguity(path).empty()) return std::nullopt;
  for (const std::string& directory : directories_) {
    Segments wanted(directory);
    Segments found(path);
    std::string_view segment = wanted.next();
    while (!segment.empty() && segment == found.next()) segment = wanted.next();
    if (segment.empty()) return true;
  }
  return false;
}

}  // namespace doorward::policy
