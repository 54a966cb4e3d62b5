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
};

constexpr std::string_view kSchemas = R"({
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
