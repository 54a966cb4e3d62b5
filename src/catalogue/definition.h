#pragma once

#include "base/hash.h"
#include "json/canonical.h"
#include "json/value.h"

namespace doorward::catalogue {

/// SHA-256 of the canonical {name, description, inputSchema, annotations} of a tool object, a member that is
/// absent left out: the key by which the same tool of several servers is known as one (catalogue.md section
/// 5).
Digest definition_key(json::Value tool, json::Canonical& canonical);

}  // namespace doorward::catalogue
