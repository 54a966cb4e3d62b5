#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace doorward::mcp {

/// What happened to one place of a tool's definition.
enum class ChangeKind : std::uint8_t { added, removed, changed };

/// What the place means to a reader.
enum class ChangeOf : std::uint8_t {
  text,        ///< a title or a description, of the tool or of a parameter
  parameter,   ///< a parameter as a whole
  type,        ///< the type of a parameter
  required,    ///< whether a parameter must be given; `name` is the parameter
  values,      ///< what a parameter may be (`enum`), one value
  annotation,  ///< what the server says of the tool's behaviour
  other,
};
std::string_view to_string(ChangeKind kind);
std::string_view to_string(ChangeOf of);

/// A run of words that two texts share, or that only the later (added) or the earlier (removed) has.
struct WordRun {
  enum class Op : std::uint8_t { same, added, removed } op;
  std::string text;
};

struct DefinitionChange {
  ChangeOf of = ChangeOf::other;
  ChangeKind kind = ChangeKind::changed;
  std::string where;   ///< JSON Pointer
  std::string name;    ///< the parameter, the annotation or the member; empty: the tool itself
  std::string before;  ///< JSON; empty where added
  std::string after;   ///< JSON; empty where removed
  std::vector<WordRun> words;  ///< of a text that changed
};

/// What differs between two definitions, nothing left out, in the order of the keys: members by name, `required` and
/// `enum` as sets, texts word by word, other arrays as a whole. Bounded by the size of the definitions; two long texts
/// that share little are shown as one replaced by the other.
std::vector<DefinitionChange> diff_definitions(json::Value before, json::Value after);

/// The words of two texts side by side.
std::vector<WordRun> diff_words(std::string_view before, std::string_view after);

}  // namespace doorward::mcp
