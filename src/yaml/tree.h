#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::yaml {

struct Entry;

/// One node of a YAML document in the narrow dialect that Doorward reads: mappings with string keys,
/// sequences, scalars; no anchors, aliases, tags or merge keys, one document a file.
struct Node {
  enum class Kind : std::uint8_t { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  bool quoted = false;  ///< scalar: written in quotes or as a block, so always a string
  std::size_t line = 1;
  std::size_t column = 1;      ///< both count from 1; columns count bytes
  std::string text;            ///< scalar: its content
  std::vector<Node> items;     ///< sequence
  std::vector<Entry> entries;  ///< mapping, in the order of the file

  /// The value of a key; nullptr if absent or if this is no mapping.
  const Node* find(std::string_view key) const;

  /// What a scalar that is not quoted looks like: JSON's `true` and `false`, JSON's numbers. All else is a
  /// string, `yes`, `on`, `0x10` and `1_000` included.
  bool is_boolean() const;
  bool is_number() const;
};

struct Entry {
  std::string key;
  std::size_t line = 1;
  std::size_t column = 1;
  Node value;
};

inline constexpr std::size_t kMostBytes = 4u << 20;  ///< of one file; a longer one is refused
inline constexpr std::size_t kMostDepth = 32;        ///< of nested mappings and sequences

/// Why and where a text was refused. Line and column count from 1; 0 is the text as a whole.
struct ReadError {
  std::size_t line = 0;
  std::size_t column = 0;
  std::string message;  ///< the cause and the next step
};

/// Reads the one document of a YAML text. Refused: a duplicate key, anchor, alias, tag, merge key, a key that
/// is no scalar, a second document, invalid UTF-8, a byte-order mark, a control character, and what exceeds
/// the bounds. An empty text is a null node.
std::expected<Node, ReadError> read(std::string_view text);

/// The same values as JSON text: how a policy in the older YAML dialect reaches the translator of policy/.
std::string to_json(const Node& node);

}  // namespace doorward::yaml
