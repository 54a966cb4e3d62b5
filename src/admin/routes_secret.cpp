#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "secret.list",
     .verb = Verb::get,
     .path = "/api/v1/secrets",
     .text = "Every sealed secret, without its value, and the servers that refer to it.",
     .members = "{}",
     .result = "SecretList",
     .paged = {"secrets", "name"}},
    {.op = "secret.set",
     .verb = Verb::put,
     .path = "/api/v1/secrets/{name}",
     .text = "Stores a secret. Its value never comes back. `version`: the one that is to be replaced, 0 for none.",
     .members = R"({"name": "Name", "value!": {"type": "string", "writeOnly": true, "minLength": 1, "maxLength": 65536},
                    "version": {"type": "integer", "minimum": 0}})",
     .result = "SecretAnswer"},
    {.op = "secret.rotate",
     .verb = Verb::post,
     .path = "/api/v1/secrets/{name}/rotate",
     .text = "Gives a secret that exists another value, which counts from the next call on.",
     .members = R"({"name": "Name", "value!": {"type": "string", "writeOnly": true, "minLength": 1, "maxLength": 65536},
                    "version": {"type": "integer", "minimum": 0}})",
     .result = "SecretAnswer"},
    {.op = "secret.remove",
     .verb = Verb::del,
     .path = "/api/v1/secrets/{name}",
     .text = "Removes a secret. Servers that refer to it are given nothing from then on.",
     .members = R"({"name": "Name", "version": {"type": "integer", "minimum": 0}})",
     .result = "SecretRemoved"},
    {.op = "secret.lend",
     .verb = Verb::put,
     .path = "/api/v1/servers/{server}/lent",
     .text = "Hands values over that a client's process has in its environment, for a server whose settings refer to them as "
             "`lent`. They are kept in memory alone, until the gateway ends.",
     .members = R"({"server": "Name", "values!": {"type": "object", "writeOnly": true, "additionalProperties": {"type": "string"}}})",
     .result = "SecretLent"},
    {.op = "secret.rotate_key",
     .verb = Verb::post,
     .path = "/api/v1/secrets-key/rotate",
     .text = "Wraps the data keys of all secrets by a new master key; the sealed values stay as they are.",
     .members = "{}",
     .result = "SecretKeyRotated"},
};

constexpr std::string_view kSchemas = R"({
  "Secret": {
    "type": "object",
    "required": ["name", "version", "created", "updated", "key", "servers"],
    "properties": {
      "name": {"$ref": "#/components/schemas/Name"},
      "version": {"type": "integer", "description": "grows by one with every value"},
      "created": {"$ref": "#/components/schemas/Time"},
      "updated": {"$ref": "#/components/schemas/Time"},
      "key": {"type": "string", "description": "of the master key, an id that tells nothing of it"},
      "servers": {"type": "array", "items": {"type": "string"}}
    },
    "additionalProperties": false
  },
  "SecretList": {
    "type": "object",
    "required": ["schema", "secrets"],
    "properties": {
      "schema": {"const": "doorward.secret.list/1"},
      "secrets": {"type": "array", "items": {"$ref": "#/components/schemas/Secret"}},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "SecretAnswer": {
    "type": "object",
    "required": ["schema", "secret"],
    "properties": {
      "schema": {"const": "doorward.secret/1"},
      "secret": {"$ref": "#/components/schemas/Secret"}
    },
    "additionalProperties": false
  },
  "SecretRemoved": {
    "type": "object",
    "required": ["schema", "name", "withheld"],
    "properties": {
      "schema": {"const": "doorward.secret.remove/1"},
      "name": {"type": "string"},
      "withheld": {"type": "array", "items": {"type": "string"}, "description": "servers that referred to it"}
    },
    "additionalProperties": false
  },
  "SecretLent": {
    "type": "object",
    "required": ["schema", "server"],
    "properties": {"schema": {"const": "doorward.secret.lend/1"}, "server": {"type": "string"}},
    "additionalProperties": false
  },
  "SecretKeyRotated": {
    "type": "object",
    "required": ["schema", "key", "secrets"],
    "properties": {
      "schema": {"const": "doorward.secret.rotate_key/1"},
      "key": {"type": "string"},
      "secrets": {"type": "integer", "description": "how many data keys were wrapped anew"}
    },
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kSecretRoutes{"Secrets", kRoutes, kSchemas};

}  // namespace doorward::admin
