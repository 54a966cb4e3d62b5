#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "agent.list",
     .verb = Verb::get,
     .path = "/api/v1/agents/revoked",
     .text = "The agents of authorization servers that are let in no more.",
     .members = "{}",
     .result = "AgentList",
     .paged = {"revoked", "issuer,subject"}},
    {.op = "agent.revoke",
     .verb = Verb::post,
     .path = "/api/v1/agents/revoked",
     .text = "Lets an agent in no more, whatever token it shows; its open streams close within a second.",
     .members = R"({"issuer!": {"type": "string", "minLength": 1}, "subject!": {"type": "string", "minLength": 1}})",
     .result = "AgentAnswer"},
    {.op = "agent.restore",
     .verb = Verb::del,
     .path = "/api/v1/agents/revoked",
     .text = "Lets a revoked agent in again.",
     .members = R"({"issuer!": {"type": "string", "minLength": 1}, "subject!": {"type": "string", "minLength": 1}})",
     .result = "AgentAnswer"},
};

constexpr std::string_view kSchemas = R"({
  "AgentList": {
    "type": "object",
    "required": ["schema", "revoked"],
    "properties": {
      "schema": {"const": "doorward.agent.list/1"},
      "revoked": {"type": "array", "items": {
        "type": "object",
        "required": ["issuer", "subject", "since"],
        "properties": {
          "issuer": {"type": "string"},
          "subject": {"type": "string"},
          "since": {"$ref": "#/components/schemas/Time"}
        },
        "additionalProperties": false
      }},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "AgentAnswer": {
    "type": "object",
    "required": ["schema", "issuer", "subject"],
    "properties": {
      "schema": {"const": "doorward.agent/1"},
      "issuer": {"type": "string"},
      "subject": {"type": "string"}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kAgentRoutes{"Agents", kRoutes, kSchemas};

}  // namespace doorward::admin
