#pragma once

#include "server/config.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads `people:`, the issuer by which people log in.
PeopleConfig read_people(const yaml::Node& node, FileContext& context);

}  // namespace doorward::server
