#pragma once

#include "server/config.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads the `notifications:` and `approvals:` sections. What is wrong is reported to the context.
NotificationsConfig read_notifications(const yaml::Node& node, FileContext& context);
ApprovalsConfig read_approvals(const yaml::Node& node, FileContext& context);

}  // namespace doorward::server
