#pragma once

#include "server/config.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads `secrets:`, where the master key of sealed secrets comes from.
SecretsConfig read_secrets(const yaml::Node& node, FileContext& context);

}  // namespace doorward::server
