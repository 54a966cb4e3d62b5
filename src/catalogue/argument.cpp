#include "catalogue/argument.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "base/text.h"
#include "json/writer.h"

namespace doorward::catalogue {
namespace {

void append_member(std::string& text, std::string_view name) {
  if (name.find_first_of(".[]\"\\ '") == std::string_view::npos && !name.empty() &&
      std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; })) {
    text += '.';
    text += name;
    return;
  }
  text += '[';
  json::append_string(text, name);
  text += ']';
}

std::optional<TextKind> kind_of_signal(risk::Signal signal) {
  switch (signal) {
    case risk::Signal::accepts_url:
      return TextKind::url;
    case risk::Signal::accepts_path:
      return TextKind::path;
    case risk::Signal::accepts_code:
      return TextKind::code;
    default:
      return std::nullopt;
  }
}

}  // namespace

TextKind text_kind(std::string_view format, std::string_view name) {
  if (format == "uri" || format == "url") return TextKind::url;
  if (format == "email") return TextKind::email;
  if (format == "date" || format == "date-time") return TextKind::date;
  const std::string word = lower(name);
  const auto holds = [&](std::initializer_list<std::string_view> parts) {
    return std::ranges::any_of(parts, [&](std::string_view part) { return word.find(part) != std::string::npos; });
  };
  if (holds({"url", "uri", "href", "endpoint", "webhook"})) return TextKind::url;
  if (holds({"path", "file", "directory", "folder"})) return TextKind::path;
  if (holds({"sql", "query", "command", "script", "code", "statement", "expression"}) || word == "cmd") {
    return TextKind::code;
  }
  return holds({"email"}) ? TextKind::email : TextKind::any;
}

std::vector<Argument> arguments_of(const risk::ToolFacts& tool, std::span<const risk::SignalHit> signals) {
  const risk::Parameters parameters = risk::parameters_of(tool);
  std::vector<Argument> all(parameters.list.size());
  std::vector<bool> inner(parameters.list.size(), false);
  for (std::size_t i = 0; i < parameters.list.size(); ++i) {
    const risk::Parameter& parameter = parameters.list[i];
    Argument& argument = all[i];
    argument.text = "args";
    if (parameter.parent >= 0) {
      const Argument& parent = all[static_cast<std::size_t>(parameter.parent)];
      argument.path = parent.path;
      argument.text = parent.text;
      argument.name = parent.name + ".";
      inner[static_cast<std::size_t>(parameter.parent)] = true;
    }
    argument.path.push_back({policy::Segment::Kind::member, 0, std::string(parameter.name)});
    append_member(argument.text, parameter.name);
    argument.name += parameter.name;
    argument.schema = parameter.schema;
    argument.types = parameter.types;
    argument.choices = parameter.choices;
    if (parameter.types.has(risk::Types::array)) {
      argument.path.push_back({policy::Segment::Kind::each, 0, {}});
      argument.text += "[*]";
      // A value that may also stand there without an array around it is another matter to a path with [*].
      argument.types = parameter.types == risk::Types(risk::Types::array) ? parameter.element_types
                                                                          : risk::Types(risk::Types::array | risk::Types::object);
    }
    argument.kind = text_kind(parameter.format, parameter.name);
    const std::string pointer = risk::pointer_of(tool, parameter);
    for (const risk::SignalHit& hit : signals) {
      const auto kind = kind_of_signal(hit.signal);
      const bool told = pointer == "/description" && hit.words == parameter.name;
      if (!kind || (hit.where != pointer && !hit.where.starts_with(pointer + "/") && !told)) continue;
      if (pointer == "/description" && !told) continue;
      argument.kind = *kind;
      argument.by_signal = true;
      break;
    }
  }
  std::vector<Argument> ends;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!inner[i]) ends.push_back(std::move(all[i]));
  }
  return ends;
}

}  // namespace doorward::catalogue
