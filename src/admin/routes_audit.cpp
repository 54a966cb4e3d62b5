#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "audit.verify",
     .verb = Verb::post,
     .path = "/api/v1/audit/verify",
     .text = "Checks every link, tree head and signature of the log; checkpoints kept elsewhere may be given.",
     .members = R"({"checkpoints": {"type": "string", "description": "signed notes, joined by a blank line"}})",
     .result = "AuditVerified"},
    {.op = "audit.prove",
     .verb = Verb::post,
     .path = "/api/v1/audit/prove",
     .text = "Inclusion proofs of the records of a call, or of one record.",
     .members = R"({"record!": {"type": "string", "description": "id of a call, or writer/epoch/number"}})",
     .result = "AuditProofs"},
    {.op = "audit.export",
     .verb = Verb::post,
     .path = "/api/v1/audit/export",
     .text = "Records in a format for other tools, the oldest that match first.",
     .members = R"({"format": {"enum": ["jsonl", "csv", "ocsf", "cef"]}, "limit": {"type": "integer", "minimum": 1, "maximum": 10000},
                    "since": {"type": "string"}, "until": {"type": "string"}, "grant": {"type": "string"},
                    "server": {"type": "string"}, "tool": {"type": "string"}, "verdict": {"type": "string"},
                    "rule": {"type": "string"}, "event": {"type": "string"}, "writer": {"type": "string"}, "policy": {"type": "string"}})",
     .result = "AuditExport"},
    {.op = "audit.arguments",
     .verb = Verb::get,
     .path = "/api/v1/audit/arguments/{id}",
     .text = "The stored arguments of a call. That they were read is recorded first.",
     .members = R"({"id": {"type": "string"}})",
     .result = "AuditArguments"},
    {.op = "audit.erase",
     .verb = Verb::del,
     .path = "/api/v1/audit/arguments/{id}",
     .text = "Erases stored values and arguments of a call for good; the records and their commitments stay.",
     .members = R"({"id": {"type": "string"}, "path": {"type": "string"}})",
     .result = "AuditErased"},
    {.op = "audit.note",
     .verb = Verb::post,
     .path = "/api/v1/audit/notes",
     .text = "Records what somebody did with a copy of the log.",
     .members = R"({"what!": {"enum": ["verified", "exported", "proved", "bundled"]}, "detail": {"type": "string"},
                    "records": {"type": "integer", "minimum": 0}})",
     .result = "AuditNoted"},
};

constexpr std::string_view kSchemas = R"({
  "AuditVerified": {
    "type": "object",
    "required": ["schema", "ok", "records", "signed_records", "bytes", "segments", "checkpoints", "writers", "epochs",
                 "heads", "notes"],
    "properties": {
      "schema": {"const": "doorward.audit.verify/1"},
      "ok": {"type": "boolean"},
      "records": {"type": "integer"},
      "signed_records": {"type": "integer"},
      "bytes": {"type": "integer"},
      "segments": {"type": "integer"},
      "checkpoints": {"type": "integer"},
      "writers": {"type": "integer"},
      "epochs": {"type": "integer"},
      "first_bad": {
        "type": "object",
        "required": ["file", "line", "writer", "epoch", "seq", "reason"],
        "properties": {
          "file": {"type": "string"},
          "line": {"type": "integer"},
          "writer": {"type": "string"},
          "epoch": {"type": "integer"},
          "seq": {"type": "integer"},
          "reason": {"type": "string"}
        },
        "additionalProperties": false
      },
      "heads": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["origin", "size", "root"],
          "properties": {"origin": {"type": "string"}, "size": {"type": "integer"}, "root": {"type": "string"}},
          "additionalProperties": false
        }
      },
      "notes": {"type": "array", "items": {"type": "string"}}
    },
    "additionalProperties": false
  },
  "AuditProofs": {
    "type": "object",
    "required": ["schema", "proofs"],
    "properties": {
      "schema": {"const": "doorward.audit.proof/1"},
      "proofs": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["kind", "record", "index", "path", "checkpoint"],
          "properties": {
            "kind": {"const": "inclusion"},
            "record": {"type": "string", "description": "the record's bytes"},
            "index": {"type": "integer"},
            "path": {"type": "array", "items": {"type": "string"}},
            "checkpoint": {"type": "string"}
          },
          "additionalProperties": false
        }
      }
    },
    "additionalProperties": false
  },
  "AuditExport": {
    "type": "object",
    "required": ["schema", "format", "records", "more", "text"],
    "properties": {
      "schema": {"const": "doorward.audit.export/1"},
      "format": {"enum": ["jsonl", "csv", "ocsf", "cef"]},
      "records": {"type": "integer"},
      "more": {"type": "boolean", "description": "there are more that match"},
      "text": {"type": "string"}
    },
    "additionalProperties": false
  },
  "AuditArguments": {
    "type": "object",
    "required": ["schema", "id", "arguments"],
    "properties": {
      "schema": {"const": "doorward.audit.arguments/1"},
      "id": {"type": "string"},
      "arguments": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["path", "commit", "salt", "value"],
          "properties": {
            "path": {"type": "string"},
            "commit": {"type": "string"},
            "salt": {"type": "string"},
            "value": {"type": "string", "description": "canonical JSON"}
          },
          "additionalProperties": false
        }
      }
    },
    "additionalProperties": false
  },
  "AuditErased": {
    "type": "object",
    "required": ["schema", "erased"],
    "properties": {"schema": {"const": "doorward.audit.erase/1"}, "erased": {"type": "integer"}},
    "additionalProperties": false
  },
  "AuditNoted": {
    "type": "object",
    "required": ["schema"],
    "properties": {"schema": {"const": "doorward.audit.note/1"}},
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kAuditRoutes{"Audit", kRoutes, kSchemas};

}  // namespace doorward::admin
