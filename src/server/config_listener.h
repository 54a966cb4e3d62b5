#pragma once

#include <string>
#include <vector>

#include "server/yaml_fields.h"

namespace doorward::server {

/// `allowed_hosts` and `allowed_origins` of a listener.
std::vector<std::string> read_hosts(Fields& fields, FileContext& context);
std::vector<std::string> read_origins(Fields& fields, FileContext& context);

}  // namespace doorward::server
