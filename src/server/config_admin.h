#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/tls_server.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// `admin:` of the configuration: where the admin API listens besides the Unix socket.
struct AdminConfig {
  std::string listen = "127.0.0.1:8421";  ///< empty: nowhere (`listen: none`)
  bool chosen = false;                    ///< `listen` stands in the file, so it must be had
  std::optional<io::TlsServerOptions> tls;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
};

void read_admin(const yaml::Node& node, AdminConfig& admin, FileContext& context);

}  // namespace doorward::server
