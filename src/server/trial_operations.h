#pragma once

#include <functional>
#include <vector>

#include "gateway/pin_set.h"
#include "io/loop.h"
#include "server/operations.h"

namespace doorward::server {

/// Takes what a server lists, as when an agent had asked for it.
using TakeToolReports = std::function<void(const std::vector<gateway::ToolReport>& reports)>;

/// Adds `server.test`: tries settings, or those of a server that there is, without keeping anything; and `server.scan`, which
/// asks a server that there is for all its tools and gives them to `take`. For those who may add a server, since both start
/// its command. `surroundings.record` gets `server.tested`.
void add_trial_operations(Operations& operations, const Surroundings& surroundings, TakeToolReports take);

}  // namespace doorward::server
