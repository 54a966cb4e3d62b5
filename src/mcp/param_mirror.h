#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "mcp/header_mirror.h"

namespace doorward::mcp {

/// The arguments of a tool that 2026-07-28 repeats in headers `Mcp-Param-<Name>`, as the tool's inputSchema
/// asks with `x-mcp-header`. Immutable; any number of threads.
class ParamMirror {
 public:
  /// From an inputSchema. The reason why the tool must be withheld (T060) if an annotation is no string,
  /// empty, not an HTTP token, the name of a credential header, given twice (case aside), on something other
  /// than one of the types string, integer, boolean, or not reachable from the root through `properties`
  /// alone.
  static std::expected<ParamMirror, std::string> compile(json::Value input_schema);

  bool empty() const { return entries_.empty(); }

  /// Appends a header line with CRLF for each annotated argument that is present, not null, and of a type a
  /// header can carry.
  void append_lines(std::string& out, json::Value arguments) const;

  /// Finds the header of a request by its name (as written below, to be compared without regard to case).
  using Lookup = std::function<Header(std::string_view name)>;
  /// Whether the headers of a client's request agree with its arguments: present exactly where append_lines
  /// would write one, with the same value (integers by value). The first difference as text, or nothing.
  std::optional<std::string> mismatch(json::Value arguments, const Lookup& lookup) const;

 private:
  struct Entry {
    std::vector<std::string> path;  // member by member below the arguments
    std::string header;             // such as Mcp-Param-Region
  };
  static json::Value find(const Entry& entry, json::Value arguments);

  std::vector<Entry> entries_;

  friend class SchemaWalk;
};

}  // namespace doorward::mcp
