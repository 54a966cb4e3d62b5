#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr std::string_view kListMembers = R"({
  "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 30},
  "cursor": {"type": "string", "maxLength": 512},
  "search": {"type": "string", "description": "a part of the name"},
  "updated_since": {"type": "string", "format": "date-time"},
  "version": {"type": "string", "description": "`latest`, which is all there is, or an exact version"},
  "include_deleted": {"type": "string", "enum": ["true", "false"]}})";
constexpr std::string_view kShowMembers = R"({"slug": {"type": "string"}})";
constexpr std::string_view kListText =
    "The servers of the catalogue in the form of the official MCP registry, page by page: the next page is "
    "asked for with "
    "`nextCursor` as `cursor`.";
constexpr std::string_view kShowText =
    "A server in that form, and beside it its grade with the reasons, who publishes it, how it is reached, "
    "and its tools "
    "with the rule that we recommend for each, the riskiest first. `slug`: its slug, or a name that it alone "
    "has.";

constexpr Route kRoutes[] = {
    {.op = "registry.list",
     .verb = Verb::get,
     .path = "/v0/servers",
     .text = kListText,
     .members = kListMembers,
     .result = "RegistryList"},
    {.op = "registry.show",
     .verb = Verb::get,
     .path = "/v0/servers/{slug}",
     .text = kShowText,
     .members = kShowMembers,
     .result = "RegistryRecord"},
    {.op = "registry.v01_list",
     .verb = Verb::get,
     .path = "/v0.1/servers",
     .text = "The same under the later version of that API.",
     .members = kListMembers,
     .result = "RegistryList"},
    {.op = "registry.v01_show",
     .verb = Verb::get,
     .path = "/v0.1/servers/{slug}",
     .text = "The same under the later version of that API.",
     .members = kShowMembers,
     .result = "RegistryRecord"},
};

constexpr std::string_view kSchemas = R"({
  "RegistryServer": {
    "type": "object",
    "required": ["name", "description", "version"],
    "properties": {
      "name": {"type": "string", "pattern": "^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$"},
      "title": {"type": "string"},
      "description": {"type": "string", "maxLength": 100},
      "version": {"type": "string"},
      "repository": {"type": "object", "required": ["url", "source"]},
      "websiteUrl": {"type": "string"},
      "packages": {"type": "array", "items": {"type": "object", "required": ["registryType", "identifier", "transport"]}},
      "remotes": {"type": "array", "items": {"type": "object", "required": ["type", "url"]}}
    },
    "additionalProperties": false
  },
  "RegistryMeta": {"type": "object", "required": ["io.modelcontextprotocol.registry/official", "dev.doorward/record"]},
  "RegistryList": {
    "type": "object",
    "required": ["servers", "metadata"],
    "properties": {
      "servers": {"type": "array", "items": {
        "type": "object",
        "required": ["server", "_meta"],
        "properties": {"server": {"$ref": "#/components/schemas/RegistryServer"}, "_meta": {"$ref": "#/components/schemas/RegistryMeta"}},
        "additionalProperties": false
      }},
      "metadata": {"type": "object", "required": ["count"],
        "properties": {"count": {"type": "integer"}, "nextCursor": {"type": "string"}}, "additionalProperties": false}
    },
    "additionalProperties": false
  },
  "RegistryRecord": {
    "type": "object",
    "required": ["slug", "grade", "gradeReasons", "identity", "posture", "toolCount", "tools", "server", "_meta"],
    "properties": {
      "slug": {"type": "string", "pattern": "^[a-z0-9-]{1,100}$"},
      "grade": {"enum": ["A", "B", "C", "D", "E", "F"]},
      "gradeReasons": {"type": "array", "items": {"type": "object", "required": ["points", "what", "atBest"],
        "properties": {"points": {"type": "integer"}, "what": {"type": "string"}, "atBest": {"enum": ["A", "B", "C", "D", "E", "F"]}},
        "additionalProperties": false}},
      "identity": {"type": "object", "required": ["verification", "confidence", "why"],
        "properties": {"verification": {"enum": ["none", "listed", "verified", "contradicted"]},
          "confidence": {"type": "number", "minimum": 0, "maximum": 1}, "why": {"type": "string"}},
        "additionalProperties": false},
      "posture": {"type": "object", "required": ["auth", "rateLimited"],
        "properties": {"auth": {"type": "string"}, "rateLimited": {"type": "boolean"}}, "additionalProperties": false},
      "toolCount": {"type": "integer"},
      "tools": {"type": "array", "items": {"type": "object",
        "required": ["name", "category", "severity", "signals", "recommendedPolicy"],
        "properties": {
          "name": {"type": "string"},
          "category": {"enum": ["Read", "Write", "Execute", "Destructive", "Financial", "Other"]},
          "severity": {"enum": ["low", "medium", "high", "critical"]},
          "signals": {"type": "array", "items": {"type": "string"}},
          "recommendedPolicy": {"type": "object", "required": ["version"]}},
        "additionalProperties": false}},
      "server": {"$ref": "#/components/schemas/RegistryServer"},
      "_meta": {"$ref": "#/components/schemas/RegistryMeta"}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kRegistryRoutes{"Registry", kRoutes, kSchemas};

}  // namespace doorward::admin
