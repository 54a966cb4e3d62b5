#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace doorward::clients {

enum class Format : std::uint8_t { jsonc, toml, yaml };

/// A value of a configuration file in any of the formats, with its place. JSON is read as JSONC: with comments, commas
/// behind the last element and a byte-order mark, as the clients themselves do.
struct Node {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  std::string text;           ///< of a string; of a number or boolean its spelling
  std::vector<Node> items;    ///< of an array
  std::vector<Node> members;  ///< of an object, each with its key, in the file's order, equal keys included
  std::string key;            ///< of a member
  std::size_t line = 1;                              ///< from 1
  std::size_t key_line = 1;                          ///< where its key stands, in an object
  /// Byte range of the value, of a member from its key on; both 0 where the tree does not tell: in TOML
  /// (toml_text.h does), and of aliases in YAML.
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t value_begin = 0;  ///< of a member where its value begins; else `begin`

  /// The member that counts: of equal keys the last, as JSON.parse has it. Null where there is none.
  const Node* find(std::string_view name) const;
  /// By a path such as `mcp.servers`, where no member has the whole path as its key.
  const Node* find_path(std::string_view path) const;
  std::string_view string_of(std::string_view name) const;
  bool is(Kind other) const { return kind == other; }
  bool is_true() const { return kind == Kind::boolean && text == "true"; }
  bool is_false() const { return kind == Kind::boolean && text == "false"; }
};

/// The largest file that is read; Claude Code keeps histories in its own.
inline constexpr std::size_t kLargestConfig = 32u << 20;
/// Values of one file in all, aliases of YAML counted as often as they are used.
inline constexpr std::size_t kMostNodes = 1u << 20;

/// Reads a text. `invalid` names the line and column.
Result<Node> read_tree(std::string_view text, Format format);

/// A place in a text, its end excluded.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Of TOML and YAML: the end of a remark that stands on the same line behind an offset, else the offset.
std::size_t remark_end(std::string_view text, std::size_t at);

/// JSONC as JSON of the same length: what JSON does not have is blank, offsets and lines stay.
std::string blank_comments(std::string_view text);

}  // namespace doorward::clients
