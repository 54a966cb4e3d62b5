#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/edit.h"
#include "clients/tree.h"

namespace doorward::clients {

/// How a file is written.
struct TextStyle {
  std::string newline = "\n";
  std::string indent = "  ";  ///< of one level
};
TextStyle style_of(std::string_view text);

/// The offset of the line on which an offset lies; its indentation; whether nothing but that stands before the offset.
std::size_t line_start(std::string_view text, std::size_t at);
std::string indent_at(std::string_view text, std::size_t at);
bool begins_line(std::string_view text, std::size_t at);
/// The offset behind the line's end, the newline included.
std::size_t line_end(std::string_view text, std::size_t at);

/// Without these whole lines; where the last of the file has no end, the one before it has none, either.
std::string without_lines(std::string_view text, Span lines);

std::string with_span(std::string_view text, Span span, std::string_view bytes);

/// A string as JSON spells it, but with DEL, which TOML and YAML forbid and JSON does not, as `del`.
std::string json_string(std::string_view text, std::string_view del);

/// What each format can do. The text is readable; `object` is there unless a function says otherwise. What cannot be
/// done safely is `invalid`.
class FormatEditor {
 public:
  virtual ~FormatEditor() = default;
  /// Gives a member another value, in its place.
  virtual Result<std::string> set(std::string_view text, const KeyPath& object, const Node& member) const = 0;
  /// Adds a member: before the one of the key `before`, which is there; last where that is empty. The object may be
  /// missing.
  virtual Result<std::string> insert(std::string_view text, const KeyPath& object, const Node& member,
                                     std::string_view before) const = 0;
  virtual Result<std::string> drop(std::string_view text, const KeyPath& object, const std::string& key) const = 0;
  /// The places of a member in the file's order; more than one only in TOML.
  virtual Result<std::vector<Span>> spans(std::string_view text, const KeyPath& member) const = 0;
};

const FormatEditor& json_editor();
const FormatEditor& toml_editor();
const FormatEditor& yaml_editor();

}  // namespace doorward::clients
