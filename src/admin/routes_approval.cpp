#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "approval.list",
     .verb = Verb::get,
     .path = "/api/v1/approvals",
     .text = "Calls that wait for a person, newest first; never their arguments.",
     .members = R"({"state": {"enum": ["open", "all", "pending", "approved", "denied", "used", "expired", "cancelled"],
                              "description": "open, the default: what waits, or still holds"},
                    "grant": {"type": "string", "description": "label or id"},
                    "before": {"type": "string", "description": "an id: only what was asked before it"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 100}})",
     .result = "ApprovalList"},
    {.op = "approval.show",
     .verb = Verb::get,
     .path = "/api/v1/approvals/{id}",
     .text = "One request; for approvers, auditors and admins with the arguments of the call, as long as they are kept.",
     .members = R"({"id": "ApprovalId"})",
     .result = "ApprovalAnswer"},
    {.op = "approval.approve",
     .verb = Verb::post,
     .path = "/api/v1/approvals/{id}/approve",
     .text = "Agrees to a request. The call runs when everybody who is asked has agreed.",
     .members = R"({"id": "ApprovalId", "reason": {"type": "string", "maxLength": 500},
                    "for_s": {"type": "integer", "minimum": 1, "maximum": 86400,
                              "description": "every identical call for so many seconds, instead of one"},
                    "shown": {"type": "string", "description": "`shown` of the answer that the person looked at"}})",
     .result = "ApprovalAnswer"},
    {.op = "approval.deny",
     .verb = Verb::post,
     .path = "/api/v1/approvals/{id}/deny",
     .text = "Refuses a request, or takes an approval back. Identical calls are refused until it would have expired.",
     .members = R"({"id": "ApprovalId",
                    "reason": {"type": "string", "maxLength": 500, "description": "told to the agent"},
                    "shown": {"type": "string"}})",
     .result = "ApprovalAnswer"},
    {.op = "notify.list",
     .verb = Verb::get,
     .path = "/api/v1/notifications/channels",
     .text = "The channels through which people are told.",
     .members = "{}",
     .result = "NotifyList"},
    {.op = "notify.test",
     .verb = Verb::post,
     .path = "/api/v1/notifications/channels/{channel}/test",
     .text = "Sends a test through a channel, once, and answers when it was delivered.",
     .members = R"({"channel": "Name"})",
     .result = "NotifyTest"},
    {.op = "notify.log",
     .verb = Verb::get,
     .path = "/api/v1/notifications/deliveries",
     .text = "The tries to deliver a message, newest first.",
     .members = R"({"channel": {"type": "string"}, "limit": {"type": "integer", "minimum": 1, "maximum": 1000}})",
     .result = "NotifyLog"},
};

constexpr std::string_view kSchemas = R"({
  "ApprovalId": {"type": "string", "description": "whole, or its beginning: `apr_` and at least 8 characters"},
  "Approval": {
    "type": "object",
    "required": ["id", "state", "open", "server", "tool", "grant", "grant_id", "rule", "groups", "asked", "created",
                 "expires", "left_s", "repeats"],
    "properties": {
      "id": {"type": "string"},
      "state": {"enum": ["pending", "approved", "denied", "used", "expired", "cancelled"]},
      "open": {"type": "boolean", "description": "it waits, or what was decided still holds"},
      "server": {"type": "string"},
      "tool": {"type": "string"},
      "category": {"type": "string"},
      "grant": {"type": "string"},
      "grant_id": {"type": "string"},
      "grant_owner": {"type": "string"},
      "identity": {"type": "string"},
      "client": {"type": "string", "description": "as the client calls itself"},
      "policy": {"type": "string"},
      "policy_version": {"type": "integer"},
      "policy_sha256": {"type": "string"},
      "rule": {"type": "string"},
      "pointer": {"type": "string"},
      "note": {"type": "string"},
      "definition": {"type": "string", "description": "SHA-256 of the tool's definition"},
      "args_digest": {"type": "string", "description": "keyed digest of the canonical arguments"},
      "groups": {"type": "array", "items": {
        "type": "object",
        "required": ["approvers", "approvals", "self_confirm"],
        "properties": {
          "approvers": {"type": "array", "items": {"type": "string"}},
          "approvals": {"type": "integer"},
          "self_confirm": {"type": "boolean"}
        }
      }},
      "decision": {"type": "string"},
      "asked": {"type": "integer"},
      "created": {"$ref": "#/components/schemas/Time"},
      "expires": {"$ref": "#/components/schemas/Time"},
      "left_s": {"type": "integer"},
      "repeats": {"type": "boolean", "description": "approved for every identical call until it expires"},
      "decided": {"$ref": "#/components/schemas/Time"},
      "decided_by": {"type": "string"},
      "reason": {"type": "string"},
      "agreed": {"type": "array", "items": {"type": "object"}},
      "used": {"type": "integer"},
      "uses": {"type": "array", "items": {"type": "object"}},
      "arguments": {"description": "of the call, canonical"},
      "shown": {"type": "string", "description": "keyed digest of all that a person is shown"}
    },
    "additionalProperties": false
  },
  "ApprovalList": {
    "type": "object",
    "required": ["schema", "approvals"],
    "properties": {
      "schema": {"const": "doorward.approval.list/1"},
      "approvals": {"type": "array", "items": {"$ref": "#/components/schemas/Approval"}},
      "before": {"type": "string", "description": "there is more: give it as `before`"}
    },
    "additionalProperties": false
  },
  "ApprovalAnswer": {
    "type": "object",
    "required": ["schema", "approval"],
    "properties": {
      "schema": {"const": "doorward.approval/1"},
      "approval": {"$ref": "#/components/schemas/Approval"}
    },
    "additionalProperties": false
  },
  "NotifyList": {
    "type": "object",
    "required": ["schema", "channels"],
    "properties": {
      "schema": {"const": "doorward.notify.list/1"},
      "channels": {"type": "array", "items": {
        "type": "object",
        "required": ["name", "type", "events"],
        "properties": {
          "name": {"type": "string"},
          "type": {"enum": ["webhook", "desktop", "mail", "slack"]},
          "events": {"type": "array", "items": {"type": "string"}, "description": "none: all"}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "NotifyTest": {
    "type": "object",
    "required": ["schema", "channel"],
    "properties": {"schema": {"const": "doorward.notify.test/1"}, "channel": {"type": "string"}},
    "additionalProperties": false
  },
  "NotifyLog": {
    "type": "object",
    "required": ["schema", "deliveries"],
    "properties": {
      "schema": {"const": "doorward.notify.log/1"},
      "deliveries": {"type": "array", "items": {
        "type": "object",
        "required": ["number", "id", "event", "request", "channel", "attempt", "time", "state", "status", "detail"],
        "properties": {
          "number": {"type": "integer"},
          "id": {"type": "string"},
          "event": {"type": "string"},
          "request": {"type": "string"},
          "channel": {"type": "string"},
          "attempt": {"type": "integer"},
          "time": {"$ref": "#/components/schemas/Time"},
          "state": {"enum": ["delivered", "will be tried again", "failed", "dropped"]},
          "status": {"type": "integer", "description": "HTTP status or exit code, or 0"},
          "detail": {"type": "string"}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kApprovalRoutes{"Approvals", kRoutes, kSchemas};

}  // namespace doorward::admin
