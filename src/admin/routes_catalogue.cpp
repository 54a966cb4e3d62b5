#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "catalogue.search",
     .verb = Verb::get,
     .path = "/api/v1/catalogue",
     .text = "Tools or servers of the catalogue. Every word of `query` must occur, by its beginning, in a name or a "
             "description; whole names come first, then names, then descriptions, and of equals the riskier. `severity` "
             "is the least that counts. `found` ends at 10,000.",
     .members = R"({"query": {"type": "string"},
                    "of": {"type": "string", "enum": ["tools", "servers"], "default": "tools"},
                    "server": {"type": "string", "description": "a slug, or the name of a server behind the gateway"},
                    "category": {"type": "string", "enum": ["Read", "Write", "Execute", "Destructive", "Financial", "Other"]},
                    "severity": {"type": "string", "enum": ["low", "medium", "high", "critical"]},
                    "signal": {"type": "string"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
                    "cursor": {"type": "string", "maxLength": 512}})",
     .result = "CatalogueFound"},
    {.op = "catalogue.drift",
     .verb = Verb::get,
     .path = "/api/v1/catalogue/drift",
     .text = "What changed in servers since the last review, worst first.",
     .members = R"({"server": {"type": "string"}})",
     .result = "CatalogueDrift"},
    {.op = "catalogue.counts",
     .verb = Verb::get,
     .path = "/api/v1/catalogue/counts",
     .text = "How many servers and tools the catalogue knows, by category and severity.",
     .members = "{}",
     .result = "CatalogueCounts"},
    {.op = "catalogue.server",
     .verb = Verb::get,
     .path = "/api/v1/catalogue/servers/{server}",
     .text = "A server of the catalogue with its tools, riskiest first. `server`: its slug, its name in the gateway, or a "
             "name that it alone has.",
     .members = R"({"server": {"type": "string"}})",
     .result = "CatalogueServer"},
    {.op = "catalogue.tool",
     .verb = Verb::get,
     .path = "/api/v1/catalogue/servers/{server}/tools/{tool}",
     .text = "A tool of a server: what it is and the words that decided it, its definition, and earlier ones.",
     .members = R"({"server": {"type": "string"}, "tool": {"type": "string"}})",
     .result = "CatalogueTool"},
    {.op = "catalogue.override",
     .verb = Verb::put,
     .path = "/api/v1/catalogue/servers/{server}/tools/{tool}/override",
     .text = "Says what a tool is in place of the rules, with the reason; it stays when the rules change. Of a server "
             "behind the gateway, policies go by it from the next call on.",
     .members = R"({"server": {"type": "string"}, "tool": {"type": "string"},
                    "category": {"type": "string", "enum": ["Read", "Write", "Execute", "Destructive", "Financial", "Other"]},
                    "severity": {"type": "string", "enum": ["low", "medium", "high", "critical"]},
                    "reason!": {"type": "string", "minLength": 1, "maxLength": 1000}})",
     .result = "CatalogueTool"},
    {.op = "catalogue.unoverride",
     .verb = Verb::del,
     .path = "/api/v1/catalogue/servers/{server}/tools/{tool}/override",
     .text = "Takes back what a person said of a tool; the rules say again.",
     .members = R"({"server": {"type": "string"}, "tool": {"type": "string"}})",
     .result = "CatalogueTool"},
    {.op = "catalogue.page",
     .verb = Verb::get,
     .path = "/api/v1/catalogue/pages/{kind}",
     .text = "A page of the catalogue, as data or written out. `id`: of a tool its server's slug, a slash and its name; of a "
             "server its slug; of a stack the slugs with `+` between; of an attack its id, or none for all of them. "
             "`base`: the path that links of HTML begin with.",
     .members = R"({"kind": {"type": "string", "enum": ["index", "server", "tool", "stack", "attack"]},
                    "id": {"type": "string", "maxLength": 4096},
                    "format": {"type": "string", "enum": ["json", "markdown", "html", "document"], "default": "json"},
                    "base": {"type": "string", "maxLength": 200, "default": "/catalogue/"}})",
     .result = "CataloguePage"},
    {.op = "coverage",
     .verb = Verb::get,
     .path = "/api/v1/coverage",
     .text = "Which tools agents can use without a person, and which attacks the policies in force leave open, by asking the engine.",
     .members = R"({"server": "Name", "grant": "Name", "detail": {"enum": ["patterns", "tools"]}})",
     .result = "Coverage"},
    {.op = "catalogue.recommend",
     .verb = Verb::post,
     .path = "/api/v1/catalogue/recommend",
     .text = "The policy recommended for servers, or with the rule for one tool merged in, beside the one in force; changes nothing.",
     .members = R"({"servers!": {"type": "array", "items": {"type": "string"}, "minItems": 1}, "tool": {"type": "string"},
                    "posture": {"enum": ["recommended", "strict", "permissive"]}, "policy": "Name"})",
     .result = "Recommended"},
    {.op = "catalogue.apply",
     .verb = Verb::post,
     .path = "/api/v1/catalogue/apply",
     .text = "Puts what is recommended in force as new versions of the servers' policies, all or none. `digest`: of the "
             "recommendation that was looked at; another one by now is a conflict.",
     .members = R"({"servers!": {"type": "array", "items": {"type": "string"}, "minItems": 1}, "tool": {"type": "string"},
                    "posture": {"enum": ["recommended", "strict", "permissive"]}, "policy": "Name",
                    "digest": {"type": "string"}, "comment": {"type": "string"}})",
     .result = "Applied"},
};

constexpr std::string_view kSchemas = R"({
  "CatalogueDrift": {
    "type": "object",
    "required": ["schema", "servers"],
    "properties": {
      "schema": {"const": "doorward.drift/1"},
      "servers": {"type": "array", "items": {"type": "object"}},
      "worst": {"enum": ["low", "medium", "high", "critical"]}
    },
    "additionalProperties": false
  },
  "CatalogueFound": {
    "type": "object",
    "description": "`tools` or `servers`, as was asked. `next` is the `cursor` of the page that follows.",
    "required": ["schema", "found"],
    "properties": {
      "schema": {"const": "doorward.catalogue.search/1"},
      "tools": {"type": "array", "items": {"$ref": "#/components/schemas/CatalogueToolSummary"}},
      "servers": {"type": "array", "items": {"$ref": "#/components/schemas/CatalogueServerRecord"}},
      "found": {"type": "integer"},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "CatalogueToolSummary": {
    "type": "object",
    "required": ["server", "tool", "category", "severity", "confidence", "signals", "description"],
    "properties": {
      "server": {"type": "string", "description": "slug"},
      "tool": {"type": "string"},
      "outer": {"type": "string", "description": "the tool that hides this one as an action"},
      "gone": {"type": "boolean"},
      "category": {"type": "string"},
      "severity": {"type": "string"},
      "confidence": {"type": "number", "minimum": 0, "maximum": 1},
      "signals": {"type": "array", "items": {"type": "string"}},
      "description": {"type": "string", "description": "its first 400 bytes"},
      "override": {"type": "object"},
      "behind_gateway": {"type": "string", "description": "the server's name in this gateway"},
      "reviewed": {"type": "boolean", "description": "whether its latest definition may be called"}
    },
    "additionalProperties": false
  },
  "CatalogueServerRecord": {
    "type": "object",
    "required": ["slug", "listing", "sources", "tools", "by_category", "by_severity", "first_seen_us", "last_seen_us"],
    "properties": {
      "slug": {"type": "string"},
      "listing": {"type": "object", "description": "what its sources say together: name, title, description, packages, remotes"},
      "sources": {"type": "array", "items": {"type": "string"}},
      "tools": {"type": "integer"},
      "by_category": {"type": "object", "additionalProperties": {"type": "integer"}},
      "by_severity": {"type": "object", "additionalProperties": {"type": "integer"}},
      "first_seen_us": {"type": "integer"},
      "last_seen_us": {"type": "integer"}
    },
    "additionalProperties": false
  },
  "CatalogueCounts": {
    "type": "object",
    "required": ["schema", "servers", "tools", "by_category", "by_severity", "definitions", "overrides", "outdated"],
    "properties": {
      "schema": {"const": "doorward.catalogue.counts/1"},
      "servers": {"type": "integer"},
      "tools": {"type": "integer"},
      "by_category": {"type": "object", "additionalProperties": {"type": "integer"}},
      "by_severity": {"type": "object", "additionalProperties": {"type": "integer"}},
      "definitions": {"type": "integer", "description": "different ones, earlier versions included"},
      "overrides": {"type": "integer"},
      "outdated": {"type": "integer", "description": "tools that older rules classified"}
    },
    "additionalProperties": false
  },
  "CatalogueServer": {
    "type": "object",
    "required": ["schema", "server", "behind_gateway", "tools"],
    "properties": {
      "schema": {"const": "doorward.catalogue.server/1"},
      "server": {"$ref": "#/components/schemas/CatalogueServerRecord"},
      "behind_gateway": {"type": "array", "items": {"type": "string"}},
      "tools": {"type": "array", "items": {"$ref": "#/components/schemas/CatalogueToolSummary"}}
    },
    "additionalProperties": false
  },
  "CatalogueTool": {
    "type": "object",
    "required": ["schema", "tool", "versions"],
    "properties": {
      "schema": {"const": "doorward.catalogue.tool/1"},
      "tool": {"type": "object", "description": "with `signals` and `evidence` in full, `definition` and its `key`"},
      "versions": {"type": "array", "items": {"type": "object"}, "description": "definitions, newest first"}
    },
    "additionalProperties": false
  },
  "CataloguePage": {
    "type": "object",
    "description": "`page` where the format is json, `document` (what a reader sees, as sections of blocks) where it is that, else `text`; HTML is what stands inside `<main>`.",
    "required": ["schema", "kind", "id", "format"],
    "properties": {
      "schema": {"const": "doorward.catalogue.page/1"},
      "kind": {"type": "string"},
      "id": {"type": "string"},
      "format": {"type": "string"},
      "page": {"type": "object"},
      "document": {"type": "object"},
      "text": {"type": "string"}
    },
    "additionalProperties": false
  },
  "Coverage": {
    "type": "object",
    "required": ["schema", "sentence", "whole", "decisions", "servers", "agents", "severities", "patterns"],
    "properties": {
      "schema": {"const": "doorward.coverage/1"},
      "sentence": {"type": "string"},
      "whole": {"type": "boolean"},
      "decisions": {"type": "integer"},
      "servers": {"type": "integer"},
      "agents": {"type": "integer"},
      "severities": {"type": "array", "items": {"type": "object"}},
      "patterns": {"type": "array", "items": {"type": "object"}},
      "tools": {"type": "array", "items": {"type": "object"}},
      "tools_left_out": {"type": "integer"}
    },
    "additionalProperties": false
  },
  "Recommended": {
    "type": "object",
    "required": ["schema", "digest", "policies"],
    "properties": {
      "schema": {"const": "doorward.catalogue.recommend/1"},
      "digest": {"type": "string"},
      "policies": {"type": "array", "items": {"type": "object"}}
    },
    "additionalProperties": false
  },
  "Applied": {
    "type": "object",
    "required": ["schema", "policies"],
    "properties": {
      "schema": {"const": "doorward.catalogue.apply/1"},
      "policies": {"type": "array", "items": {"type": "object"}}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kCatalogueRoutes{"Catalogue", kRoutes, kSchemas};

}  // namespace doorward::admin
