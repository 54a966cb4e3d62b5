#pragma once

#include "server/config.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads `waiting:`, how callers wait for people (docs/approvals.md). What is wrong is reported to the context; the
/// result holds what could be read.
WaitingConfig read_waiting(const yaml::Node& node, FileContext& context);

}  // namespace doorward::server
