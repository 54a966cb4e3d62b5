#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "risk/tool_facts.h"

namespace doorward::risk {

/// A set of JSON types. Empty: any.
class Types {
 public:
  enum Bit : std::uint8_t {
    string = 1,
    integer = 2,
    number = 4,
    boolean = 8,
    object = 16,
    array = 32,
    null = 64
  };

  constexpr Types() = default;
  constexpr explicit Types(unsigned bits) : bits_(static_cast<std::uint8_t>(bits)) {}
  constexpr bool any() const { return bits_ == 0; }
  constexpr bool has(Bit bit) const { return (bits_ & bit) != 0; }
  /// Whether a text may stand there: the type says so, or says nothing.
  constexpr bool may_be_text() const { return any() || has(string); }
  constexpr bool meets(Types other) const { return (bits_ & other.bits_) != 0; }
  constexpr void add(Types more) { bits_ |= more.bits_; }
  friend constexpr bool operator==(Types, Types) = default;

 private:
  std::uint8_t bits_ = 0;
};

/// One parameter of a tool. Views and values are those of the facts that it was read from.
struct Parameter {
  std::string_view name;
  std::string_view description;  ///< of its schema, or what the tool's description says of it
  json::Value at;       ///< its schema where it stands; nothing where the tool's description alone names it
  json::Value schema;   ///< the same, one local `$ref` followed
  Types types;          ///< of `type`, of the variants of a union, of the values of an enum
  Types element_types;  ///< of an array: of its elements
  json::Value choices;  ///< the values of an enum, an array; nothing where there is none
  json::Value default_value;   ///< nothing where there is none
  std::string_view format;     ///< `uri`, `email`, ...; empty: none
  std::string_view told_type;  ///< the type as the tool's description spells it: `str`; empty: it does not
  int parent = -1;             ///< of a member of an object: the place of that object's parameter
  bool required = false;
  bool told = false;  ///< its description, or itself, stands in the description of the tool
};

/// Bounds: what a hostile schema has beyond them is left out, and `cut` says so.
inline constexpr std::size_t kMostParameters = 256;
inline constexpr int kDeepestParameter = 3;  ///< levels of objects in objects, or in arrays of them

struct Parameters {
  std::vector<Parameter> list;  ///< in the order of the schema; an object's members follow it
  std::size_t count = 0;        ///< of the outermost level, those beyond the bounds too
  std::string_view returns;     ///< what the description says of the answer under `Returns:`, or empty
  bool cut = false;             ///< more than the bounds allow
};

/// The parameters of a tool: from its `inputSchema` (`properties`, unions, enums, arrays, local `$ref` one
/// hop), with descriptions from the `Args:` block of its description where the schema has none, and from that
/// block alone where there is no schema. A schema that is a bare map of names to schemas is taken as its
/// `properties`. Linear in the definition, bounded; never follows a `$ref` into another. Any thread.
Parameters parameters_of(const ToolFacts& tool);

/// Where a parameter stands in the tool's definition: `/inputSchema/properties/filter/properties/id`, or
/// `/description` where only that names it.
std::string pointer_of(const ToolFacts& tool, const Parameter& parameter);

/// The type for people: `string`, `string or null`, `array of integer`, `"a" or "b"` (at most eight values);
/// `any` where nothing is said.
std::string type_text(const Parameter& parameter);

/// The default for people, as JSON or as the description words it; empty: none.
std::string default_text(const Parameter& parameter);

/// The members that the tool's `outputSchema` declares, in the same way; empty without one.
Parameters results_of(const ToolFacts& tool);

}  // namespace doorward::risk
