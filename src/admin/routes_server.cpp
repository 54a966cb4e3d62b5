#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "server.list",
     .verb = Verb::get,
     .path = "/api/v1/servers",
     .text = "Every server, and every bundle of servers.",
     .members = "{}",
     .result = "ServerList",
     .paged = {"servers", "name"}},
    {.op = "server.add",
     .verb = Verb::post,
     .path = "/api/v1/servers",
     .text = "Adds a server; paths in its settings are absolute.",
     .members = R"({"name!": "Name", "settings!": "ServerSettings"})",
     .result = "ServerAnswer"},
    {.op = "server.show",
     .verb = Verb::get,
     .path = "/api/v1/servers/{name}",
     .text = "One server with its settings; of a secret only where it comes from.",
     .members = R"({"name": "Name"})",
     .result = "ServerAnswer"},
    {.op = "server.remove",
     .verb = Verb::del,
     .path = "/api/v1/servers/{name}",
     .text = "Removes a server that no policy, grant or bundle is for.",
     .members = R"({"name": "Name"})",
     .result = "ServerRemoved"},
    {.op = "server.test",
     .verb = Verb::post,
     .path = "/api/v1/servers/test",
     .text = "Connects to a server and lists its tools, step by step, without keeping anything: with these settings, or "
             "those that the server of that name has.",
     .members = R"({"name!": "Name", "settings": "ServerSettings"})",
     .result = "ServerTested"},
    {.op = "server.scan",
     .verb = Verb::post,
     .path = "/api/v1/servers/{name}/scan",
     .text = "Asks a server for all its tools and keeps them, as when an agent had listed them: a first list counts as reviewed, "
             "later changes wait for a review.",
     .members = R"({"name": "Name"})",
     .result = "ServerScanned"},
    {.op = "server.review",
     .verb = Verb::post,
     .path = "/api/v1/servers/{name}/review",
     .text = "Shows what a server's tools have become since they were reviewed; with `decision`, accepts or "
             "rejects them. A tool with signs of poisoning is accepted by its name only.",
     .members = R"({"name": "Name", "tool": {"type": "string", "maxLength": 1024},
                    "decision": {"enum": ["accept", "reject"]},
                    "definition": {"type": "string", "description": "how the SHA-256 of the definition begins that the decision is about; 8 digits or more",
                                   "minLength": 8, "maxLength": 64, "pattern": "^[0-9a-f]+$"}})",
     .result = "ServerReview"},
    {.op = "server.can",
     .verb = Verb::get,
     .path = "/api/v1/servers/{name}/permissions",
     .text = "What each agent can do with each tool of a server. Agents that are judged alike share a column, whose cells stand in "
             "the order of the tools.",
     .members = R"({"name": "Name", "tool": {"type": "string", "maxLength": 1024}})",
     .result = "ServerPermissions"},
    {.op = "client.list",
     .verb = Verb::get,
     .path = "/api/v1/clients",
     .text = "The MCP clients of the user who runs the gateway, with their servers and how each stands towards the gateway. Reads "
             "their files; starts nothing.",
     .members = "{}",
     .result = "ClientList"},
    {.op = "client.read",
     .verb = Verb::post,
     .path = "/api/v1/clients/read",
     .text = "The servers that a client's configuration text names, with settings by which they can be added. `literals` are the "
             "values that stand in the text itself and may be secrets. Starts nothing.",
     .members = R"({"text!": {"type": "string"}, "client": {"type": "string", "description": "id of the client whose form it is; absent: found out"}})",
     .result = "ClientText"},
};

constexpr std::string_view kSchemas = R"({
  "ClientList": {
    "type": "object",
    "required": ["schema", "files"],
    "properties": {
      "schema": {"const": "doorward.client.list/1"},
      "files": {"type": "array", "items": {
        "type": "object",
        "required": ["client", "label", "path", "scope", "servers"],
        "properties": {
          "client": {"type": "string"},
          "label": {"type": "string"},
          "path": {"type": "string"},
          "scope": {"enum": ["user", "project", "local", "managed"]},
          "error": {"type": "string", "description": "why the file cannot be read"},
          "servers": {"type": "array", "items": {
            "type": "object",
            "required": ["name", "state"],
            "properties": {
              "name": {"type": "string"},
              "state": {"enum": ["behind", "edited", "bypasses", "disabled", "broken"]},
              "project": {"type": "string", "description": "the folder that a local entry is for"},
              "server": {"type": "string", "description": "of the gateway"},
              "grant": {"type": "string"}
            },
            "additionalProperties": false
          }}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "ClientText": {
    "type": "object",
    "required": ["schema", "client", "label", "servers", "notes"],
    "properties": {
      "schema": {"const": "doorward.client.read/1"},
      "client": {"type": "string"},
      "label": {"type": "string"},
      "servers": {"type": "array", "items": {
        "type": "object",
        "required": ["name", "line", "transport", "literals"],
        "properties": {
          "name": {"type": "string"},
          "line": {"type": "integer"},
          "transport": {"type": "string"},
          "flaw": {"type": "string", "description": "why it cannot be taken over; there are no settings then"},
          "settings": {"$ref": "#/components/schemas/ServerSettings"},
          "literals": {"type": "array", "items": {
            "type": "object",
            "required": ["in", "name"],
            "properties": {"in": {"enum": ["env", "headers"]}, "name": {"type": "string"}},
            "additionalProperties": false
          }}
        },
        "additionalProperties": false
      }},
      "notes": {"type": "array", "items": {
        "type": "object",
        "required": ["line", "text"],
        "properties": {"line": {"type": "integer"}, "text": {"type": "string"}},
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "ServerPermissions": {
    "type": "object",
    "required": ["schema", "server", "tools", "agents", "columns", "whole"],
    "properties": {
      "schema": {"const": "doorward.server.can/1"},
      "server": {"type": "string"},
      "tools": {"type": "array", "items": {
        "type": "object",
        "required": ["tool", "category", "severity"],
        "properties": {
          "tool": {"type": "string"},
          "category": {"type": "string"},
          "severity": {"type": "string"},
          "outer": {"type": "string", "description": "of an action: the tool that hides it"}
        },
        "additionalProperties": false
      }},
      "agents": {"type": "array", "items": {
        "type": "object",
        "required": ["grant", "owner", "column"],
        "properties": {"grant": {"type": "string"}, "owner": {"type": "string"}, "column": {"type": "integer"}},
        "additionalProperties": false
      }},
      "columns": {"type": "array", "items": {
        "type": "object",
        "required": ["policy", "cells"],
        "properties": {
          "policy": {"$ref": "#/components/schemas/PermissionPolicy"},
          "cells": {"type": "array", "items": {
            "type": "object",
            "required": ["decision", "decided", "rule", "pointer", "line", "note", "why"],
            "properties": {
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
          }}
        },
        "additionalProperties": false
      }},
      "whole": {"type": "boolean"}
    },
    "additionalProperties": false
  },
  "ServerSettings": {
    "type": "object",
    "description": "As in the configuration file (docs/configuration.md, Servers), without `name`; secrets are references."
  },
  "Server": {
    "type": "object",
    "required": ["name", "owner", "settings"],
    "properties": {
      "name": {"$ref": "#/components/schemas/Name"},
      "id": {"type": "string"},
      "owner": {"$ref": "#/components/schemas/Owner"},
      "settings": {"$ref": "#/components/schemas/ServerSettings"}
    }
  },
  "Bundle": {
    "type": "object",
    "required": ["name", "owner", "names", "members"],
    "properties": {
      "name": {"$ref": "#/components/schemas/Name"},
      "id": {"type": "string"},
      "owner": {"$ref": "#/components/schemas/Owner"},
      "names": {"enum": ["always", "conflict", "never"]},
      "members": {"type": "array", "items": {
        "type": "object",
        "required": ["server", "policy", "prefix"],
        "properties": {"server": {"type": "string"}, "policy": {"type": "string"}, "prefix": {"type": "string"}}
      }}
    }
  },
  "ServerList": {
    "type": "object",
    "required": ["schema", "servers", "bundles"],
    "properties": {
      "schema": {"const": "doorward.server.list/1"},
      "servers": {"type": "array", "items": {"$ref": "#/components/schemas/Server"}},
      "bundles": {"type": "array", "items": {"$ref": "#/components/schemas/Bundle"}},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "ServerAnswer": {
    "type": "object",
    "required": ["schema", "server"],
    "properties": {
      "schema": {"const": "doorward.server/1"},
      "server": {"$ref": "#/components/schemas/Server"}
    },
    "additionalProperties": false
  },
  "ServerRemoved": {
    "type": "object",
    "required": ["schema", "name"],
    "properties": {"schema": {"const": "doorward.server.remove/1"}, "name": {"type": "string"}},
    "additionalProperties": false
  },
  "ServerTested": {
    "type": "object",
    "required": ["schema", "name", "ok", "tools", "steps"],
    "properties": {
      "schema": {"const": "doorward.server.test/1"},
      "name": {"type": "string"},
      "ok": {"type": "boolean"},
      "tools": {"type": "integer"},
      "steps": {"type": "array", "description": "up to the first that failed", "items": {
        "type": "object",
        "required": ["step", "ok", "detail"],
        "properties": {
          "step": {"enum": ["resolve", "connect", "tls", "start", "authenticate", "handshake", "list_tools"]},
          "ok": {"type": "boolean"},
          "detail": {"type": "string"}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "ServerScanned": {
    "type": "object",
    "required": ["schema", "name", "ok", "tools", "steps"],
    "properties": {
      "schema": {"const": "doorward.server.scan/1"},
      "name": {"type": "string"},
      "ok": {"type": "boolean"},
      "tools": {"type": "integer"},
      "steps": {"type": "array", "items": {"type": "object"}, "description": "as of server.test"}
    },
    "additionalProperties": false
  },
  "ServerReview": {
    "type": "object",
    "required": ["schema", "server", "known", "tools", "reclassified"],
    "properties": {
      "schema": {"const": "doorward.server.review/1"},
      "server": {"type": "string"},
      "known": {"type": "boolean"},
      "tools": {"type": "array", "items": {
        "type": "object",
        "required": ["name", "state", "offered", "definition", "changes", "signs"],
        "properties": {
          "name": {"type": "string"},
          "state": {"type": "string"},
          "offered": {"type": "boolean"},
          "withheld": {"type": "string"},
          "definition": {"type": "string"},
          "reviewed_definition": {"type": "string"},
          "reviewer": {"type": "string"},
          "reviewed_at": {"$ref": "#/components/schemas/Time"},
          "first_seen": {"$ref": "#/components/schemas/Time"},
          "changes": {"type": "array", "items": {"type": "object"}},
          "signs": {"type": "array", "items": {"type": "object"}},
          "text": {"type": "object"}
        },
        "additionalProperties": false
      }},
      "reclassified": {"type": "array", "items": {
        "type": "object",
        "required": ["tool", "in_force", "now"],
        "properties": {
          "tool": {"type": "string"},
          "in_force": {"type": "string"},
          "now": {"type": "string"}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kServerRoutes{"Servers", kRoutes, kSchemas};

}  // namespace doorward::admin
