#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "catalogue.search",
     .verb = Verb::get,
     .path = "/api/v1/catalogue",
     .text = "Tools of the servers behind the gateway, as they were last met.",
     .members = R"({"query": {"type": "string"}, "server": "Name", "category": {"type": "string"},
                    "limit": {"type": "integer", "minimum": 1}})",
     .result = "CatalogueFound"},
    {.op = "catalogue.drift",
     .verb = Verb::get,
     .path = "/api/v1/catalogue/drift",
     .text = "What changed in servers since the last review, worst first.",
     .members = R"({"server": {"type": "string"}})",
     .result = "CatalogueDrift"},
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
    "required": ["schema", "tools", "found"],
    "properties": {
      "schema": {"const": "doorward.catalogue.search/1"},
      "tools": {"type": "array", "items": {"type": "object"}},
      "found": {"type": "integer"}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kCatalogueRoutes{"Catalogue", kRoutes, kSchemas};

}  // namespace doorward::admin
