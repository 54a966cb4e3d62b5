#include "admin/mcp_tools.h"

#include <algorithm>
#include <array>

#include "json/canonical.h"

namespace doorward::admin {
namespace {

using json::Type;
using json::Value;
using json::Writer;

// The output of every tool. What fails is told in `error`, in words for the agent.
#define DOORWARD_OUTPUT                                                                                           \
  R"("outputSchema":{"type":"object","properties":{"ok":{"type":"boolean","description":"Whether it was done"},)" \
  R"("data":{"description":"The result, where ok is true"},)"                                                     \
  R"("error":{"type":"object","description":"What is wrong, where ok is false","properties":)"                    \
  R"({"kind":{"type":"string"},"message":{"type":"string"}}}},"required":["ok"]})"
#define DOORWARD_LOOKS \
  R"("annotations":{"readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,"openWorldHint":false})"

void put(Writer& out, std::string_view key, Value value) {
  std::string text;
  json::Canonical().append(value, text);
  out.key(key).raw(text);
}

/// Copies what is there; the operation judges it.
void pass(Writer& request, Value arguments, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const Value value = arguments.find(key); value && !value.is(Type::null)) put(request, key, value);
  }
}

/// Hands the members of a result on, but for what names its shape.
void pass_result(Writer& out, Value, Value result) {
  out.begin_object();
  for (const json::Member member : result.members()) {
    if (member.key.string() != "schema") put(out, member.key.string(), member.value);
  }
  out.end_object();
}

/// Where things lie on the gateway's machine is no agent's business.
void pass_status(Writer& out, Value, Value result) {
  out.begin_object();
  for (const json::Member member : result.members()) {
    const std::string_view name = member.key.string();
    if (name != "schema" && name != "state" && name != "config") put(out, name, member.value);
  }
  out.end_object();
}

template <const char* Name>
std::string_view always(Value) {
  return Name;
}

std::string nothing(Writer&, Value) {
  return {};
}

constexpr char kGrantCreate[] = "grant.create";
constexpr char kGrantList[] = "grant.list";
constexpr char kGrantRotate[] = "grant.rotate";
constexpr char kServerList[] = "server.list";
constexpr char kPolicyList[] = "policy.list";
constexpr char kPolicyShow[] = "policy.show";
constexpr char kPolicyExplain[] = "policy.explain";
constexpr char kApprovalList[] = "approval.list";
constexpr char kRecordList[] = "record.list";
constexpr char kCatalogueSearch[] = "catalogue.search";
constexpr char kStatus[] = "status";

// --- keys

/// A key as agents see it: never its text.
void write_key(Writer& out, Value grant) {
  out.begin_object();
  for (const std::string_view member : {"number", "id", "key_id", "label", "state", "server", "policy", "labels",
                                        "token_hint", "created", "expires"}) {
    if (const Value value = grant.find(member)) put(out, member == "id" ? "uuid" : member, value);
  }
  if (const Value owner = grant.find("grant_owner")) put(out, "owner", owner);
  out.end_object();
}

std::string create_members(Writer& request, Value arguments) {
  pass(request, arguments, {"label", "server", "policy", "owner", "labels", "expires"});
  return {};
}

void created(Writer& out, Value, Value result) {
  out.begin_object();
  put(out, "key", result.find("token"));
  out.key("note").string("The key is shown this once and cannot be had again. Store it where only its agent reads it.");
  write_key(out.key("api_key"), result.find("grant"));
  out.end_object();
}

std::string named_members(Writer& request, Value arguments) {
  const Value id = arguments.find("id");
  if (!id.is(Type::number) && !id.is(Type::string)) return "The argument \"id\" must be a number or a text.";
  request.key("label").string(id.is(Type::number) ? id.number() : id.string());
  return {};
}

void listed(Writer& out, Value arguments, Value result) {
  const Value revoked = arguments.find("include_revoked");
  const bool all = revoked.is(Type::boolean) && revoked.boolean();
  out.begin_object().key("api_keys").begin_array();
  for (const Value grant : result.find("grants").elements()) {
    if (all || text_of(grant, "state") != "revoked") write_key(out, grant);
  }
  out.end_array().end_object();
}

bool confirmed(Value arguments) {
  const Value confirm = arguments.find("confirm");
  return confirm.is(Type::boolean) && confirm.boolean();
}

std::string_view delete_operation(Value arguments) {
  return confirmed(arguments) ? "grant.revoke" : "grant.show";
}

void deleted(Writer& out, Value arguments, Value result) {
  const bool done = confirmed(arguments);
  out.begin_object().key("deleted").boolean(done);
  write_key(out.key("api_key"), result.find("grant"));
  out.key("effect").string(
      done ? "The key is refused from now on, also in sessions and streams that were open. Policies are unchanged."
           : "Nothing has happened yet. With confirm: true the key is refused at once, also in sessions and streams "
             "that are open, and cannot be brought back; policies stay as they are.");
  out.end_object();
}

// --- policies, records

std::string show_members(Writer& request, Value arguments) {
  pass(request, arguments, {"name", "server", "version"});
  return {};
}

std::string explain_members(Writer& request, Value arguments) {
  pass(request, arguments, {"grant", "server", "tool"});
  if (const Value args = arguments.find("arguments")) put(request, "args", args);
  return {};
}

std::string records_members(Writer& request, Value arguments) {
  pass(request, arguments, {"agent", "server", "tool", "decision", "rule", "since", "cursor", "limit"});
  return {};
}

std::string approvals_members(Writer& request, Value arguments) {
  pass(request, arguments, {"state"});
  return {};
}

std::string search_members(Writer& request, Value arguments) {
  pass(request, arguments, {"query", "server", "category", "limit"});
  return {};
}

const std::array kTools = {
    McpTool{"api_key_create",
            R"({"name":"api_key_create","title":"Create an API key","description":"Create a new API key: the bearer token with which one agent reaches one server, under one policy of that server. Returns the key once; it cannot be retrieved later. Keys to this server itself cannot be made here.",)"
            R"("inputSchema":{"type":"object","properties":{"label":{"type":"string","description":"What people call the key: letters, digits, '.', '_' and '-'"},"server":{"type":"string","description":"The server or bundle that it reaches"},"policy":{"type":"string","description":"The policy that judges its calls; without one every call is denied"},"owner":{"type":"string","description":"The person who answers for it, and who cannot approve its calls"},"labels":{"type":"object","additionalProperties":{"type":"string"},"description":"Further facts that policies may ask for"},"expires":{"type":"string","description":"A time such as 2027-01-31T14:00:00Z, or from now, such as 30d"}},"required":["label","server"],"additionalProperties":false},)" DOORWARD_OUTPUT
            R"(,"annotations":{"readOnlyHint":false,"destructiveHint":false,"idempotentHint":false,"openWorldHint":false}})",
            always<kGrantCreate>, create_members, created, {identity::Role::admin}},
    McpTool{"api_key_delete",
            R"({"name":"api_key_delete","title":"Delete an API key","description":"Delete an API key by its numeric ID, its UUID, its key_id (the SHA-256 that api_key_list shows) or the full key. Without confirm: true it only shows what would be deleted. Deleting revokes access at once for whoever uses the key, also in open sessions and streams, and cannot be undone; the policy of the key is not affected.",)"
            R"("inputSchema":{"type":"object","properties":{"id":{"type":["integer","string"],"description":"The numeric ID, the UUID, the key_id or the full key"},"confirm":{"type":"boolean","default":false,"description":"Must be true to delete; otherwise a preview"}},"required":["id"],"additionalProperties":false},)" DOORWARD_OUTPUT
            R"(,"annotations":{"readOnlyHint":false,"destructiveHint":true,"idempotentHint":true,"openWorldHint":false}})",
            delete_operation, named_members, deleted, {identity::Role::admin}},
    McpTool{"api_key_list",
            R"({"name":"api_key_list","title":"List API keys","description":"List the API keys: numeric ID, UUID, key_id, label, owner, server, policy, state, and how each key ends. Never a key itself.",)"
            R"("inputSchema":{"type":"object","properties":{"include_revoked":{"type":"boolean","default":false}},"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kGrantList>, nothing, listed, {identity::Role::viewer}},
    McpTool{"api_key_rotate",
            R"({"name":"api_key_rotate","title":"Rotate an API key","description":"Replace an API key by a new one with the same rights, named as for api_key_delete. The old one is refused at once. Returns the new key once; it cannot be retrieved later.",)"
            R"("inputSchema":{"type":"object","properties":{"id":{"type":["integer","string"],"description":"The numeric ID, the UUID, the key_id or the full key"}},"required":["id"],"additionalProperties":false},)" DOORWARD_OUTPUT
            R"(,"annotations":{"readOnlyHint":false,"destructiveHint":true,"idempotentHint":false,"openWorldHint":false}})",
            always<kGrantRotate>, named_members, created, {identity::Role::admin}},
    McpTool{"approval_list",
            R"({"name":"approval_list","title":"List approvals","description":"List the calls that wait for a person, or were decided: who asked, which tool, which rule, until when. Never their arguments. Deciding is for people: no tool does it.",)"
            R"("inputSchema":{"type":"object","properties":{"state":{"type":"string","description":"open (what waits or holds, the default), all, or one of pending, approved, denied, used, expired, cancelled"}},"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kApprovalList>, approvals_members, pass_result, {identity::Role::viewer}},
    McpTool{"audit_query",
            R"({"name":"audit_query","title":"Query the audit log","description":"Find records of the log of decisions, newest first: by agent, server, tool, decision, rule and time. Never argument values.",)"
            R"("inputSchema":{"type":"object","properties":{"agent":{"type":"string","description":"Label of a key"},"server":{"type":"string"},"tool":{"type":"string"},"decision":{"type":"string","description":"allow, deny, hide or approve"},"rule":{"type":"string","description":"How the rule begins"},"since":{"type":"string","description":"A time such as 2027-01-31T14:00:00Z, or a span such as 2h"},"limit":{"type":"integer","minimum":1,"maximum":200},"cursor":{"type":"string","description":"Of the answer before"}},"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kRecordList>, records_members, pass_result, {identity::Role::viewer}},
    McpTool{"catalogue_search",
            R"({"name":"catalogue_search","title":"Search the catalogue","description":"Find tools of the servers that the catalogue knows by words of their name and description: what each does, how risky it is, and, of servers behind this gateway, whether it was reviewed.",)"
            R"("inputSchema":{"type":"object","properties":{"query":{"type":"string","description":"Words that all occur; empty: every tool"},"server":{"type":"string"},"category":{"type":"string","enum":["Read","Write","Execute","Destructive","Financial","Other"]},"limit":{"type":"integer","minimum":1,"maximum":200}},"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kCatalogueSearch>, search_members, pass_result, {identity::Role::viewer}},
    McpTool{"gateway_status",
            R"({"name":"gateway_status","title":"Status of the gateway","description":"What the gateway does now: its version, how many servers, policies and keys it has, its connections and its log.",)"
            R"("inputSchema":{"type":"object","properties":{},"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kStatus>, nothing, pass_status, {identity::Role::viewer}},
    McpTool{"policy_explain",
            R"({"name":"policy_explain","title":"Explain a decision","description":"Say what the policy would decide about a call by a key, and by which rule, without making it.",)"
            R"("inputSchema":{"type":"object","properties":{"grant":{"type":"string","description":"Label, numeric ID or UUID of the key"},"server":{"type":"string","description":"Of a bundle's key: which member"},"tool":{"type":"string"},"arguments":{"type":"object"}},"required":["grant","tool"],"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kPolicyExplain>, explain_members, pass_result, {identity::Role::viewer}},
    McpTool{"policy_list",
            R"({"name":"policy_list","title":"List policies","description":"List the policies: name, server, version, mode.",)"
            R"("inputSchema":{"type":"object","properties":{"server":{"type":"string"}},"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kPolicyList>,
            [](Writer& request, Value arguments) {
              pass(request, arguments, {"server"});
              return std::string();
            },
            pass_result, {identity::Role::viewer}},
    McpTool{"policy_show",
            R"({"name":"policy_show","title":"Show a policy","description":"Show the document of a policy and its versions.",)"
            R"("inputSchema":{"type":"object","properties":{"name":{"type":"string"},"server":{"type":"string"},"version":{"type":"integer","minimum":1}},"required":["name"],"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kPolicyShow>, show_members, pass_result, {identity::Role::viewer}},
    McpTool{"server_list",
            R"({"name":"server_list","title":"List servers","description":"List the servers and bundles behind this gateway.",)"
            R"("inputSchema":{"type":"object","properties":{},"additionalProperties":false},)" DOORWARD_OUTPUT
            "," DOORWARD_LOOKS "}",
            always<kServerList>, nothing, pass_result, {identity::Role::viewer}},
};

#undef DOORWARD_OUTPUT
#undef DOORWARD_LOOKS

constexpr std::string_view kPolicy = R"({
  "version": "1",
  "description": "The gateway's own control plane: an agent may look; a new key asks a person; what destroys is hidden",
  "default": "deny",
  "hide": ["api_key_delete", "api_key_rotate"],
  "all_tools": {
    "limits": [{"counter": "calls-per-minute", "window": "minute", "max": 60, "scope": "grant"}]
  },
  "tools": {
    "api_key_create": {
      "action": "approve",
      "expires": "10m",
      "limits": [{"counter": "keys-per-day", "window": "day", "max": 10, "scope": "grant"}]
    },
    "api_key_list": {},
    "approval_list": {},
    "audit_query": {},
    "catalogue_search": {},
    "gateway_status": {},
    "policy_explain": {},
    "policy_list": {},
    "policy_show": {},
    "server_list": {}
  }
}
)";

}  // namespace

std::span<const McpTool> mcp_tools() {
  return kTools;
}

const McpTool* find_mcp_tool(std::string_view name) {
  const auto found = std::ranges::find(kTools, name, &McpTool::name);
  return found == kTools.end() ? nullptr : &*found;
}

std::string_view mcp_policy() {
  return kPolicy;
}

}  // namespace doorward::admin
