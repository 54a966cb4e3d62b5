#include "mcp/tool_definition.h"

#include <algorithm>
#include <array>
#include <vector>

#include "json/writer.h"

namespace doorward::mcp {
namespace {

using json::Type;
using json::Value;

constexpr std::string_view kExecution = "execution";

bool says_task_support_only(Value execution) {
  if (!execution.is(Type::object) || execution.size() > 1) return false;
  if (execution.size() == 0) return true;
  const Value support = execution.find("taskSupport");
  return support.is(Type::string) && (support.string() == "forbidden" || support.string() == "optional" ||
                                      support.string() == "required");
}

bool is_known_dialect(std::string_view uri) {
  if (uri.ends_with('#')) uri.remove_suffix(1);
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!uri.starts_with(scheme)) continue;
    uri.remove_prefix(scheme.size());
    constexpr std::array<std::string_view, 5> kDialects = {
        "json-schema.org/draft/2020-12/schema", "json-schema.org/draft/2019-09/schema",
        "json-schema.org/draft-07/schema", "json-schema.org/draft-06/schema", "json-schema.org/draft-04/schema"};
    return std::ranges::find(kDialects, uri) != kDialects.end();
  }
  return false;
}

}  // namespace

void append_definition(Value tool, json::Canonical& canonical, std::string& out) {
  const Value execution = tool.find(kExecution);
  if (!says_task_support_only(execution)) return canonical.append(tool, out);
  std::vector<json::Member> members;
  for (const json::Member member : tool.members()) {
    if (member.value != execution) members.push_back(member);
  }
  std::ranges::sort(members, {}, [](const json::Member& member) { return member.key.string(); });
  out += '{';
  for (const json::Member& member : members) {
    if (&member != &members.front()) out += ',';
    json::append_string(out, member.key.string());
    out += ':';
    canonical.append(member.value, out);
  }
  out += '}';
}

std::optional<std::string> flaw_of_definition(Value tool) {
  if (tool.end_offset() - tool.begin_offset() > kLargestDefinition) {
    return "its definition is longer than " + std::to_string(kLargestDefinition >> 10) + " KiB";
  }
  const Value schema = tool.find("inputSchema");
  if (!schema) return "it has no inputSchema";
  if (!schema.is(Type::object)) return "its inputSchema is no object";
  const Value type = schema.find("type");
  if (type && (!type.is(Type::string) || type.string() != "object")) {
    return "its inputSchema is not of the type object";
  }
  const Value dialect = schema.find("$schema");
  if (dialect && (!dialect.is(Type::string) || !is_known_dialect(dialect.string()))) {
    return "its inputSchema is written in a dialect of JSON Schema that is not known";
  }
  return std::nullopt;
}

}  // namespace doorward::mcp
