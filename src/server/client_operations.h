#pragma once

#include "server/operations.h"

namespace doorward::server {

/// Adds `client.read`: the servers that a client's configuration text names, with the settings by which `server.add` takes
/// each. Reads the text and nothing else; starts nothing.
void add_client_operations(Operations& operations);

}  // namespace doorward::server
