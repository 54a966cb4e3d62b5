#pragma once

#include <vector>

#include "approval/channel.h"
#include "base/result.h"
#include "server/config.h"

namespace doorward::server {

/// The channels of a configuration with their secrets fetched. The error names the channel, never a secret.
Result<std::vector<approval::Channel>> open_channels(const NotificationsConfig& config);

}  // namespace doorward::server
