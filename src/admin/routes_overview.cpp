#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "stats",
     .verb = Verb::get,
     .path = "/api/v1/stats",
     .text = "Calls of a period, counted from the log: in all, step by step, by what refused them, and by tool, server, "
             "agent, rule or policy.",
     .members = R"({"since": {"type": "string", "default": "24h", "description": "a time in UTC, or a span before now such as `7d`"},
                    "until": {"type": "string"},
                    "step": {"type": "string", "description": "such as `1h`, also by default up to three days, else `1d`; at most 1000 in the period"},
                    "by": {"enum": ["none", "tool", "server", "agent", "rule", "policy"], "default": "none"},
                    "agent": {"type": "string"}, "server": {"type": "string"}, "tool": {"type": "string"}, "policy": {"type": "string"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "of groups"}})",
     .result = "Statistics"},
    {.op = "attention",
     .verb = Verb::get,
     .path = "/api/v1/attention",
     .text = "What a person should look at, the most harmful first.",
     .members = R"({"limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 5}})",
     .result = "AttentionList"},
};

constexpr std::string_view kSchemas = R"({
  "CallCounts": {
    "type": "object",
    "description": "Decisions of calls in the words of DecisionWord. `calls` is all decisions; `refused` is denied, hidden, rate_limited and needs_approval; `error` counts forwarded calls that failed and is none of the two.",
    "required": ["allowed", "denied", "hidden", "rate_limited", "needs_approval", "would_deny", "error", "calls", "refused", "refused_percent"],
    "properties": {
      "allowed": {"type": "integer"}, "denied": {"type": "integer"}, "hidden": {"type": "integer"},
      "rate_limited": {"type": "integer"}, "needs_approval": {"type": "integer"}, "would_deny": {"type": "integer"},
      "error": {"type": "integer"}, "calls": {"type": "integer"}, "refused": {"type": "integer"},
      "refused_percent": {"type": "number", "description": "of calls, with one decimal"}
    }
  },
  "CallGroup": {
    "allOf": [{"$ref": "#/components/schemas/CallCounts"}],
    "type": "object",
    "description": "With the members by which it is a group: server and tool, server, agent and grant (its id), policy and rule, or server and policy.",
    "properties": {
      "server": {"type": "string"}, "tool": {"type": "string"}, "agent": {"type": "string"}, "grant": {"type": "string"},
      "policy": {"type": "string"}, "rule": {"type": "string"},
      "last": {"type": "string", "description": "when the newest of its calls was decided"},
      "main_rule": {"type": "string", "description": "of what was refused, or would have been, most"},
      "main_rule_count": {"type": "integer"}
    }
  },
  "Statistics": {
    "type": "object",
    "required": ["schema", "since", "until", "step_s", "found_is", "totals", "waiting", "latency", "series", "refused_tools",
                 "refused_agents", "by", "groups"],
    "properties": {
      "schema": {"const": "doorward.stats/1"},
      "since": {"type": "string"},
      "until": {"type": "string"},
      "step_s": {"type": "integer"},
      "found_is": {"enum": ["exact", "at_least"]},
      "totals": {"$ref": "#/components/schemas/CallCounts"},
      "waiting": {
        "type": "object",
        "description": "calls that wait for a person now",
        "required": ["count"],
        "properties": {"count": {"type": "integer"}, "oldest": {"type": "string"}, "oldest_s": {"type": "integer"}},
        "additionalProperties": false
      },
      "latency": {
        "type": "object",
        "description": "`total`: from intent to the end of the answer, of the period's forwarded calls, nearly all of it the server's. `added`: what the gateway itself took, since its start, as the bound of a bucket. Absent without calls.",
        "required": ["calls"],
        "properties": {
          "calls": {"type": "integer"},
          "total_p50_us": {"type": "integer"}, "total_p95_us": {"type": "integer"},
          "added_p50_us": {"type": "integer"}, "added_p95_us": {"type": "integer"}
        },
        "additionalProperties": false
      },
      "series": {"type": "array", "items": {
        "allOf": [{"$ref": "#/components/schemas/CallCounts"}],
        "type": "object",
        "required": ["at"],
        "properties": {"at": {"type": "string", "description": "its beginning"}}
      }},
      "refused_tools": {"type": "array", "maxItems": 10, "items": {"$ref": "#/components/schemas/CallGroup"}},
      "refused_agents": {"type": "array", "maxItems": 10, "items": {"$ref": "#/components/schemas/CallGroup"}},
      "by": {"type": "string"},
      "groups": {"type": "array", "description": "most calls first", "items": {"$ref": "#/components/schemas/CallGroup"}}
    },
    "additionalProperties": false
  },
  "AttentionList": {
    "type": "object",
    "required": ["schema", "items"],
    "properties": {
      "schema": {"const": "doorward.attention/1"},
      "items": {"type": "array", "items": {
        "type": "object",
        "required": ["kind", "sentence", "count", "page", "filters"],
        "properties": {
          "kind": {"enum": ["approvals_waiting", "log_not_accepting", "log_broken", "tool_changed", "destructive_unguarded",
                            "retry_loop", "upstream_down", "grant_unused"]},
          "sentence": {"type": "string"},
          "count": {"type": "integer"},
          "since": {"type": "string"},
          "age_s": {"type": "integer"},
          "page": {"enum": ["approvals", "settings", "log", "servers", "coverage", "agents"], "description": "of the console"},
          "filters": {"type": "object", "additionalProperties": {"type": "string"}, "description": "of that page"}
        },
        "additionalProperties": false
      }}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kOverviewRoutes{"Overview", kRoutes, kSchemas};

}  // namespace doorward::admin
