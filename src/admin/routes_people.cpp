#include "admin/routes.h"

namespace doorward::admin {
namespace {

constexpr Route kRoutes[] = {
    {.op = "session.open",
     .verb = Verb::post,
     .path = "/api/v1/session",
     .text = "Logs in with name and password, or with a one-time code. The session's cookie is set, and the answer "
             "holds what each change must send in X-Doorward-CSRF.",
     .members = R"({"user": {"type": "string"}, "password": {"type": "string"}, "code": {"type": "string"}})",
     .result = "OwnSession",
     .access = Access::anonymous},
    {.op = "session.show",
     .verb = Verb::get,
     .path = "/api/v1/session",
     .text = "Who asks, and what they may do.",
     .members = "{}",
     .result = "OwnSession",
     .access = Access::signed_in},
    {.op = "session.close",
     .verb = Verb::del,
     .path = "/api/v1/session",
     .text = "Logs out.",
     .members = "{}",
     .result = "SessionEnded",
     .access = Access::signed_in},
    {.op = "login.ways",
     .verb = Verb::get,
     .path = "/api/v1/login",
     .text = "How people can log in here, and the caller's session where its cookie is good; nobody is refused.",
     .members = "{}",
     .result = "LoginWays",
     .access = Access::anonymous},
    {.op = "login.oidc",
     .verb = Verb::get,
     .path = "/api/v1/login/oidc",
     .text = "Sends the browser to the issuer of `people.oidc`, which sends it back.",
     .members = "{}",
     .result = "",
     .access = Access::anonymous},
    {.op = "login.oidc_callback",
     .verb = Verb::get,
     .path = "/api/v1/login/oidc/callback",
     .text = "Where the issuer sends the browser back: sets the session's cookie and leads to `/`.",
     .members = R"({"code": {"type": "string"}, "state": {"type": "string"}, "iss": {"type": "string"},
                    "error": {"type": "string"}})",
     .result = "",
     .access = Access::anonymous,
     .landing = true},
    {.op = "login.code",
     .verb = Verb::post,
     .path = "/api/v1/login/code",
     .text = "A code that logs the user of this machine in once, within a minute; over the Unix socket only.",
     .members = "{}",
     .result = "LoginCode"},
    {.op = "session.list",
     .verb = Verb::get,
     .path = "/api/v1/sessions",
     .text = "The caller's sessions; an admin's list has everybody's, or those of one person.",
     .members = R"({"person": {"type": "string"}})",
     .result = "SessionList",
     .paged = {"sessions", "created,id"}},
    {.op = "session.end",
     .verb = Verb::del,
     .path = "/api/v1/sessions/{id}",
     .text = "Ends one of the caller's sessions, or, for an admin, anybody's.",
     .members = R"({"id": {"type": "string"}})",
     .result = "SessionEnded"},
    {.op = "account.show",
     .verb = Verb::get,
     .path = "/api/v1/account",
     .text = "What the gateway knows of the caller.",
     .members = "{}",
     .result = "Account"},
    {.op = "account.set_password",
     .verb = Verb::put,
     .path = "/api/v1/account/password",
     .text = "Changes the caller's own password; all their sessions end.",
     .members = R"({"old!": {"type": "string"}, "password!": "Password"})",
     .result = "UserAnswer"},
    {.op = "user.list",
     .verb = Verb::get,
     .path = "/api/v1/users",
     .text = "Every local user; no password.",
     .members = "{}",
     .result = "UserList",
     .paged = {"users", "name"}},
    {.op = "user.add",
     .verb = Verb::post,
     .path = "/api/v1/users",
     .text = "Adds a local user. Without a password nobody logs in as them: for programs with an access token.",
     .members = R"({"name!": "UserName", "roles!": "Roles", "groups": "ApproverGroups", "email": {"type": "string"},
                    "password": "Password"})",
     .result = "UserAnswer"},
    {.op = "user.show",
     .verb = Verb::get,
     .path = "/api/v1/users/{name}",
     .text = "One local user.",
     .members = R"({"name": "UserName"})",
     .result = "UserAnswer"},
    {.op = "user.set",
     .verb = Verb::patch,
     .path = "/api/v1/users/{name}",
     .text = "Replaces those of a user's roles, groups and e-mail address that are given. Their sessions end where "
             "roles or groups changed.",
     .members = R"({"name": "UserName", "roles": "Roles", "groups": "ApproverGroups", "email": {"type": "string"},
                    "revision": {"type": "integer", "minimum": 1}})",
     .result = "UserAnswer"},
    {.op = "user.set_password",
     .verb = Verb::put,
     .path = "/api/v1/users/{name}/password",
     .text = "Sets a user's password; all their sessions end.",
     .members = R"({"name": "UserName", "password!": "Password"})",
     .result = "UserAnswer"},
    {.op = "user.disable",
     .verb = Verb::post,
     .path = "/api/v1/users/{name}/disable",
     .text = "Ends a user's sessions and access; their tokens are refused.",
     .members = R"({"name": "UserName", "revision": {"type": "integer", "minimum": 1}})",
     .result = "UserAnswer"},
    {.op = "user.enable",
     .verb = Verb::post,
     .path = "/api/v1/users/{name}/enable",
     .text = "Lets a disabled user in again.",
     .members = R"({"name": "UserName", "revision": {"type": "integer", "minimum": 1}})",
     .result = "UserAnswer"},
    {.op = "user.remove",
     .verb = Verb::del,
     .path = "/api/v1/users/{name}",
     .text = "Removes a user, their sessions and access tokens.",
     .members = R"({"name": "UserName", "revision": {"type": "integer", "minimum": 1}})",
     .result = "UserRemoved"},
    {.op = "token.list",
     .verb = Verb::get,
     .path = "/api/v1/tokens",
     .text = "The caller's access tokens; an admin's list has everybody's, or those of one user.",
     .members = R"({"user": {"type": "string"}})",
     .result = "AccessTokenList",
     .paged = {"access_tokens", "created,id"}},
    {.op = "token.create",
     .verb = Verb::post,
     .path = "/api/v1/tokens",
     .text = "Makes an access token by which a program acts as a user. The answer holds it, this once.",
     .members = R"({"label!": "Name", "user": "UserName", "roles": "Roles",
                    "expires": {"type": "string", "description": "a time within 366 days, or a span from now such as `30d`"}})",
     .result = "AccessTokenSecret"},
    {.op = "token.revoke",
     .verb = Verb::del,
     .path = "/api/v1/tokens/{id}",
     .text = "Ends an access token for good.",
     .members = R"({"id": {"type": "string"}})",
     .result = "AccessTokenRevoked"},
};

constexpr std::string_view kSchemas = R"({
  "UserName": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z0-9][a-z0-9._-]*$"},
  "Password": {"type": "string", "minLength": 12, "maxLength": 1024},
  "Role": {"enum": ["viewer", "auditor", "approver", "policy_manager", "admin"]},
  "Roles": {"type": "array", "items": {"$ref": "#/components/schemas/Role"}},
  "ApproverGroups": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 128}, "maxItems": 64},
  "Account": {
    "type": "object",
    "required": ["schema", "name", "roles", "groups", "also", "address", "via"],
    "properties": {
      "schema": {"const": "doorward.account/1"},
      "name": {"type": "string", "description": "`user:NAME`, `oidc:ISSUER#SUBJECT`, `cert:SHA256`, `uid:NUMBER`"},
      "roles": {"$ref": "#/components/schemas/Roles"},
      "groups": {"$ref": "#/components/schemas/ApproverGroups"},
      "also": {"type": "array", "items": {"type": "string"}},
      "address": {"type": "string"},
      "via": {"type": "string", "description": "`session:ID`, `token:ID`; empty over the Unix socket"}
    },
    "additionalProperties": false
  },
  "OwnSession": {
    "type": "object",
    "required": ["schema", "name", "roles", "groups", "session", "csrf"],
    "properties": {
      "schema": {"const": "doorward.session/1"},
      "name": {"type": "string"},
      "roles": {"$ref": "#/components/schemas/Roles"},
      "groups": {"$ref": "#/components/schemas/ApproverGroups"},
      "session": {"type": "string", "description": "its id; empty without a session"},
      "csrf": {"type": "string", "description": "for the header X-Doorward-CSRF; empty without a session"}
    },
    "additionalProperties": false
  },
  "SessionEnded": {
    "type": "object",
    "required": ["schema"],
    "properties": {"schema": {"const": "doorward.session.ended/1"}},
    "additionalProperties": false
  },
  "LoginWays": {
    "type": "object",
    "required": ["schema", "password", "oidc", "bootstrap"],
    "properties": {
      "schema": {"const": "doorward.login.ways/1"},
      "password": {"type": "boolean", "description": "somebody has a password"},
      "oidc": {"type": "boolean", "description": "`people.oidc` is configured"},
      "bootstrap": {"type": "boolean", "description": "there is no admin yet but the user of the gateway's machine"},
      "session": {"$ref": "#/components/schemas/OwnSession"}
    },
    "additionalProperties": false
  },
  "LoginCode": {
    "type": "object",
    "required": ["schema", "code"],
    "properties": {"schema": {"const": "doorward.login.code/1"}, "code": {"type": "string"}},
    "additionalProperties": false
  },
  "Session": {
    "type": "object",
    "required": ["id", "person", "method", "address", "agent", "created", "seen", "current"],
    "properties": {
      "id": {"type": "string"},
      "person": {"type": "string"},
      "method": {"enum": ["password", "oidc", "code"]},
      "address": {"type": "string"},
      "agent": {"type": "string", "description": "the browser's User-Agent; untrusted"},
      "created": {"$ref": "#/components/schemas/Time"},
      "seen": {"$ref": "#/components/schemas/Time"},
      "current": {"type": "boolean"}
    },
    "additionalProperties": false
  },
  "SessionList": {
    "type": "object",
    "required": ["schema", "sessions"],
    "properties": {
      "schema": {"const": "doorward.session.list/1"},
      "sessions": {"type": "array", "items": {"$ref": "#/components/schemas/Session"}},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "User": {
    "type": "object",
    "required": ["name", "email", "roles", "groups", "state", "password", "created", "updated", "revision"],
    "properties": {
      "name": {"$ref": "#/components/schemas/UserName"},
      "email": {"type": "string"},
      "roles": {"$ref": "#/components/schemas/Roles"},
      "groups": {"$ref": "#/components/schemas/ApproverGroups"},
      "state": {"enum": ["active", "disabled"]},
      "password": {"type": "boolean", "description": "whether one is set"},
      "created": {"$ref": "#/components/schemas/Time"},
      "updated": {"$ref": "#/components/schemas/Time"},
      "revision": {"type": "integer"}
    },
    "additionalProperties": false
  },
  "UserList": {
    "type": "object",
    "required": ["schema", "users"],
    "properties": {
      "schema": {"const": "doorward.user.list/1"},
      "users": {"type": "array", "items": {"$ref": "#/components/schemas/User"}},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "UserAnswer": {
    "type": "object",
    "required": ["schema", "user"],
    "properties": {
      "schema": {"const": "doorward.user/1"},
      "user": {"$ref": "#/components/schemas/User"}
    },
    "additionalProperties": false
  },
  "UserRemoved": {
    "type": "object",
    "required": ["schema"],
    "properties": {"schema": {"const": "doorward.user.removed/1"}},
    "additionalProperties": false
  },
  "AccessToken": {
    "type": "object",
    "required": ["id", "user", "label", "roles", "token_hint", "created", "expires"],
    "properties": {
      "id": {"type": "string"},
      "user": {"type": "string"},
      "label": {"type": "string"},
      "roles": {"$ref": "#/components/schemas/Roles"},
      "token_hint": {"type": "string"},
      "created": {"$ref": "#/components/schemas/Time"},
      "expires": {"$ref": "#/components/schemas/Time"}
    },
    "additionalProperties": false
  },
  "AccessTokenList": {
    "type": "object",
    "required": ["schema", "access_tokens"],
    "properties": {
      "schema": {"const": "doorward.token.list/1"},
      "access_tokens": {"type": "array", "items": {"$ref": "#/components/schemas/AccessToken"}},
      "next": {"type": "string"}
    },
    "additionalProperties": false
  },
  "AccessTokenSecret": {
    "type": "object",
    "required": ["schema", "token", "access_token"],
    "properties": {
      "schema": {"const": "doorward.token.secret/1"},
      "token": {"type": "string"},
      "access_token": {"$ref": "#/components/schemas/AccessToken"}
    },
    "additionalProperties": false
  },
  "AccessTokenRevoked": {
    "type": "object",
    "required": ["schema"],
    "properties": {"schema": {"const": "doorward.token.revoked/1"}},
    "additionalProperties": false
  }
})";

}  // namespace

constexpr RouteGroup kPeopleRoutes{"People", kRoutes, kSchemas};

}  // namespace doorward::admin
