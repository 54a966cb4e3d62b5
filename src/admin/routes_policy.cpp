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
     .text = "Makes a document the policy's newest version, once it is valid and its tests pass.",
     .members = R"({"name": "Name", "server!": "Name", "text!": {"type": "string"},
                    "file": {"type": "string", "description": "a name for the findings"},
                    "comment": {"type": "string"}})",
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
};

constexpr std::string_view kSchemas = R"({
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
    "description": "Why a call is or would be decided as it is; docs/policy-reference.md.",
    "required": ["schema", "decision", "enforced", "code", "summary", "rule"]
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
