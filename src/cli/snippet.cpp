#include "cli/snippet.h"

#include "cli/session.h"
#include "json/reader.h"
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

}  // namespace doorward::cli
