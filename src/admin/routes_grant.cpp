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
    {.op = "grant.set",
     .verb = Verb::patch,
     .path = "/api/v1/grants/{label}",
     .text = "Gives a grant another policy of its server, from the next call on; its token, sessions and counts stay. Empty: none, so "
             "every call is refused.",
     .members = R"({"label": "Name", "policy!": {"type": "string"}})",
     .result = "GrantChanged"},
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
    {.op = "grant.can",
     .verb = Verb::get,
     .path = "/api/v1/grants/{label}/permissions",
     .text = "What an agent can do: for each tool of its servers the decision, and the rule that says so, as the engine answers "
             "generated calls. `depends`: some arguments pass, others do not. `policy`: as if it carried that policy of its server; "
             "`mode`: as if what observes enforced.",
     .members = R"({"label": "Name", "tool": {"type": "string", "maxLength": 1024}, "policy": "Name", "mode": {"enum": ["enforce"]}})",
     .result = "GrantPermissions"},
    {.op = "grant.usage",
     .verb = Verb::get,
     .path = "/api/v1/usage/grants",
     .text = "What every grant that is not revoked did: its last call and the client seen then, the calls of seven days, "
             "its fullest limit, its address.",
     .members = "{}",
     .result = "GrantUsage"},
    {.op = "grant.quotas",
     .verb = Verb::get,
     .path = "/api/v1/grants/{label}/quotas",
     .text = "How full each limit of a grant is now, the fullest first.",
     .members = R"({"label": "Name"})",
     .result = "GrantQuotas"},
    {.op = "grant.connect",
     .verb = Verb::get,
     .path = "/api/v1/grants/{label}/connect",
     .text = "What each client needs to reach the grant's server; never the token.",
     .members = R"({"label": "Name"})",
     .result = "GrantConnect"},
};

constexpr std::string_view kSchemas = R"({
  "PermissionPolicy": {
    "type": ["object", "null"],
    "required": ["name", "version", "sha256", "mode"],
    "properties": {
      "name": {"type": "string"},
      "version": {"type": "integer"},
      "sha256": {"type": "string"},
      "mode": {"enum": ["enforce", "observe"]}
    },
    "additionalProperties": false
  },
  "ToolPermission": {
    "type": "object",
    "required": ["tool", "category", "severity", "decision", "decided", "rule", "pointer", "line", "note", "why"],
    "properties": {
      "tool": {"type": "string"},
      "category": {"type": "string"},
      "severity": {"type": "string"},
      "outer": {"type": "string", "description": "of an action: the tool that hides it"},
      "decision": {"enum": ["allowed", "denied", "hidden", "rate_limited", "needs_approval", "depends"]},
      "decided": {"type": "boolean", "description": "false: it could not be told for all arguments"},
      "would": {"enum": ["allowed", "denied", "hidden", "needs_approval"], "description": "if the policy enforced"},
      "rule": {"type": "string", "description": "what stops, asks or limits; empty: nothing does"},
      "pointer": {"type": "string", "description": "of that rule, into the policy's document"},
      "line": {"type": "integer", "description": "of the document; 0: the rule is none of it"},
      "note": {"type": "string", "description": "what the rule's author says"},
      "why": {"type": "string"},
      "passes": {"type": "string", "description": "arguments of a call that goes through, as JSON"},
      "stopped": {"type": "string", "description": "of depends: those of one that does not"}
    },
    "additionalProperties": false
  },
  "GrantPermissions": {
    "type": "object",
    "required": ["schema", "grant", "owner", "servers", "whole"],
    "properties": {
      "schema": {"const": "doorward.grant.can/1"},
      "grant": {"type": "string"},
      "owner": {"type": "string"},
      "servers": {"type": "array", "items": {
        "type": "object",
        "required": ["server", "policy", "tools"],
        "properties": {
          "server": {"type": "string"},
          "policy": {"$ref": "#/components/schemas/PermissionPolicy"},
          "tools": {"type": "array", "items": {"$ref": "#/components/schemas/ToolPermission"}}
        },
        "additionalProperties": false
      }},
      "whole": {"type": "boolean", "description": "false: there were too many questions, and what is left is undecided"}
    },
    "additionalProperties": false
  },
  "Gauge": {
    "type": "object",
    "description": "One limit. Of the scopes session and identity each holder has a count of their own: here stands that of the grant, which holds where there is no session or identity.",
    "required": ["server", "policy", "counter", "rule", "pointer", "line", "window", "scope", "counts", "used", "max", "used_percent", "resets_in_s"],
    "properties": {
      "server": {"type": "string"},
      "policy": {"type": "string"},
      "counter": {"type": "string"},
      "rule": {"type": "string"},
      "pointer": {"type": "string"},
      "line": {"type": "integer"},
      "window": {"type": "string", "description": "`minute`, `day`, `90 seconds`"},
      "scope": {"enum": ["grant", "session", "identity", "server", "organisation"], "description": "who shares the count"},
      "counts": {"type": "string", "description": "`calls`, or the argument whose amounts are added"},
      "used": {"type": "number"},
      "max": {"type": "number"},
      "used_percent": {"type": "integer"},
      "resets_in_s": {"type": "integer", "description": "seconds until nothing is counted any more, if nobody calls; 0: nothing is"}
    },
    "additionalProperties": false
  },
  "GrantQuotas": {
    "type": "object",
    "required": ["schema", "grant", "limits"],
    "properties": {
      "schema": {"const": "doorward.grant.quotas/1"},
      "grant": {"type": "string"},
      "limits": {"type": "array", "items": {"$ref": "#/components/schemas/Gauge"}}
    },
    "additionalProperties": false
  },
  "GrantUsage": {
    "type": "object",
    "required": ["schema", "found_is", "grants"],
    "properties": {
      "schema": {"const": "doorward.grant.usage/1"},
      "found_is": {"enum": ["exact", "at_least"]},
      "grants": {"type": "array", "items": {
        "type": "object",
        "required": ["label", "id", "url", "week"],
        "properties": {
          "label": {"type": "string"},
          "id": {"type": "string"},
          "url": {"type": "string", "description": "where its agent reaches its server"},
          "last_call": {"$ref": "#/components/schemas/Time"},
          "client": {"type": "string", "description": "as the client of the last call named itself"},
          "week": {"$ref": "#/components/schemas/CallCounts"},
          "fullest": {"$ref": "#/components/schemas/Gauge"}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "GrantConnect": {
    "type": "object",
    "required": ["schema", "grant", "url", "token_place", "clients"],
    "properties": {
      "schema": {"const": "doorward.grant.connect/1"},
      "grant": {"type": "string"},
      "url": {"type": "string"},
      "token_place": {"type": "string", "description": "what stands in the texts where the token goes"},
      "clients": {"type": "array", "items": {
        "type": "object",
        "required": ["client", "title", "format", "file", "text"],
        "properties": {
          "client": {"type": "string"},
          "title": {"type": "string"},
          "format": {"enum": ["json", "toml", "command"]},
          "file": {"type": "string", "description": "where it goes; empty: a command, or the client's own"},
          "text": {"type": "string"}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
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
  "GrantChanged": {
    "type": "object",
    "required": ["schema", "grant", "policy_before"],
    "properties": {
      "schema": {"const": "doorward.grant.set/1"},
      "grant": {"$ref": "#/components/schemas/Grant"},
      "policy_before": {"type": "string", "description": "empty: it carried none"}
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
