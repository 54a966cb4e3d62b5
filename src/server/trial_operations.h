#pragma once

#include "io/loop.h"
#include "server/operations.h"

namespace doorward::server {

/// Adds `server.test`: tries settings, or those of a server that there is, without keeping anything. For those
/// who may add a server, since it starts its command. `surroundings.record` gets `server.tested`.
void add_trial_operations(Operations& operations, const Surroundings& surroundings);

}  // namespace doorward::server
