#pragma once

#include <string>
#include <string_view>

namespace doorward::cli {

class Session;

/// Where the gateway of this state directory listens, such as `http://127.0.0.1:8420`: as the running one
/// says, else the default.
std::string gateway_url(const Session& session);

/// What a client's configuration needs: `mcpServers` with the URL of one server and the header that carries
/// the token.
std::string client_snippet(std::string_view server, std::string_view base_url, std::string_view token);

}  // namespace doorward::cli
