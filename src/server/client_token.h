#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "server/state_dir.h"

namespace doorward::server {

/// The tokens by which the clients of this computer reach their servers through `doorward connect`: one file for each
/// grant, `clients/LABEL.token` in the state directory, mode 0600. A client's configuration names the grant and never
/// holds the token.

/// The grant's label for a client (clients::ClientInfo::id) and a server, as `doorward init` makes it: `CLIENT-SERVER`.
std::string client_grant_label(std::string_view client, std::string_view server);

/// Where the token of a grant lies.
std::string client_token_file(const StateDir& state, std::string_view label);

/// Whom `doorward connect` speaks for.
struct ClientChoice {
  std::string server;
  std::string grant;   ///< label; empty: by `client`
  std::string client;  ///< empty too: the server's own name as label, or the one client that has this server
};

struct ClientToken {
  std::string label;
  std::string token;
};

/// The token to greet with. not_found where there is none, invalid where it cannot be told which, denied where others can
/// read it; the message names the next step.
Result<ClientToken> read_client_token(const StateDir& state, const ClientChoice& choice);

}  // namespace doorward::server
