#pragma once

#include "server/config.h"
#include "server/yaml_fields.h"

namespace doorward::server {

/// Reads one item of `anchors:` (docs/configuration.md). What is wrong is reported to the context.
AnchorConfig read_anchor(const yaml::Node& node, FileContext& context);

/// What an anchor is taken to, for a person and for the log: the file, the URL, or the receiver.
std::string anchor_place(const AnchorConfig& anchor);

}  // namespace doorward::server
