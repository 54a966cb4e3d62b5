#include "policy/schema.h"

namespace doorward::policy {

std::string_view document_schema() {
  // clang-format off
  static constexpr std::string_view kSchema = R"schema({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "https://doorward.io/schemas/policy/1",
  "title": "Doorward policy, language version 1",
  "type": "object",
  "additionalProperties": false,
  "required": ["version", "default"],
  "properties": {
    "$schema": {"type": "string"},
    "version": {"const": "1", "description": "of the language"},
    "description": {"type": "string"},
    "mode": {"enum": ["enforce", "observe"], "default": "enforce"},
    "default": {"enum": ["allow", "deny"], "description": "tools that no entry names"},
    "detail": {
      "enum": ["full", "reason", "minimal"],
      "default": "full",
      "description": "how much of the rule the agent sees"
    },
    "timezone": {"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "default": "UTC", "description": "IANA name"},
    "hide": {"$ref": "#/$defs/names"},
    "all_tools": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "deny_if": {"$ref": "#/$defs/denials"},
        "require": {"$ref": "#/$defs/denials"},
        "approve_if": {"$ref": "#/$defs/approvals"},
        "limits": {"$ref": "#/$defs/limits"},
        "rate_limit": {"$ref": "#/$defs/rate_limit"}
      }
    },
    "tools": {
      "type": "object",
      "additionalProperties": {"$ref": "#/$defs/block"},
      "description": "by name or glob"
    },
    "risk": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "Read": {"$ref": "#/$defs/block"},
        "Write": {"$ref": "#/$defs/block"},
        "Execute": {"$ref": "#/$defs/block"},
        "Destructive": {"$ref": "#/$defs/block"},
        "Financial": {"$ref": "#/$defs/block"},
        "Other": {"$ref": "#/$defs/block"}
      }
    },
    "resources": {"$ref": "#/$defs/section"},
    "prompts": {"$ref": "#/$defs/section"},
    "tests": {"type": "array", "items": {"$ref": "#/$defs/test"}}
  },
  "$defs": {
    "names": {"type": "array", "items": {"type": "string"}, "description": "names or globs, whole-name"},
    "block": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "deny_if": {"$ref": "#/$defs/denials"},
        "require": {"$ref": "#/$defs/denials"},
        "approve_if": {"$ref": "#/$defs/approvals"},
        "limits": {"$ref": "#/$defs/limits"},
        "rate_limit": {"$ref": "#/$defs/rate_limit"},
        "action": {"enum": ["allow", "deny", "hide", "approve"]},
        "reason": {"type": "string", "maxLength": 500},
        "approvers": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "expires": {"$ref": "#/$defs/duration"},
        "on_pending": {"type": "string", "maxLength": 500}
      },
      "allOf": [
        {
          "if": {"properties": {"action": {"enum": ["deny", "hide"]}}, "required": ["action"]},
          "then": {
            "not": {
              "anyOf": [
                {"required": ["deny_if"]},
                {"required": ["require"]},
                {"required": ["approve_if"]},
                {"required": ["limits"]},
                {"required": ["rate_limit"]}
              ]
            }
          }
        }
      ],
      "dependentSchemas": {
        "reason": {"properties": {"action": {"const": "deny"}}, "required": ["action"]},
        "approvers": {"properties": {"action": {"const": "approve"}}, "required": ["action"]},
        "expires": {"properties": {"action": {"const": "approve"}}, "required": ["action"]},
        "on_pending": {"properties": {"action": {"const": "approve"}}, "required": ["action"]}
      }
    },
    "section": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "default": {"enum": ["allow", "deny"]},
        "hide": {"$ref": "#/$defs/names"},
        "deny_if": {"$ref": "#/$defs/denials"},
        "require": {"$ref": "#/$defs/denials"},
        "limits": {"$ref": "#/$defs/limits"}
      }
    },
    "denials": {
      "type": "array",
      "items": {
        "type": "object",
        "additionalProperties": false,
        "properties": {"conditions": {"$ref": "#/$defs/conditions"}, "on_deny": {"type": "string", "maxLength": 500}},
        "required": ["conditions"]
      }
    },
    "approvals": {
      "type": "array",
      "items": {
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "conditions": {"$ref": "#/$defs/conditions"},
          "approvers": {"type": "array", "minItems": 1, "items": {"type": "string"}},
          "approvals": {"type": "integer", "minimum": 1, "maximum": 1000000},
          "self_confirm": {"type": "boolean"},
          "expires": {"$ref": "#/$defs/duration"},
          "on_pending": {"type": "string", "maxLength": 500}
        },
        "required": ["conditions"]
      }
    },
    "duration": {"type": "string", "pattern": "^[1-9][0-9]{0,6}[smhd]$"},
    "conditions": {"type": "array", "items": {"$ref": "#/$defs/condition"}},
    "condition": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "path": {"$ref": "#/$defs/path"},
        "op": {
          "enum": [
            "eq",
            "neq",
            "lt",
            "lte",
            "gt",
            "gte",
            "in",
            "not_in",
            "exists",
            "regex",
            "contains",
            "starts_with",
            "ends_with",
            "path_under",
            "url_host",
            "email_domain",
            "cidr",
            "length"
          ]
        },
        "value": true
      },
      "required": ["path", "op", "value"],
      "allOf": [
        {
          "if": {"properties": {"op": {"enum": ["eq", "neq", "contains"]}}, "required": ["op"]},
          "then": {"properties": {"value": {"$ref": "#/$defs/value"}}}
        },
        {
          "if": {"properties": {"op": {"enum": ["in", "not_in"]}}, "required": ["op"]},
          "then": {"properties": {"value": {"allOf": [{"type": "array"}, {"$ref": "#/$defs/value"}]}}}
        },
        {
          "if": {"properties": {"op": {"enum": ["lt", "lte", "gt", "gte"]}}, "required": ["op"]},
          "then": {"properties": {"value": {"type": "number"}}}
        },
        {
          "if": {"properties": {"op": {"const": "exists"}}, "required": ["op"]},
          "then": {"properties": {"value": {"type": "boolean"}}}
        },
        {
          "if": {"properties": {"op": {"const": "regex"}}, "required": ["op"]},
          "then": {"properties": {"value": {"type": "string"}}}
        },
        {
          "if": {"properties": {"op": {"enum": ["starts_with", "ends_with"]}}, "required": ["op"]},
          "then": {
            "properties": {
              "value": {
                "oneOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]
              }
            }
          }
        },
        {
          "if": {"properties": {"op": {"const": "path_under"}}, "required": ["op"]},
          "then": {
            "properties": {"value": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^/"}}}
          }
        },
        {
          "if": {"properties": {"op": {"const": "url_host"}}, "required": ["op"]},
          "then": {
            "properties": {
              "value": {
                "type": "array",
                "minItems": 1,
                "items": {
                  "type": "string",
                  "pattern": "^(?:(?:\\*\\.)?[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]{1,5})?$"
                }
              }
            }
          }
        },
        {
          "if": {"properties": {"op": {"const": "email_domain"}}, "required": ["op"]},
          "then": {
            "properties": {
              "value": {
                "type": "array",
                "minItems": 1,
                "items": {
                  "type": "string",
                  "pattern": "^(?:\\*\\.)?[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$"
                }
              }
            }
          }
        },
        {
          "if": {"properties": {"op": {"const": "cidr"}}, "required": ["op"]},
          "then": {
            "properties": {
              "value": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "pattern": "^[0-9A-Fa-f:.]+/[0-9]{1,3}$"}
              }
            }
          }
        },
        {
          "if": {"properties": {"op": {"const": "length"}}, "required": ["op"]},
          "then": {
            "properties": {
              "value": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                  "eq": {"type": "integer", "minimum": 0},
                  "lt": {"type": "integer", "minimum": 0},
                  "lte": {"type": "integer", "minimum": 0},
                  "gt": {"type": "integer", "minimum": 0},
                  "gte": {"type": "integer", "minimum": 0}
                },
                "minProperties": 1
              }
            }
          }
        }
      ]
    },
    "value": {
      "allOf": [{"$ref": "#/$defs/plain"}, {"not": {"type": "array", "maxItems": 0}}],
      "description": "any JSON without null"
    },
    "plain": {
      "anyOf": [
        {"type": ["boolean", "number", "string"]},
        {"type": "array", "items": {"$ref": "#/$defs/plain"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/plain"}}
      ]
    },
    "limits": {"type": "array", "items": {"$ref": "#/$defs/limit"}},
    "limit": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "counter": {"type": "string", "minLength": 1},
        "window": {
          "oneOf": [
            {"enum": ["minute", "hour", "day", "week", "month"]},
            {"type": "integer", "minimum": 1, "maximum": 31622400}
          ],
          "description": "a word, or a number of seconds"
        },
        "max": {"type": "number", "minimum": 0, "maximum": 1000000000000},
        "scope": {"enum": ["grant", "session", "identity", "server", "organisation"]},
        "amount": {
          "type": "string",
          "pattern": "^args(?:\\.[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000.\\[\\]\"']+|\\[\"(?:[^\"\\\\\\u0000-\\u001f]|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))*\"\\]|\\[(?:0|[1-9][0-9]*)\\])+$"
        },
        "on_deny": {"type": "string", "maxLength": 500},
        "on_store_error": {"enum": ["deny", "local", "allow"]}
      },
      "required": ["counter", "window", "max", "scope"],
      "if": {"not": {"required": ["amount"]}},
      "then": {"properties": {"max": {"type": "integer"}}}
    },
    "rate_limit": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "max": {"type": "integer", "minimum": 0, "maximum": 1000000000000},
        "window": {
          "oneOf": [
            {"enum": ["minute", "hour", "day", "week", "month"]},
            {"type": "integer", "minimum": 1, "maximum": 31622400}
          ],
          "description": "a word, or a number of seconds"
        }
      },
      "required": ["max", "window"]
    },
    "test": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "name": {"type": "string"},
        "grant": {
          "oneOf": [
            {"type": "string"},
            {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "label": {"type": "string"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}}
              }
            }
          ]
        },
        "identity": {"type": "object"},
        "category": {"enum": ["Read", "Write", "Execute", "Destructive", "Financial", "Other"]},
        "at": {
          "type": "string",
          "pattern": "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
        },
        "tool": {"type": "string"},
        "args": {"type": "object"},
        "expect": {"enum": ["allow", "deny", "hide", "approve"]},
        "rule": {"type": "string"}
      },
      "required": ["name", "tool", "args", "expect"]
    },
    "path": {
      "type": "string",
      "anyOf": [
        {
          "pattern": "^args(?:\\.[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000.\\[\\]\"']+|\\[\"(?:[^\"\\\\\\u0000-\\u001f]|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))*\"\\]|\\[(?:0|[1-9][0-9]*|\\*)\\])+$"
        },
        {
          "pattern": "^identity(?:\\.[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000.\\[\\]\"']+|\\[\"(?:[^\"\\\\\\u0000-\\u001f]|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))*\"\\])(?:\\.[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000.\\[\\]\"']+|\\[\"(?:[^\"\\\\\\u0000-\\u001f]|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))*\"\\]|\\[(?:0|[1-9][0-9]*|\\*)\\])*$"
        },
        {
          "pattern": "^grant(?:\\.(?:labels)|\\[\"(?:labels)\"\\])(?:\\.[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000.\\[\\]\"']+|\\[\"(?:[^\"\\\\\\u0000-\\u001f]|\\\\(?:[\"\\\\/bfnrt]|u[0-9a-fA-F]{4}))*\"\\])$"
        },
        {
          "pattern": "^(?:tool(?:\\.(?:name|category|server)|\\[\"(?:name|category|server)\"\\])|grant(?:\\.(?:label)|\\[\"(?:label)\"\\])|time(?:\\.(?:hour|weekday)|\\[\"(?:hour|weekday)\"\\]))$"
        }
      ]
    }
  }
}
)schema";
  // clang-format on
  return kSchema;
}

}  // namespace doorward::policy
