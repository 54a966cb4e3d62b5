#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clients/edit_format.h"

namespace doorward::clients {

/// One header, or one key with its value, of a TOML text that is valid.
struct TomlStatement {
  bool header = false;
  bool inline_value = false;  ///< its value is a table in braces
  KeyPath path;               ///< from the root; of a header its table
  std::size_t depth = 0;      ///< of a pair: how many words of the path are its table's
  std::size_t begin = 0;      ///< of the key or the bracket
  std::size_t value_begin = 0;
  std::size_t end = 0;  ///< behind the value or the bracket
};

/// The statements of a text in its order. What is not TOML gives what could be read before it.
std::vector<TomlStatement> toml_statements(std::string_view text);

/// The pairs of a table in braces, its brace standing at `open`; paths as the keys say it.
std::vector<TomlStatement> toml_inline_pairs(std::string_view text, std::size_t open);

/// Where each member of a table stands, from its first statement to the end of its last, where nothing else stands
/// between them.
std::map<std::string, Span> toml_members(std::string_view text, const KeyPath& table);

/// Whether a path begins with another.
bool has_prefix(const KeyPath& path, const KeyPath& prefix);

}  // namespace doorward::clients
