#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "upstream_account.list",
     .verb = Verb::get,
     .path = "/api/v1/upstream-accounts",
     .text = "The accounts at servers that want OAuth: one a server, or one for each of its grants; no tokens.",
     .members = "{}",
     .result = "UpstreamAccountList",
     .paged = {"accounts", "server,grant_id"}},
    {.op = "upstream_account.connect",
     .verb = Verb::post,
     .path = "/api/v1/upstream-accounts/{server}/connect",
     .text = "Begins to connect an account, and answers with the address that its owner opens in a browser on the "
             "gateway's machine; or gets the token at once, where no person is needed.",
     .members = R"({"server": "Name", "grant": {"type": "string", "description": "label or id, where each grant has an account of its own"}})",
     .result = "UpstreamAccountBegun"},
    {.op = "upstream_account.disconnect",
     .verb = Verb::del,
     .path = "/api/v1/upstream-accounts/{server}",
     .text = "Forgets an account and its tokens; requests fail at once until it is connected again.",
     .members = R"({"server": "Name", "grant": {"type": "string", "description": "label or id, where each grant has an account of its own"}})",
     .result = "UpstreamAccountEnded"},
};

constexpr std::string_view kSchemas = R"({
  "UpstreamAccount": {
    "type": "object",
    "required": ["server", "type", "state"],
    "properties": {
      "server": {"$ref": "#/components/schemas/Name"},
      "grant": {"type": "string"},
      "grant_id": {"type": "string"},
      "type": {"enum": ["authorization_code", "client_credentials"]},
      "state": {"enum": ["connected", "connecting", "not connected", "refused", "more rights wanted"]},
      "problem": {"type": "string"},
      "issuer": {"type": "string"},
      "scope": {"type": "string"},
      "connected_by": {"type": "string"},
      "connected_at": {"type": "string", "format": "date-time"},
      "renewable": {"type": "boolean"},
      "token_expires_at": {"type": "string", "format": "date-time"}
    },
    "additionalProperties": false
  },
  "UpstreamAccountList": {
    "type": "object",
    "required": ["schema", "accounts"],
    "properties": {
      "schema": {"const": "doorward.upstream_account.list/1"},
      "accounts": {"type": "array", "items": {"$ref": "#/components/schemas/UpstreamAccount"}},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "UpstreamAccountBegun": {
    "type": "object",
    "required": ["schema", "connected"],
    "properties": {
      "schema": {"const": "doorward.upstream_account.connect/1"},
      "connected": {"type": "boolean"},
      "url": {"type": "string"},
      "redirect": {"type": "string"}
    },
    "additionalProperties": false
  },
  "UpstreamAccountEnded": {
    "type": "object",
    "required": ["schema"],
    "properties": {"schema": {"const": "doorward.upstream_account.disconnect/1"}},
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kUpstreamAccountRoutes{"Upstream accounts", kRoutes, kSchemas};

}  // namespace doorward::admin
