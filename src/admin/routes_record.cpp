#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "record.list",
     .verb = Verb::get,
     .path = "/api/v1/records",
     .text = "The log, newest record first. `rule` and `event` may end in `*`; `q` occurs in agent, server, tool or rule, "
             "or is an id; `of=calls` leaves one record a call, its decision. `found` counts the records of all pages; "
             "`about` says of each record in its turn what people are shown, and how the call ended.",
     .members = R"({"agent": {"type": "string", "description": "id or label of a grant"}, "server": {"type": "string"},
                    "tool": {"type": "string"}, "decision": {"type": "string", "enum": ["allow", "deny", "hide", "approve", "refused", "allowed", "denied",
                    "hidden", "rate_limited", "needs_approval", "would_deny", "error"]},
                    "rule": {"type": "string"}, "event": {"type": "string"}, "code": {"type": "string"},
                    "policy": {"type": "string", "description": "name of a policy, or the SHA-256 of its document, of which eight digits are enough"},
                    "q": {"type": "string", "maxLength": 200}, "of": {"enum": ["records", "calls"], "default": "records"},
                    "since": {"type": "string", "description": "a time in UTC, or a span before now such as `15m`"},
                    "until": {"type": "string"}, "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
                    "cursor": {"type": "string", "maxLength": 512}})",
     .result = "RecordList"},
    {.op = "record.show",
     .verb = Verb::get,
     .path = "/api/v1/records/{id}",
     .text = "Every record of one call, oldest first.",
     .members = R"({"id": {"type": "string"}})",
     .result = "RecordAnswer"},
    {.op = "record.explain",
     .verb = Verb::get,
     .path = "/api/v1/records/{id}/explanation",
     .text = "Why one call was decided as it was, allowed ones too: by its records, the text of the policy that was in force, "
             "and stored arguments where the caller's roles may see them (which is recorded).",
     .members = R"({"id": {"type": "string"}})",
     .result = "Explanation"},
    {.op = "events",
     .verb = Verb::get,
     .path = "/api/v1/events",
     .text = "Records as they are written, as server-sent events (`text/event-stream`): `id` is the record's place in "
             "the log, `event` its event, `data` the record. With `Last-Event-ID` what was missed comes first; where "
             "that is no longer held, an event `reset`.",
     .members = R"({"agent": {"type": "string"}, "server": {"type": "string"}, "tool": {"type": "string"},
                    "decision": {"type": "string"}, "rule": {"type": "string"}, "event": {"type": "string"}, "policy": {"type": "string"}})",
     .result = "",
     .access = Access::signed_in},
};

constexpr std::string_view kSchemas = R"({
  "Record": {
    "type": "object",
    "description": "As docs/audit-format.md has it.",
    "required": ["event", "seq", "time"]
  },
  "DecisionWord": {
    "description": "What a record tells of a call, as people are shown it. An intent is allowed, also where a person agreed; would_deny: observe mode let it pass; error: the outcome of a call that failed behind the gateway.",
    "enum": ["allowed", "denied", "hidden", "rate_limited", "needs_approval", "would_deny", "error"]
  },
  "Chain": {
    "type": "object",
    "description": "How far the links of the log were followed: each record names the hash of the one before. `state` reading: a long log is still being read after a start. `seq`: the newest record, of `writer` and `epoch`. `signatures`: the last verification with `audit.verify`, which also checks tree and signatures.",
    "required": ["state", "records"],
    "properties": {
      "state": {"enum": ["verified", "broken", "reading"]},
      "records": {"type": "integer"},
      "writer": {"type": "string"},
      "epoch": {"type": "integer"},
      "seq": {"type": "integer"},
      "at": {"$ref": "#/components/schemas/Time"},
      "first_bad": {
        "type": "object",
        "required": ["writer", "epoch", "seq"],
        "properties": {"writer": {"type": "string"}, "epoch": {"type": "integer"}, "seq": {"type": "integer"}},
        "additionalProperties": false
      },
      "signatures": {
        "type": "object",
        "required": ["ok", "at"],
        "properties": {"ok": {"type": "boolean"}, "at": {"type": "string"}},
        "additionalProperties": false
      }
    },
    "additionalProperties": false
  },
  "RecordList": {
    "type": "object",
    "required": ["schema", "records", "about", "found", "found_is", "chain"],
    "properties": {
      "schema": {"const": "doorward.record.list/1"},
      "records": {"type": "array", "items": {"$ref": "#/components/schemas/Record"}},
      "about": {"type": "array", "items": {
        "type": "object",
        "properties": {
          "word": {"$ref": "#/components/schemas/DecisionWord"},
          "result": {"type": "string", "description": "of a forwarded call: how it ended, as its outcome says"},
          "duration_us": {"type": "integer"}
        },
        "additionalProperties": false
      }},
      "found": {"type": "integer"},
      "found_is": {"enum": ["exact", "at_least"], "description": "at_least: older parts of the log are still being read"},
      "chain": {"$ref": "#/components/schemas/Chain"},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "RecordAnswer": {
    "type": "object",
    "required": ["schema", "id", "records"],
    "properties": {
      "schema": {"const": "doorward.record/1"},
      "id": {"type": "string"},
      "records": {"type": "array", "items": {"$ref": "#/components/schemas/Record"}}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kRecordRoutes{"Log", kRoutes, kSchemas};

}  // namespace doorward::admin
