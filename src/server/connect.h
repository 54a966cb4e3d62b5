#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "server/client_token.h"

namespace doorward::server {

/// `doorward connect` (docs/connect.md): carries the messages of one client on standard input and output to the gateway
/// of the state directory and back, and starts that gateway where none runs. Neither judges nor records anything: the
/// gateway does. While the gateway is gone, or takes no token of ours, requests are answered with errors; it comes back
/// for the next one. Returns when the client ends its input, or on SIGTERM, SIGINT and SIGHUP. Blocks signals: call it
/// with one thread.
///
/// `lent`: names of variables of this process that only its client could resolve: their values are handed to the gateway
/// for the server (operation secret.lend), which keeps them in memory.
Status connect_stdio(const StateDir& state, const ClientChoice& choice, const std::vector<std::string>& lent);

}  // namespace doorward::server
