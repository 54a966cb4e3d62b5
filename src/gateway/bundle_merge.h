#pragma once

#include <span>
#include <string>

#include "json/reader.h"

namespace doorward::gateway {

/// The capabilities of a bundle: what at least one member has, of what the gateway carries through a bundle
/// (tools, resources, prompts, completions, logging, tasks). `members`: JSON objects, or empty texts.
std::string merge_capabilities(std::span<const std::string> members, json::Reader& reader);

}  // namespace doorward::gateway
