#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "record.list",
     .verb = Verb::get,
     .path = "/api/v1/records",
     .text = "The log, newest record first. `rule` and `event` may end in `*`. A page may be short, even empty, and "
             "still have a `next`: only so many records are looked at for one.",
     .members = R"({"agent": {"type": "string", "description": "id or label of a grant"}, "server": {"type": "string"},
                    "tool": {"type": "string"}, "decision": {"type": "string", "enum": ["allow", "deny", "hide", "approve"]},
                    "rule": {"type": "string"}, "event": {"type": "string"}, "code": {"type": "string"},
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
     .text = "Why one call was decided as it was, from its records: rule, policy, what the agent was told.",
     .members = R"({"id": {"type": "string"}})",
     .result = "Explanation"},
    {.op = "events",
     .verb = Verb::get,
     .path = "/api/v1/events",
     .text = "Records as they are written, as server-sent events (`text/event-stream`): `id` is the record's place in "
             "the log, `event` its event, `data` the record. With `Last-Event-ID` what was missed comes first; where "
             "that is no longer held, an event `reset`.",
     .members = R"({"agent": {"type": "string"}, "server": {"type": "string"}, "tool": {"type": "string"},
                    "decision": {"type": "string"}, "rule": {"type": "string"}, "event": {"type": "string"}})",
     .result = "",
     .access = Access::signed_in},
};

constexpr std::string_view kSchemas = R"({
  "Record": {
    "type": "object",
    "description": "As docs/audit-format.md has it.",
    "required": ["event", "seq", "time"]
  },
  "RecordList": {
    "type": "object",
    "required": ["schema", "records"],
    "properties": {
      "schema": {"const": "doorward.record.list/1"},
      "records": {"type": "array", "items": {"$ref": "#/components/schemas/Record"}},
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
