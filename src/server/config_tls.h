#pragma once

#include "io/tls_server.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads the `tls:` of a listener. What is wrong is reported to the context; the files are read when the
/// listener is made.
io::TlsServerOptions read_tls(const yaml::Node& node, FileContext& context);

}  // namespace doorward::server
