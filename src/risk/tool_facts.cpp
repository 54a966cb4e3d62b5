#include "risk/tool_facts.h"

namespace doorward::risk {
namespace {

json::Value object_of(json::Value tool, std::string_view key) {
  const json::Value value = tool.find(key);
  return value.is(json::Type::object) ? value : json::Value();
}

}  // namespace

ToolFacts facts_of(std::string_view server, json::Value tool) {
  return {.server = server,
          .name = text_of(tool, "name"),
          .description = text_of(tool, "description"),
          .input_schema = object_of(tool, "inputSchema"),
          .output_schema = object_of(tool, "outputSchema"),
          .annotations = object_of(tool, "annotations")};
}

}  // namespace doorward::risk
