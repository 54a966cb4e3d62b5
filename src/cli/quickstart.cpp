#include "cli/quickstart.h"

#include <string_view>

#include "cli/demo_policy.h"
#include "cli/operate.h"
#include "cli/session.h"
#include "cli/snippet.h"
#include "server/connect_snippet.h"
#include "server/control_client.h"

namespace doorward::cli {
namespace {

constexpr std::string_view kName = "demo";
// The link to this very program: it stays right when the binary is moved or replaced.
constexpr std::string_view kSettings = R"({"command":["/proc/self/exe","demo-server"]})";

/// Whether an object of the name exists; nothing after a failure other than its absence.
std::optional<bool> exists(Session& session, const server::StateDir& state, std::string_view op,
                           std::string_view key) {
  std::string request;
  json::Writer(request).begin_object().key("op").string(op).key(key).string(kName).end_object();
  const auto answer = server::run_operation(state, request);
  if (answer) return true;
  if (answer.error().error.kind == ErrorKind::not_found) return false;
  session.fail(answer.error().error);
  return std::nullopt;
}

/// Makes what is missing; the new token, or empty where the grant was there before. Nothing after a failure.
std::optional<std::string> set_up(Session& session, const server::StateDir& state) {
  const auto has_server = exists(session, state, "server.show", "name");
  if (!has_server) return std::nullopt;
  if (!*has_server && !ask(session, "server.add", [](json::Writer& writer) {
        writer.key("name").string(kName).key("settings").raw(kSettings);
      })) {
    return std::nullopt;
  }
  const auto has_policy = exists(session, state, "policy.show", "name");
  if (!has_policy) return std::nullopt;
  if (!*has_policy && !ask(session, "policy.add", [](json::Writer& writer) {
        writer.key("name").string(kName).key("server").string(kName).key("text").string(demo_policy());
      })) {
    return std::nullopt;
  }
  const auto has_grant = exists(session, state, "grant.show", "label");
  if (!has_grant) return std::nullopt;
  if (*has_grant) return std::string();
  const auto made = ask(session, "grant.create", [](json::Writer& writer) {
    writer.key("label").string(kName).key("server").string(kName).key("policy").string(kName);
  });
  if (!made) return std::nullopt;
  json::Reader reader;
  const auto value = reader.read(*made);
  const json::Value token = value ? value->find("token") : json::Value();
  return token.is(json::Type::string) ? std::string(token.string()) : std::string();
}

std::string curl(const std::string& url, std::string_view comment, std::string_view tool,
                 std::string_view args) {
  std::string body = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" +
                     std::string(tool) + R"(","arguments":)" + std::string(args) +
                     R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                     R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
  return "# " + std::string(comment) + "\ncurl -sS " + url + "/mcp/" + std::string(kName) +
         "/ -H \"Authorization: Bearer $TOKEN\" \\\n  -H 'Content-Type: application/json' "
         "-H 'Accept: application/json, text/event-stream' \\\n  -H 'MCP-Protocol-Version: 2026-07-28' "
         "-H 'Mcp-Method: tools/call' -H 'Mcp-Name: " +
         std::string(tool) + "' \\\n  -d '" + body + "'\n";
}

void print_guide(const server::Addresses& addresses, const std::string& token, const server::StateDir& state) {
  const std::string& url = addresses.agents;
  print_line("\nURL:    " + url + "/mcp/" + std::string(kName) + "/");
  if (token.empty()) {
    print_line(
        "token:  was shown when the grant was made; for a new one run\n        doorward grant rotate " +
        std::string(kName) + " --state " + state.path);
  } else {
    print_line("token:  " + token + "   (shown this once)");
  }
  print_line("\nFor a client such as Claude Code or Cursor:\n" +
             server::client_snippet(kName, url, token.empty() ? server::kTokenPlace : std::string_view(token)));
  print_line("\nThree calls to try in another terminal:\n\nTOKEN=" + (token.empty() ? std::string(server::kTokenPlace) : token));
  print_line(curl(url, "allowed: what notes are there?", "list_notes", "{}"));
  print_line(curl(url, "allowed: a refund of 20 with a reason", "create_refund",
                  R"({"amount":20,"reason":"late delivery"})"));
  print_line(curl(url, "refused by the policy, with the reason", "create_refund",
                  R"({"amount":500,"reason":"late delivery"})"));
  print_line("Then: doorward log tail --state " + state.path);
  if (!addresses.console.empty()) {
    print_line("Console: " + addresses.console + "   (sign in: doorward ui --state " + state.path + ")");
  }
  print_line("Ctrl-C ends the gateway.");
}

}  // namespace

void quickstart(Session& session, const std::string& listen) {
  server::StateDir state;
  if (!session.find_state(state)) return;
  const auto token = set_up(session, state);
  if (!token) return;
  server::ServeOptions options;
  options.state = state.path;
  options.listen = listen;
  bool shown = token->empty();
  run_gateway(session, options, [&](const server::Addresses& addresses) {
    print_guide(addresses, *token, state);
    shown = true;
  });
  if (!shown) session.say("the grant demo was made all the same; its token, shown this once, is " + *token);
}

}  // namespace doorward::cli
