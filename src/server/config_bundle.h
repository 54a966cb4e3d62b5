#pragma once

#include "server/config.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads one item of `bundles:`. What is wrong is reported to the context; the result holds what could be
/// read.
BundleConfig read_bundle(const yaml::Node& node, FileContext& context);

}  // namespace doorward::server
