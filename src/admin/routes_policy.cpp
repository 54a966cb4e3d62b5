#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "policy.list",
     .verb = Verb::get,
     .path = "/api/v1/policies",
     .text = "Every policy in force, or those of one server.",
     .members = R"({"server": "Name"})",
     .result = "PolicyList",
     .paged = {"policies", "server,name"}},
    {.op = "policy.show",
     .verb = Verb::get,
     .path = "/api/v1/policies/{name}",
     .text = "One policy: its document, and its versions. `server` where several have one of that name.",
     .members = R"({"name": "Name", "server": "Name", "version": {"type": "integer", "minimum": 1}})",
     .result = "PolicyAnswer"},
    {.op = "policy.add",
     .verb = Verb::put,
     .path = "/api/v1/policies/{name}",
     .text = "Makes a document the policy's newest version, once it is valid and its tests pass. `over_failing_tests`: why it is "
             "published although some fail; the reason is recorded, and stands in the version's comment.",
     .members = R"({"name": "Name", "server!": "Name", "text!": {"type": "string"},
                    "file": {"type": "string", "description": "a name for the findings"},
                    "comment": {"type": "string"}, "over_failing_tests": {"type": "string", "maxLength": 1000}})",
     .result = "PolicyTaken"},
    {.op = "policy.validate",
     .verb = Verb::post,
     .path = "/api/v1/policies/validate",
     .text = "Every finding of a document, its own tests included; changes nothing.",
     .members = R"({"text!": {"type": "string"}, "file": {"type": "string", "description": "a name for the findings"}})",
     .result = "PolicyValidated"},
    {.op = "policy.test",
     .verb = Verb::post,
     .path = "/api/v1/policies/test",
     .text = "Runs the tests of a document: a draft (`text`), a policy by name, or the one that a grant carries.",
     .members = R"({"text": {"type": "string"}, "policy": "Name", "server": "Name", "grant": "Name"})",
     .result = "PolicyTested"},
    {.op = "policy.explain",
     .verb = Verb::post,
     .path = "/api/v1/policies/explain",
     .text = "Decides a call that nobody made, by a draft (`text`), a policy by name, or the one that a grant "
             "carries, and says why. Every limit has room.",
     .members = R"({"text": {"type": "string"}, "policy": "Name", "server": "Name", "grant": "Name",
                    "tool!": {"type": "string", "maxLength": 1024}, "args": {"type": "object"},
                    "category": {"enum": ["Read", "Write", "Execute", "Destructive", "Financial", "Other"]},
                    "at": "Time"})",
     .result = "Explanation"},
    {.op = "policy.simulate",
     .verb = Verb::post,
     .path = "/api/v1/policies/simulate",
     .text = "Judges recorded calls by a draft (`text`), or by a policy by name, as if it enforced, and says what would change. "
             "With `policy` they are the calls that this policy decided, else all of the server's. `since`: a time, or a span "
             "before now (7d). Stored arguments are judged for auditors, policy managers and admins; their values are never shown.",
     .members = R"({"text": {"type": "string"}, "policy": "Name", "server": "Name", "grant": "Name",
                    "since": {"type": "string"}, "limit": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 10000}})",
     .result = "PolicySimulated"},
    {.op = "policy.suggest",
     .verb = Verb::post,
     .path = "/api/v1/policies/suggest",
     .text = "Drafts the least-privilege policy from recorded calls: what went through is permitted, all else denied. `check` is the "
             "simulation of the same calls under the draft. Changes nothing.",
     .members = R"({"policy": "Name", "server": "Name", "grant": "Name", "since": {"type": "string"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 10000}})",
     .result = "PolicySuggested"},
    {.op = "policy.diff",
     .verb = Verb::post,
     .path = "/api/v1/policies/diff",
     .text = "What a draft (`text`) answers otherwise than a policy in force, tool by tool as the engine says, and which limits and "
             "settings differ. Both are compared as if they enforced. Without a policy in force it is compared with none.",
     .members = R"({"text!": {"type": "string"}, "policy": "Name", "server": "Name"})",
     .result = "PolicyDiffered"},
    {.op = "policy.remove",
     .verb = Verb::del,
     .path = "/api/v1/policies/{name}",
     .text = "Removes a policy that no grant carries.",
     .members = R"({"name": "Name", "server": "Name"})",
     .result = "PolicyRemoved"},
    {.op = "policy.revert",
     .verb = Verb::post,
     .path = "/api/v1/policies/{name}/revert",
     .text = "Makes the text of an earlier version the newest one.",
     .members = R"({"name": "Name", "server": "Name", "version!": {"type": "integer", "minimum": 1}})",
     .result = "PolicyTaken"},
    {.op = "demo.refused",
     .verb = Verb::post,
     .path = "/api/v1/demo/refused",
     .text = "Makes a call that a policy in force refuses, by a test grant that nobody holds, and says what its agent is told. It is "
             "judged by the engine and recorded like any other, and can reach no server: where the policy would let it pass, none "
             "is made. What is not named is chosen.",
     .members = R"({"server": "Name", "policy": "Name", "tool": {"type": "string", "maxLength": 1024}, "args": {"type": "object"}})",
     .result = "RefusedCall"},
};

constexpr std::string_view kSchemas = R"({
  "RefusedCall": {
    "type": "object",
    "required": ["schema", "id", "grant", "server", "tool", "told_agent"],
    "properties": {
      "schema": {"const": "doorward.demo.refused/1"},
      "id": {"type": "string", "description": "of the decision; its records and explanation are read by it"},
      "grant": {"type": "string"},
      "server": {"type": "string"},
      "tool": {"type": "string"},
      "told_agent": {"type": "string"},
      "explanation": {"type": "object", "description": "as policy.explain gives it; absent where the grant carries no policy"}
    },
    "additionalProperties": false
  },
  "Policy": {
    "type": "object",
    "required": ["name", "server", "version", "sha256", "mode", "description", "owner"],
    "properties": {
      "name": {"$ref": "#/components/schemas/Name"},
      "server": {"type": "string"},
      "version": {"type": "integer"},
      "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
      "mode": {"enum": ["enforce", "observe"]},
      "description": {"type": "string"},
      "owner": {"$ref": "#/components/schemas/Owner"}
    },
    "additionalProperties": false
  },
  "PolicyList": {
    "type": "object",
    "required": ["schema", "policies"],
    "properties": {
      "schema": {"const": "doorward.policy.list/1"},
      "policies": {"type": "array", "items": {"$ref": "#/components/schemas/Policy"}},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "PolicyAnswer": {
    "type": "object",
    "required": ["schema", "policy", "versions", "text"],
    "properties": {
      "schema": {"const": "doorward.policy/1"},
      "policy": {"$ref": "#/components/schemas/Policy"},
      "versions": {"type": "array", "items": {
        "type": "object",
        "required": ["version", "sha256", "author", "comment", "created"],
        "properties": {
          "version": {"type": "integer"},
          "sha256": {"type": "string"},
          "author": {"type": "string"},
          "comment": {"type": "string"},
          "created": {"$ref": "#/components/schemas/Time"}
        },
        "additionalProperties": false
      }},
      "text": {"type": "string", "description": "the document, byte for byte"}
    },
    "additionalProperties": false
  },
  "PolicyTaken": {
    "type": "object",
    "required": ["schema", "policy", "warnings"],
    "properties": {
      "schema": {"const": "doorward.policy/1"},
      "policy": {"$ref": "#/components/schemas/Policy"},
      "warnings": {"type": "array", "items": {"type": "string"}}
    },
    "additionalProperties": false
  },
  "PolicyValidated": {
    "type": "object",
    "required": ["schema", "files"],
    "properties": {
      "schema": {"const": "doorward.policy.validate/1"},
      "files": {"type": "array", "items": {
        "type": "object",
        "required": ["file", "valid", "findings"],
        "properties": {
          "file": {"type": "string"},
          "valid": {"type": "boolean"},
          "sha256": {"type": "string"},
          "findings": {"type": "array", "items": {"type": "object", "required": ["severity", "code", "message"]}}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "PolicyTested": {
    "type": "object",
    "required": ["schema", "passed", "failed", "tests"],
    "properties": {
      "schema": {"const": "doorward.policy.test/1"},
      "passed": {"type": "integer"},
      "failed": {"type": "integer"},
      "tests": {"type": "array", "items": {
        "type": "object",
        "required": ["name", "pointer", "passed", "expected", "got"],
        "properties": {
          "name": {"type": "string"},
          "pointer": {"type": "string"},
          "passed": {"type": "boolean"},
          "expected": {"type": "string"},
          "got": {"type": "string"}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "Explanation": {
    "type": "object",
    "description": "Why a call is or was decided as it is; docs/policy-reference.md. The same for recorded calls and for those that nobody made.",
    "required": ["schema", "id", "time", "decision", "word", "enforced", "code", "summary", "subject", "call", "policy", "rule", "pointer",
                 "line", "note", "evidence", "trace", "effects", "remedy", "told_agent"],
    "properties": {
      "schema": {"const": "doorward.explanation/1"},
      "id": {"type": "string", "description": "of the recorded call; empty where nobody made it"},
      "time": {"type": "string"},
      "decision": {"enum": ["allow", "deny", "hide", "approve"]},
      "word": {"enum": ["allowed", "denied", "hidden", "rate_limited", "needs_approval", "would_deny"],
               "description": "what people are shown; would_deny: observe mode lets pass what it would refuse"},
      "enforced": {"type": "boolean", "description": "false: the policy observes"},
      "code": {"type": "string"},
      "summary": {"type": "string", "description": "one sentence with the values that decided"},
      "subject": {
        "type": "object",
        "required": ["grant", "owner", "client"],
        "properties": {"grant": {"type": "string"}, "owner": {"type": "string"}, "client": {"type": "string"}},
        "additionalProperties": false
      },
      "call": {
        "type": "object",
        "required": ["server", "tool", "args_sha256", "args_state"],
        "properties": {
          "server": {"type": "string"},
          "tool": {"type": "string"},
          "args_sha256": {"type": "string", "description": "the recorded digest of the arguments, keyed, so that nobody can guess them from it; the same for the same arguments"},
          "args_state": {"enum": ["given", "shown", "not_stored", "not_shown"], "description": "not_shown: they are stored, and the caller's roles may not see them"},
          "args_redacted": {"description": "the arguments, without secrets as they were stored"}
        },
        "additionalProperties": false
      },
      "policy": {
        "type": "object",
        "description": "that judged, in the version of that time",
        "required": ["name", "version", "sha256", "origin"],
        "properties": {"name": {"type": "string"}, "version": {"type": "integer"}, "sha256": {"type": "string"}, "origin": {"type": "string"}},
        "additionalProperties": false
      },
      "rule": {"type": "string", "description": "that decided; empty for an allowed call"},
      "pointer": {"type": "string", "description": "JSON Pointer of the rule in the document"},
      "line": {"type": "integer", "description": "of the document; 0: none"},
      "note": {"type": "string", "description": "what the rule's author says"},
      "evidence": {"type": "array", "items": {
        "type": "object",
        "required": ["path", "op", "expected", "actual", "result"],
        "properties": {
          "path": {"type": "string"}, "op": {"type": "string"}, "expected": {},
          "actual": {"type": "string", "description": "shortened JSON; `missing`, or `not stored` where it is not known any more"},
          "result": {"enum": ["true", "false", "error", "unknown"]}
        },
        "additionalProperties": false
      }},
      "trace": {"type": "array", "items": {
        "type": "object",
        "required": ["step", "result", "pointer", "line"],
        "properties": {
          "step": {"type": "string"}, "result": {"enum": ["ok", "decided", "not evaluated"]},
          "pointer": {"type": "string"}, "line": {"type": "integer"}
        },
        "additionalProperties": false
      }},
      "effects": {
        "type": "object",
        "required": ["forwarded", "quota"],
        "properties": {
          "forwarded": {"type": "boolean"},
          "quota": {"enum": ["none used", "to be reserved", "counted", "given back"]},
          "result": {"type": "string", "description": "how a forwarded call ended, once its outcome is recorded"}
        },
        "additionalProperties": false
      },
      "remedy": {
        "type": "object",
        "required": ["retry", "after_s", "changes", "ask"],
        "properties": {
          "retry": {"enum": ["", "never", "changed_arguments", "after", "after_approval", "ask_user"]},
          "after_s": {"type": "integer"},
          "changes": {"type": "array", "items": {"type": "string"}},
          "ask": {"type": "string"}
        },
        "additionalProperties": false
      },
      "told_agent": {"type": "string", "description": "the exact text; empty for a call that went through"},
      "approval": {"type": "string", "description": "the request of people that belongs to the call"},
      "related": {
        "type": "object",
        "description": "ids of recorded calls, newest first, at most 20 each",
        "required": ["within_a_minute", "same_refused_before"],
        "properties": {
          "within_a_minute": {"type": "array", "items": {"type": "string"}, "description": "of the same agent"},
          "same_refused_before": {"type": "array", "items": {"type": "string"}, "description": "the same call with the same arguments"}
        },
        "additionalProperties": false
      },
      "links": {"type": "object", "additionalProperties": {"type": "string"}, "description": "paths of this API: self, record, policy, approval"}
    },
    "additionalProperties": false
  },
  "SuggestedTool": {
    "type": "object",
    "required": ["tool", "calls", "asked", "agents", "refused"],
    "properties": {
      "tool": {"type": "string"},
      "calls": {"type": "integer", "description": "that went through"},
      "asked": {"type": "integer", "description": "of these, with a person's consent"},
      "agents": {"type": "integer"},
      "refused": {"type": "integer", "description": "calls that were refused"}
    },
    "additionalProperties": false
  },
  "PolicySuggested": {
    "type": "object",
    "required": ["schema", "server", "text", "calls", "peak", "tools", "refused", "check", "notes"],
    "properties": {
      "schema": {"const": "doorward.policy.suggest/1"},
      "server": {"type": "string"},
      "text": {"type": "string"},
      "calls": {"type": "integer"},
      "peak": {"type": "integer", "description": "most calls of one agent in a minute"},
      "tools": {"type": "array", "items": {"$ref": "#/components/schemas/SuggestedTool"}},
      "refused": {"type": "array", "items": {"$ref": "#/components/schemas/SuggestedTool"}},
      "check": {"$ref": "#/components/schemas/PolicySimulated"},
      "notes": {"type": "array", "items": {"type": "string"}}
    },
    "additionalProperties": false
  },
  "PolicyDiffered": {
    "type": "object",
    "required": ["schema", "server", "before", "changed", "summary", "widens", "tools", "limits", "settings"],
    "properties": {
      "schema": {"const": "doorward.policy.diff/1"},
      "server": {"type": "string"},
      "before": {
        "type": ["object", "null"],
        "required": ["name", "version", "sha256"],
        "properties": {"name": {"type": "string"}, "version": {"type": "integer"}, "sha256": {"type": "string"}},
        "additionalProperties": false
      },
      "changed": {"type": "boolean", "description": "the texts differ"},
      "summary": {"type": "string"},
      "widens": {"type": "boolean", "description": "something passes that did not, or only with a person or a limit"},
      "tools": {"type": "array", "items": {
        "type": "object",
        "required": ["tool", "before", "after", "before_rule", "rule", "line"],
        "properties": {
          "tool": {"type": "string"},
          "before": {"enum": ["allowed", "denied", "hidden", "rate_limited", "needs_approval", "depends"]},
          "after": {"enum": ["allowed", "denied", "hidden", "rate_limited", "needs_approval", "depends"]},
          "before_rule": {"type": "string"},
          "rule": {"type": "string"},
          "line": {"type": "integer", "description": "of the draft; 0: none"}
        },
        "additionalProperties": false
      }},
      "limits": {"type": "array", "items": {
        "type": "object",
        "required": ["rule", "change", "before", "after"],
        "properties": {
          "rule": {"type": "string"},
          "change": {"enum": ["added", "removed", "lowered", "raised", "changed"]},
          "before": {"type": "string"},
          "after": {"type": "string"}
        },
        "additionalProperties": false
      }},
      "settings": {"type": "array", "items": {
        "type": "object",
        "required": ["name", "before", "after"],
        "properties": {"name": {"type": "string"}, "before": {"type": "string"}, "after": {"type": "string"}},
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  },
  "ChangeCounts": {
    "type": "object",
    "required": ["newly_denied", "newly_asks", "newly_allowed", "not_replayable", "unchanged"],
    "properties": {
      "newly_denied": {"type": "integer"},
      "newly_asks": {"type": "integer"},
      "newly_allowed": {"type": "integer"},
      "not_replayable": {"type": "integer"},
      "unchanged": {"type": "integer"}
    },
    "additionalProperties": false
  },
  "PolicySimulated": {
    "type": "object",
    "required": ["schema", "server", "policy", "draft", "window", "calls", "counts", "succeeded", "arguments_read", "groups",
                 "groups_left_out", "notes", "lockout"],
    "properties": {
      "schema": {"const": "doorward.policy.simulate/1"},
      "server": {"type": "string"},
      "policy": {"type": "string"},
      "draft": {
        "type": "object",
        "required": ["sha256", "mode"],
        "properties": {"sha256": {"type": "string"}, "mode": {"enum": ["enforce", "observe"]}},
        "additionalProperties": false
      },
      "window": {
        "type": "object",
        "required": ["since", "until", "whole"],
        "properties": {
          "since": {"type": "string"},
          "until": {"type": "string"},
          "oldest": {"type": "string", "description": "the oldest call that was replayed"},
          "whole": {"type": "boolean", "description": "false: the window holds more calls than were replayed"}
        },
        "additionalProperties": false
      },
      "calls": {"type": "integer"},
      "counts": {"$ref": "#/components/schemas/ChangeCounts"},
      "succeeded": {"$ref": "#/components/schemas/ChangeCounts"},
      "arguments_read": {"type": "integer", "description": "calls whose stored arguments were judged; that is recorded"},
      "groups": {"type": "array", "items": {
        "type": "object",
        "required": ["change", "agent", "tool", "was", "was_rule", "now", "rule", "pointer", "line", "note", "reason", "why", "calls",
                     "succeeded", "first", "last", "examples"],
        "properties": {
          "change": {"enum": ["newly_denied", "newly_asks", "newly_allowed", "not_replayable", "unchanged"]},
          "agent": {"type": "string"},
          "tool": {"type": "string"},
          "was": {"enum": ["allowed", "denied", "hidden", "rate_limited", "needs_approval"]},
          "was_rule": {"type": "string"},
          "now": {"enum": ["allowed", "denied", "hidden", "rate_limited", "needs_approval", ""]},
          "rule": {"type": "string", "description": "of the draft; empty where it lets the call pass"},
          "pointer": {"type": "string"},
          "line": {"type": "integer", "description": "of the draft; 0: none"},
          "note": {"type": "string"},
          "reason": {"enum": ["", "arguments_not_stored", "arguments_not_shown", "arguments_redacted", "identity_not_recorded",
                              "grant_is_gone", "counters_start_empty"]},
          "why": {"type": "string"},
          "calls": {"type": "integer"},
          "succeeded": {"type": "integer", "description": "of these, how many had succeeded"},
          "first": {"type": "string"},
          "last": {"type": "string"},
          "examples": {"type": "array", "items": {"type": "string"}, "description": "ids of calls, newest first"}
        },
        "additionalProperties": false
      }},
      "groups_left_out": {"type": "integer"},
      "notes": {"type": "array", "items": {"type": "string"}},
      "lockout": {"type": "string", "description": "where the tool most used in the last hour would be refused; else empty"}
    },
    "additionalProperties": false
  },
  "PolicyRemoved": {
    "type": "object",
    "required": ["schema", "name"],
    "properties": {"schema": {"const": "doorward.policy.remove/1"}, "name": {"type": "string"}},
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kPolicyRoutes{"Policies", kRoutes, kSchemas};

}  // namespace doorward::admin
