#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "policy/finding.h"

namespace doorward::policy {

/// Whether a tree looks like the older YAML dialect (`rules` under a tool, `rate_limit: 5/hour`, `state`).
bool is_older_dialect(json::Value document);

struct Translation {
  std::string document;  ///< in the language of policy.md, indented; `load` accepts it
  std::vector<std::string>
      notes;  ///< where our rule is stricter or a name was dropped, for the person who imports
};

/// The translation of a document in the older dialect, already read from YAML into a tree (`text` is what the
/// tree was read from, for positions). What cannot be translated exactly, or only to something stricter, is
/// refused with the reason; nothing is dropped in silence.
std::expected<Translation, Findings> translate(std::string_view text, json::Value document);

}  // namespace doorward::policy
