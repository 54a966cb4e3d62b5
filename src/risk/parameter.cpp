#include "risk/parameter.h"

#include <algorithm>
#include <array>

#include "json/canonical.h"
#include "json/pointer.h"
#include "risk/argument_text.h"

namespace doorward::risk {
namespace {

constexpr std::size_t kMostVariants = 16;
/// Of one schema, and of `$defs`: what stands behind is not looked at, so that no schema that many refer to
/// costs much.
constexpr std::size_t kMostMembers = 256;
constexpr std::size_t kMostChoices = 64;
constexpr std::size_t kShownChoices = 8;

struct TypeName {
  std::string_view name;
  Types::Bit bit;
};
constexpr std::array kTypeNames = {TypeName{"string", Types::string}, TypeName{"integer", Types::integer},
                                   TypeName{"number", Types::number}, TypeName{"boolean", Types::boolean},
                                   TypeName{"object", Types::object}, TypeName{"array", Types::array},
                                   TypeName{"null", Types::null}};

Types type_named(std::string_view name) {
  const auto* const row = std::ranges::find(kTypeNames, name, &TypeName::name);
  return row == kTypeNames.end() ? Types() : Types(row->bit);
}

Types type_of(json::Value value) {
  switch (value.type()) {
    case json::Type::null:
      return Types(Types::null);
    case json::Type::boolean:
      return Types(Types::boolean);
    case json::Type::number:
      return Types(Types::number);
    case json::Type::string:
      return Types(Types::string);
    case json::Type::array:
      return Types(Types::array);
    case json::Type::object:
      break;
  }
  return Types(Types::object);
}

/// The members of a schema that say what it is, found in one pass.
struct Keywords {
  json::Value type, description, choices, constant, default_value, format, properties, required, items, ref;
  std::array<json::Value, 3> unions;  ///< `anyOf`, `oneOf`, `allOf`
};

Keywords keywords_of(json::Value schema) {
  Keywords found;
  std::size_t seen = 0;
  for (const json::Member member : schema.members()) {
    if (++seen > kMostMembers) break;
    const std::string_view key = member.key.string();
    if (key == "type")
      found.type = member.value;
    else if (key == "description")
      found.description = member.value;
    else if (key == "enum")
      found.choices = member.value;
    else if (key == "const")
      found.constant = member.value;
    else if (key == "default")
      found.default_value = member.value;
    else if (key == "format")
      found.format = member.value;
    else if (key == "properties")
      found.properties = member.value;
    else if (key == "required")
      found.required = member.value;
    else if (key == "items")
      found.items = member.value;
    else if (key == "$ref")
      found.ref = member.value;
    else if (key == "anyOf")
      found.unions[0] = member.value;
    else if (key == "oneOf")
      found.unions[1] = member.value;
    else if (key == "allOf")
      found.unions[2] = member.value;
  }
  return found;
}

json::Value member_of(json::Value object, std::string_view key) {
  std::size_t seen = 0;
  for (const json::Member member : object.members()) {
    if (++seen > kMostMembers) break;
    if (member.key.string() == key) return member.value;
  }
  return {};
}

std::string_view string_or_empty(json::Value value) {
  return value.is(json::Type::string) ? value.string() : std::string_view();
}

Types types_of(const Keywords& schema) {
  Types types = type_named(string_or_empty(schema.type));
  std::size_t seen = 0;
  for (const json::Value name : schema.type.elements()) {
    if (++seen > kMostVariants) break;
    types.add(type_named(string_or_empty(name)));
  }
  if (!types.any()) return types;
  seen = 0;
  for (const json::Value choice : schema.choices.elements()) {
    if (++seen > kMostChoices) break;
    types.add(type_of(choice));
  }
  if (schema.constant) types.add(type_of(schema.constant));
  return types;
}

class SchemaReading {
 public:
  SchemaReading(json::Value root, Parameters& into) : root_(root), into_(into) {}

  void read() {
    const Keywords root = keywords_of(resolved(root_));
    json::Value properties = root.properties;
    if (!properties && is_bare_map()) properties = root_;
    into_.count = properties.is(json::Type::object) ? properties.size() : 0;
    read_properties(properties, root.required, -1, 1);
    if (properties) return;
    for (const json::Value branch : root.unions) {
      std::size_t seen = 0;
      for (const json::Value variant : branch.elements()) {
        if (++seen > kMostVariants) break;
        const Keywords part = keywords_of(resolved(variant));
        into_.count += part.properties.is(json::Type::object) ? part.properties.size() : 0;
        read_properties(part.properties, json::Value(), -1, 1);
      }
    }
  }

 private:
  /// `{"query": {"type": "string"}}` without any word of JSON Schema around it.
  bool is_bare_map() const {
    const Keywords root = keywords_of(root_);
    if (!root_.is(json::Type::object) || root_.size() == 0 || string_or_empty(root.type) != "" || root.ref ||
        std::ranges::any_of(root.unions, [](json::Value u) { return u.is(json::Type::array); })) {
      return false;
    }
    for (const json::Member member : root_.members()) {
      if (!member.value.find("type")) return false;
    }
    return true;
  }

  json::Value resolved(json::Value schema) const {
    const std::string_view ref = string_or_empty(member_of(schema, "$ref"));
    if (ref.empty()) return schema;
    for (const std::string_view home : {std::string_view("$defs"), std::string_view("definitions")}) {
      if (ref.size() > home.size() + 3 && ref.starts_with("#/") && ref.substr(2).starts_with(home) &&
          ref[home.size() + 2] == '/') {
        const json::Value target = member_of(member_of(root_, home), ref.substr(home.size() + 3));
        if (target.is(json::Type::object)) return target;
      }
    }
    return schema;
  }

  void read_properties(json::Value properties, json::Value required, int parent, int level) {
    for (const json::Member member : properties.members()) {
      if (into_.list.size() == kMostParameters) {
        into_.cut = true;
        return;
      }
      const int place = add(member.key.string(), member.value, parent);
      into_.list.back().required = is_required(required, member.key.string());
      if (level < kDeepestParameter) read_inside(into_.list.back().schema, place, level + 1);
    }
  }

  static bool is_required(json::Value required, std::string_view name) {
    std::size_t seen = 0;
    for (const json::Value element : required.elements()) {
      if (++seen > kMostParameters) break;
      if (string_or_empty(element) == name) return true;
    }
    return false;
  }

  int add(std::string_view name, json::Value at, int parent) {
    Parameter parameter;
    parameter.name = name;
    parameter.at = at;
    parameter.parent = parent;
    parameter.schema = resolved(at);
    const Keywords own = keywords_of(at);
    const Keywords schema = parameter.schema == at ? own : keywords_of(parameter.schema);
    parameter.description = string_or_empty(own.description);
    if (parameter.description.empty()) parameter.description = string_or_empty(schema.description);
    parameter.types = types_of(schema);
    parameter.format = string_or_empty(schema.format);
    parameter.default_value = own.default_value ? own.default_value : schema.default_value;
    if (schema.choices.is(json::Type::array)) parameter.choices = schema.choices;
    take_elements(schema, parameter);
    for (const json::Value branch : schema.unions) {
      std::size_t seen = 0;
      for (const json::Value variant : branch.elements()) {
        if (++seen > kMostVariants) break;
        const Keywords part = keywords_of(resolved(variant));
        parameter.types.add(types_of(part));
        if (parameter.description.empty()) parameter.description = string_or_empty(part.description);
        if (parameter.format.empty()) parameter.format = string_or_empty(part.format);
        if (!parameter.choices && part.choices.is(json::Type::array)) parameter.choices = part.choices;
        take_elements(part, parameter);
      }
    }
    into_.list.push_back(parameter);
    return static_cast<int>(into_.list.size()) - 1;
  }

  void take_elements(const Keywords& schema, Parameter& parameter) const {
    if (!schema.items.is(json::Type::object)) return;
    const Keywords element = keywords_of(resolved(schema.items));
    parameter.element_types.add(types_of(element));
    if (!parameter.choices && element.choices.is(json::Type::array)) parameter.choices = element.choices;
  }

  /// The members of an object, of the elements of an array, and of the variants of a union.
  void read_inside(json::Value schema, int place, int level) {
    const Keywords own = keywords_of(schema);
    read_properties(own.properties, own.required, place, level);
    if (own.items.is(json::Type::object)) {
      const Keywords element = keywords_of(resolved(own.items));
      read_properties(element.properties, element.required, place, level);
    }
    for (const json::Value branch : own.unions) {
      std::size_t seen = 0;
      for (const json::Value variant : branch.elements()) {
        if (++seen > kMostVariants) break;
        const Keywords part = keywords_of(resolved(variant));
        read_properties(part.properties, part.required, place, level);
      }
    }
  }

  json::Value root_;
  Parameters& into_;
};

void add_told(const ToldArguments& told, Parameters& parameters) {
  parameters.returns = told.returns;
  if (parameters.list.empty() && parameters.count == 0) {
    for (const ToldArgument& argument : told.arguments) {
      Parameter parameter;
      parameter.name = argument.name;
      parameter.description = argument.text;
      parameter.told_type = argument.type;
      parameter.told = true;
      parameters.list.push_back(parameter);
    }
    parameters.count = parameters.list.size();
    return;
  }
  for (const ToldArgument& argument : told.arguments) {
    const auto same = [&](const Parameter& parameter) {
      return parameter.parent < 0 && parameter.description.empty() && parameter.name == argument.name;
    };
    const auto parameter = std::ranges::find_if(parameters.list, same);
    if (parameter == parameters.list.end()) continue;
    parameter->description = argument.text;
    parameter->told_type = argument.type;
    parameter->told = true;
  }
}

void append_json(std::string& out, json::Value value) {
  json::Canonical().append(value, out);
}

std::string names_of(Types types) {
  std::string text;
  for (const TypeName& row : kTypeNames) {
    if (types.has(row.bit)) text.append(text.empty() ? "" : " or ").append(row.name);
  }
  return text.empty() ? "any" : text;
}

}  // namespace

Parameters parameters_of(const ToolFacts& tool) {
  Parameters parameters;
  SchemaReading(tool.input_schema, parameters).read();
  add_told(told_arguments(tool.description), parameters);
  return parameters;
}

Parameters results_of(const ToolFacts& tool) {
  Parameters results;
  SchemaReading(tool.output_schema, results).read();
  return results;
}

std::string pointer_of(const ToolFacts& tool, const Parameter& parameter) {
  if (!parameter.at) return "/description";
  return "/inputSchema" + json::pointer_to(tool.input_schema, parameter.at);
}

std::string type_text(const Parameter& parameter) {
  if (parameter.choices && parameter.choices.size() > 0 && parameter.choices.size() <= kShownChoices) {
    std::string text;
    for (const json::Value choice : parameter.choices.elements()) {
      if (!text.empty()) text += " or ";
      append_json(text, choice);
    }
    return parameter.types.has(Types::array) ? "array of " + text : text;
  }
  if (parameter.types.any() && !parameter.told_type.empty()) return std::string(parameter.told_type);
  std::string text = names_of(parameter.types);
  if (parameter.types == Types(Types::array) && !parameter.element_types.any())
    text += " of " + names_of(parameter.element_types);
  return text;
}

std::string default_text(const Parameter& parameter) {
  std::string text;
  if (parameter.default_value) {
    append_json(text, parameter.default_value);
    return text;
  }
  return std::string(told_default(parameter.description));
}

}  // namespace doorward::risk
