#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "status",
     .verb = Verb::get,
     .path = "/api/v1/status",
     .text = "What the gateway serves, and how it is.",
     .members = "{}",
     .result = "Status"},
    {.op = "reload",
     .verb = Verb::post,
     .path = "/api/v1/reload",
     .text = "Reads the configuration anew; with a finding the old one stays in force.",
     .members = "{}",
     .result = "Reloaded"},
    {.op = "settings.show",
     .verb = Verb::get,
     .path = "/api/v1/settings",
     .text = "Every setting with where it comes from; of a secret never more than whether it is set.",
     .members = "{}",
     .result = "Settings"},
    {.op = "backup.make",
     .verb = Verb::post,
     .path = "/api/v1/backups",
     .text = "Copies the state directory into a new file of the gateway's machine, keys and with them every secret included; "
             "`doorward restore` puts it back.",
     .members = R"({"file!": {"type": "string", "description": "an absolute path"}})",
     .result = "BackupMade"},
    {.op = "backup.offer",
     .verb = Verb::post,
     .path = "/api/v1/backups/downloads",
     .text = "Makes a backup that whoever asked may download, once, within ten minutes. Another one takes its place.",
     .members = "{}",
     .result = "BackupOffered"},
    {.op = "backup.download",
     .verb = Verb::get,
     .path = "/api/v1/backups/downloads/{id}",
     .text = "The backup that was offered, as a file. It holds every secret; that it is taken is recorded first.",
     .members = R"({"id": {"type": "string"}})",
     .result = "",
     .access = Access::signed_in},
    {.op = "health",
     .verb = Verb::get,
     .path = "/healthz",
     .text = "Whether the gateway takes calls: 200, or 503 while its log cannot be written. Says nothing else.",
     .members = "{}",
     .result = "Health",
     .access = Access::anonymous},
    {.op = "metrics",
     .verb = Verb::get,
     .path = "/metrics",
     .text = "Counts for Prometheus (text format 0.0.4): decisions, outcomes, durations, log, connections.",
     .members = "{}",
     .result = "",
     .access = Access::signed_in},
    {.op = "openapi",
     .verb = Verb::get,
     .path = "/api/v1/openapi.json",
     .text = "This document.",
     .members = "{}",
     .result = "OpenApi",
     .access = Access::signed_in},
};

constexpr std::string_view kSchemas = R"({
  "BackupMade": {
    "type": "object",
    "required": ["schema", "file", "files", "bytes"],
    "properties": {
      "schema": {"const": "doorward.backup.made/1"},
      "file": {"type": "string"},
      "files": {"type": "integer"},
      "bytes": {"type": "integer"}
    },
    "additionalProperties": false
  },
  "BackupOffered": {
    "type": "object",
    "required": ["schema", "id", "name", "bytes", "until"],
    "properties": {
      "schema": {"const": "doorward.backup.offered/1"},
      "id": {"type": "string", "description": "by which it is downloaded"},
      "name": {"type": "string", "description": "of the file"},
      "bytes": {"type": "integer"},
      "until": {"$ref": "#/components/schemas/Time"}
    },
    "additionalProperties": false
  },
  "Settings": {
    "type": "object",
    "required": ["schema", "version", "config", "uptime_s", "policies", "observing", "log_accepting", "groups"],
    "properties": {
      "schema": {"const": "doorward.settings/1"},
      "version": {"type": "string"},
      "config": {"type": "string", "description": "the configuration file; empty: none"},
      "uptime_s": {"type": "integer"},
      "policies": {"type": "integer"},
      "observing": {"type": "integer", "description": "policies that observe and refuse nothing"},
      "log_accepting": {"type": "boolean"},
      "groups": {"type": "array", "items": {
        "type": "object",
        "required": ["name", "title", "settings"],
        "properties": {
          "name": {"enum": ["listeners", "identity", "log", "approvals", "limits", "state"]},
          "title": {"type": "string"},
          "settings": {"type": "array", "items": {
            "type": "object",
            "required": ["name", "value", "source", "locked"],
            "properties": {
              "name": {"type": "string", "description": "as docs/configuration.md spells it"},
              "value": {"type": "string", "description": "as the configuration spells it; empty: none"},
              "source": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                  "kind": {"enum": ["default", "file", "flag", "environment"]},
                  "file": {"type": "string"},
                  "line": {"type": "integer"}
                },
                "additionalProperties": false
              },
              "locked": {"type": "boolean", "description": "set by the configuration, so changed there"},
              "warning": {"type": "string"}
            },
            "additionalProperties": false
          }}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "Name": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._-]+$"},
  "Time": {"type": "string", "format": "date-time"},
  "Owner": {"type": "string", "description": "`store`, or file and line of the configuration that defines it"},
  "Problem": {
    "type": "object",
    "description": "RFC 9457. `type` is `urn:doorward:problem:` and the kind.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
      "type": {"enum": ["urn:doorward:problem:invalid", "urn:doorward:problem:not_found",
                        "urn:doorward:problem:conflict", "urn:doorward:problem:unavailable",
                        "urn:doorward:problem:denied", "urn:doorward:problem:corrupt",
                        "urn:doorward:problem:exhausted"]},
      "title": {"type": "string"},
      "status": {"type": "integer"},
      "detail": {"type": "string"},
      "findings": {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}}
    },
    "additionalProperties": false
  },
  "Finding": {
    "type": "object",
    "required": ["file", "line", "column", "message"],
    "properties": {
      "file": {"type": "string"},
      "line": {"type": "integer", "description": "from 1; 0: the file as a whole"},
      "column": {"type": "integer", "description": "from 1, in bytes"},
      "message": {"type": "string"}
    },
    "additionalProperties": false
  },
  "Status": {
    "type": "object",
    "required": ["schema", "version", "running", "servers", "policies", "grants"],
    "properties": {
      "schema": {"const": "doorward.status/1"},
      "version": {"type": "string"},
      "running": {"type": "boolean"},
      "servers": {"type": "integer"},
      "policies": {"type": "integer"},
      "grants": {"type": "integer", "description": "not revoked"},
      "url": {"type": "string"},
      "admin": {"type": "string", "description": "URL of this API; empty: Unix socket only"},
      "state": {"type": "string"},
      "config": {"type": "string"},
      "durability": {"enum": ["process", "power"]},
      "log_accepting": {"type": "boolean"},
      "anchors": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["name", "place", "ok", "pending", "delivered", "last"],
          "properties": {
            "name": {"type": "string"},
            "place": {"type": "string"},
            "ok": {"type": "boolean"},
            "pending": {"type": "integer", "description": "checkpoints that wait"},
            "delivered": {"type": "integer", "description": "since the start"},
            "last": {"type": "string", "description": "writer/epoch/size of the newest that arrived; empty: none"},
            "failure": {"type": "string"}
          },
          "additionalProperties": false
        }
      },
      "connections": {"type": "integer"},
      "now": {"$ref": "#/components/schemas/Time"},
      "uptime_s": {"type": "integer"}
    }
  },
  "Reloaded": {
    "type": "object",
    "required": ["schema"],
    "properties": {"schema": {"const": "doorward.reload/1"}},
    "additionalProperties": false
  },
  "Health": {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"enum": ["ok", "unavailable"]}},
    "additionalProperties": false
  },
  "OpenApi": {"type": "object", "required": ["openapi", "info", "paths"]}
})";

}  // namespace

constexpr RouteGroup kGatewayRoutes{"Gateway", kRoutes, kSchemas};

}  // namespace doorward::admin
