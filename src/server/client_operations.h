#pragma once

#include "server/operations.h"

namespace doorward::server {

/// Adds `client.list`: how the clients of the person who runs this process stand towards the gateway, which is read from
/// their files beside the loop's thread; and `client.read`: the servers that a client's configuration text names, with the settings by which `server.add` takes
/// each. Reads the text and nothing else; starts nothing.
void add_client_operations(Operations& operations, const std::string& state_directory, io::Loop& loop);

}  // namespace doorward::server
