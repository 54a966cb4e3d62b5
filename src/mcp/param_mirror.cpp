#include "mcp/param_mirror.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "json/decimal.h"

namespace doorward::mcp {

namespace {

using json::Type;
using json::Value;

constexpr std::string_view kAnnotation = "x-mcp-header";
constexpr std::string_view kPrefix = "Mcp-Param-";

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool names_credential(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"authorization", "proxy-authorization", "cookie",
                                                      "set-cookie"};
  return std::any_of(kNames.begin(), kNames.end(), [name](std::string_view n) { return equal_ignoring_case(name, n); });
}

bool among(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// What a header says of an argument. Nothing if there is no such argument, it is null, or no header can carry
// its type; then the header is left out.
std::optional<std::string> header_text(Value value) {
  if (!value) return std::nullopt;
  switch (value.type()) {
    case Type::string:
      return std::string(value.string());
    case Type::boolean:
      return value.boolean() ? "true" : "false";
    case Type::number:
      if (const auto integer = json::Decimal(value.number()).to_integer()) return std::to_string(*integer);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

bool agrees(std::string_view header, Value value, std::string_view text) {
  if (header == text) return true;
  const auto number = value.is(Type::number) ? json::Decimal::parse(header) : std::nullopt;
  return number && number->in_range() && *number == json::Decimal(value.number());
}

}  // namespace

/// Visits every subschema. Recurses as deep as the schema is nested, which the Reader bounds.
class SchemaWalk {
 public:
  explicit SchemaWalk(ParamMirror& mirror) : mirror_(mirror) {}

  /// `reachable`: `properties` alone led here from the root. False: `reason` says why the tool is withheld.
  bool visit(Value schema, bool reachable) {
    for (const json::Member member : schema.members()) {
      const std::string_view key = member.key.string();
      if (key == kAnnotation) {
        if (!annotation(schema, member.value, reachable)) return false;
      } else if (key == "properties") {
        if (!visit_named(member.value, reachable)) return false;
      } else if (among(key,
                       {"patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"})) {
        if (!visit_named(member.value, false)) return false;
      } else if (!among(key, {"default", "const", "enum", "examples"})) {  // these hold data, not schemas
        if (!visit(member.value, false)) return false;
        for (const Value element : member.value.elements()) {
          if (!visit(element, false)) return false;
        }
      }
    }
    return true;
  }

  std::string reason;

 private:
  bool visit_named(Value schemas, bool reachable) {
    for (const json::Member member : schemas.members()) {
      path_.emplace_back(member.key.string());
      const bool good = visit(member.value, reachable);
      path_.pop_back();
      if (!good) return false;
    }
    return true;
  }

  bool annotation(Value schema, Value name, bool reachable) {
    const auto withhold = [this](std::string why) {
      reason = std::string(kAnnotation) + " " + std::move(why);
      return false;
    };
    if (!name.is(Type::string)) return withhold("is not a string");
    if (!is_token(name.string())) return withhold("is not an HTTP token");
    if (names_credential(name.string())) return withhold("names a header that carries credentials");
    if (!reachable || path_.empty()) return withhold("is not reachable through properties alone");
    const Value type = schema.find("type");
    if (!type.is(Type::string) || !among(type.string(), {"string", "integer", "boolean"})) {
      return withhold("stands on something other than a string, an integer or a boolean");
    }
    std::string header(kPrefix);
    header += name.string();
    for (const ParamMirror::Entry& entry : mirror_.entries_) {
      if (equal_ignoring_case(entry.header, header)) return withhold("is given twice");
    }
    mirror_.entries_.push_back({path_, std::move(header)});
    return true;
  }

  ParamMirror& mirror_;
  std::vector<std::string> path_;
};

std::expected<ParamMirror, std::string> ParamMirror::compile(Value input_schema) {
  ParamMirror mirror;
  SchemaWalk walk(mirror);
  if (!walk.visit(input_schema, true)) return std::unexpected(std::move(walk.reason));
  return mirror;
}

Value ParamMirror::find(const Entry& entry, Value arguments) {
  Value value = arguments;
  for (const std::string& key : entry.path) value = value.find(key);
  return value;
}

void ParamMirror::append_lines(std::string& out, Value arguments) const {
  for (const Entry& entry : entries_) {
    const auto text = header_text(find(entry, arguments));
    if (!text) continue;
    out.append(entry.header).append(": ");
    append_header_value(out, *text);
    out += "\r\n";
  }
}

std::optional<std::string> ParamMirror::mismatch(Value arguments, const Lookup& lookup) const {
  for (const Entry& entry : entries_) {
    const Value value = find(entry, arguments);
    const auto text = header_text(value);
    const Header header = lookup(entry.header);
    if (!text) {
      if (header.count != 0) return "The header " + entry.header + " stands for no argument.";
      continue;
    }
    if (header.count == 0) return "The header " + entry.header + " is missing.";
    if (header.count > 1) return "The header " + entry.header + " stands there more than once.";
    std::string scratch;
    const auto said = decode_header_value(header.value, scratch);
    if (!said || !agrees(*said, value, *text))
      return "The header " + entry.header + " does not match the body.";
  }
  return std::nullopt;
}

}  // namespace doorward::mcp
