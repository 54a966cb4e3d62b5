#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/path.h"
#include "risk/parameter.h"
#include "risk/signal.h"

namespace doorward::catalogue {

/// What texts a parameter takes.
enum class TextKind : std::uint8_t { any, url, path, code, email, date };

/// A parameter at the end of a tool's arguments, as policies and calls reach it: no object, or one of which nothing is
/// known. The values are those of the tool's facts.
struct Argument {
  std::vector<policy::Segment> path;  ///< `[*]` where it is, or stands in, an array
  std::string text;                   ///< the path as policies spell it: `args.filter.path`, `args.urls[*]`
  std::string name;                   ///< for people: `filter.path`
  json::Value schema;                 ///< nothing where only the tool's description names it
  risk::Types types;                  ///< what may stand there
  json::Value choices;                ///< of an enumeration, or nothing
  TextKind kind = TextKind::any;
  bool by_signal = false;  ///< a signal says so; else its format or its name
};

/// Those that a definition names. `signals` are the tool's.
std::vector<Argument> arguments_of(const risk::ToolFacts& tool, std::span<const risk::SignalHit> signals);

/// By format and name alone.
TextKind text_kind(std::string_view format, std::string_view name);

}  // namespace doorward::catalogue
