#pragma once

#include <string_view>

#include "catalogue/import_parts.h"

namespace doorward::catalogue::parts {

/// Reads a `server.json` of the official registry, in its present form (camel case) and its older ones
/// (`version_detail`, `registry_name`, `package_name`, snake case), into a listing. Tool definitions that the
/// publisher provided in `_meta` are taken too. `text`: what `server` was read from; `where`: where it
/// stands.
void read_server_json(Intake& intake, json::Value server, std::string_view text, std::string_view where,
                      Listing& listing);

}  // namespace doorward::catalogue::parts
