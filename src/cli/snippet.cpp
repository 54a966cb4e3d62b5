#include "cli/snippet.h"

#include "cli/session.h"
#include "json/reader.h"
#include "json/writer.h"
#include "server/control_client.h"

namespace doorward::cli {

std::string gateway_url(const Session& session) {
  constexpr const char* kDefault = "http://127.0.0.1:8420";
  const auto state = server::choose_state_dir(session.state_option);
  if (!state) return kDefault;
  const auto answer = server::ask_gateway(*state, R"({"op":"status"})");
  if (!answer) return kDefault;
  json::Reader reader;
  const auto value = reader.read(*answer);
  const json::Value url = value ? value->find("url") : json::Value();
  return url.is(json::Type::string) ? std::string(url.string()) : kDefault;
}

std::string client_snippet(std::string_view server, std::string_view base_url, std::string_view token) {
  const auto quoted = [](std::string_view text) {
    std::string out;
    json::append_string(out, text);
    return out;
  };
  return "{\n  \"mcpServers\": {\n    " + quoted(server) + ": {\n      \"type\": \"http\",\n      \"url\": " +
         quoted(std::string(base_url) + "/mcp/" + std::string(server) + "/") +
         ",\n      \"headers\": {\"Authorization\": " + quoted("Bearer " + std::string(token)) +
         "}\n    }\n  }\n}";
}

}  // namespace doorward::cli
