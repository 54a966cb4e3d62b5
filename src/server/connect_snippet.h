#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doorward::server {

/// What a client needs to reach one server of the gateway under a grant.
struct ConnectSnippet {
  std::string_view client;  ///< `claude-code`, ...
  std::string_view title;   ///< for people
  std::string_view format;  ///< `json`, `toml` or `command`
  std::string_view file;    ///< where it goes; of a command empty
  std::string text;
};

/// Stands where the token goes, which is shown only when it is made.
inline constexpr std::string_view kTokenPlace = "<the token>";

/// The address of a server or bundle behind a gateway: `http://127.0.0.1:8420/mcp/github/`.
std::string endpoint_url(std::string_view base_url, std::string_view server);

/// `mcpServers` with the URL of one server and the header that carries the token, which most clients take.
std::string client_snippet(std::string_view server, std::string_view base_url, std::string_view token);

/// The same in the spelling of each client.
std::vector<ConnectSnippet> connect_snippets(std::string_view server, std::string_view base_url, std::string_view token);

}  // namespace doorward::server
