#pragma once

#include <string>
#include <vector>

#include "server/yaml_fields.h"

namespace doorward::server {

/// `127.0.0.1:8420` or `[::1]:8420`: numeric, so that no name server decides where the gateway listens.
bool is_listen_address(const std::string& text);

/// `allowed_hosts` and `allowed_origins` of a listener.
std::vector<std::string> read_hosts(Fields& fields, FileContext& context);
std::vector<std::string> read_origins(Fields& fields, FileContext& context);

}  // namespace doorward::server
