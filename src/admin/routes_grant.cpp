#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "grant.list",
     .verb = Verb::get,
     .path = "/api/v1/grants",
     .text = "Every grant, revoked ones included; no token.",
     .members = "{}",
     .result = "GrantList",
     .paged = {"grants", "label,id"}},
    {.op = "grant.create",
     .verb = Verb::post,
     .path = "/api/v1/grants",
     .text = "Makes a grant. The answer holds its token, which is shown this once.",
     .members = R"({"label!": "Name", "server!": "Name", "policy": "Name", "owner": {"type": "string"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "expires": {"type": "string", "description": "a time in UTC, or a span from now such as `30d`"}})",
     .result = "GrantToken"},
    {.op = "grant.show",
     .verb = Verb::get,
     .path = "/api/v1/grants/{label}",
     .text = "One grant, by its label, id, number or key id.",
     .members = R"({"label": "Name"})",
     .result = "GrantAnswer"},
    {.op = "grant.rotate",
     .verb = Verb::post,
     .path = "/api/v1/grants/{label}/rotate",
     .text = "Gives a grant a new token; the old one is refused from then on.",
     .members = R"({"label": "Name"})",
     .result = "GrantToken"},
    {.op = "grant.revoke",
     .verb = Verb::del,
     .path = "/api/v1/grants/{label}",
     .text = "Revokes a grant: when the answer comes, every worker refuses its token. It stays in the list.",
     .members = R"({"label": "Name"})",
     .result = "GrantAnswer"},
};

constexpr std::string_view kSchemas = R"({
  "Grant": {
    "type": "object",
    "required": ["label", "id", "state", "server", "policy", "grant_owner", "labels", "token_hint", "version",
                 "created", "owner"],
    "properties": {
      "label": {"$ref": "#/components/schemas/Name"},
      "id": {"type": "string"},
      "number": {"type": "integer", "description": "of a grant of the store"},
      "holder": {"enum": ["token", "identity", "certificate"], "description": "what proves who holds it"},
      "key_id": {"type": "string", "description": "SHA-256 of the token"},
      "state": {"enum": ["active", "expired", "revoked"]},
      "server": {"type": "string"},
      "policy": {"type": "string", "description": "empty: none, so every call is denied"},
      "grant_owner": {"type": "string"},
      "labels": {"type": "object", "additionalProperties": {"type": "string"}},
      "token_hint": {"type": "string", "description": "the token's last characters before its checksum"},
      "version": {"type": "integer"},
      "created": {"$ref": "#/components/schemas/Time"},
      "expires": {"$ref": "#/components/schemas/Time"},
      "owner": {"$ref": "#/components/schemas/Owner"}
    }
  },
  "GrantList": {
    "type": "object",
    "required": ["schema", "grants"],
    "properties": {
      "schema": {"const": "doorward.grant.list/1"},
      "grants": {"type": "array", "items": {"$ref": "#/components/schemas/Grant"}},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "GrantAnswer": {
    "type": "object",
    "required": ["schema", "grant"],
    "properties": {
      "schema": {"const": "doorward.grant/1"},
      "grant": {"$ref": "#/components/schemas/Grant"}
    },
    "additionalProperties": false
  },
  "GrantToken": {
    "type": "object",
    "required": ["schema", "token", "grant"],
    "properties": {
      "schema": {"const": "doorward.grant.token/1"},
      "token": {"type": "string"},
      "grant": {"$ref": "#/components/schemas/Grant"}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kGrantRoutes{"Grants", kRoutes, kSchemas};

}  // namespace doorward::admin
