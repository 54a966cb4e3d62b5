#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/category.h"
#include "base/hash.h"
#include "base/severity.h"
#include "catalogue/listing.h"
#include "risk/classification.h"

namespace doorward::catalogue {

/// What a person said a tool is, against the rules, and why. Kept when the tool is classified anew.
struct Override {
  std::optional<Category> category;
  std::optional<Severity> severity;
  std::string reason;
  std::string author;
  std::int64_t at_us = 0;
};

/// A tool of a server as the catalogue knows it.
struct ToolRecord {
  std::string server;      ///< the slug of its server
  std::string name;
  std::string definition;  ///< JSON text of the tool object, as it was last met
  Digest key{};            ///< SHA-256 of the canonical {name, description, inputSchema, annotations}
  risk::Classification classification;  ///< with the override already in force
  std::optional<Override> override;
  std::int64_t first_seen_us = 0;
  std::int64_t last_seen_us = 0;
  std::int64_t changed_us = 0;  ///< when the definition was last another one; first_seen_us where never
  bool gone = false;            ///< the latest whole list does not hold it
  std::int64_t gone_us = 0;     ///< since when, where it is gone
  std::string outer;            ///< the tool that hides this one as an action (policy.md 10), or empty
};

/// One definition that a tool had.
struct ToolVersion {
  Digest key{};
  std::string definition;
  std::int64_t first_seen_us = 0;
  std::int64_t last_seen_us = 0;
};

/// A server as the catalogue knows it: what its sources say, joined.
struct ServerRecord {
  std::string slug;  ///< [a-z0-9-]{1,100}, unique, never another server's
  Listing listing;   ///< of its best source, with what others add; its `tools` are empty here
  std::vector<std::string> sources;  ///< every source that knows it
  std::int64_t first_seen_us = 0;
  std::int64_t last_seen_us = 0;
  std::int64_t changed_us = 0;  ///< when the server or one of its tools was added or changed
  std::size_t tool_count = 0;  ///< those that are not gone
  std::array<std::size_t, kCategories.size()> by_category{};
  std::array<std::size_t, kSeverities.size()> by_severity{};
};

}  // namespace doorward::catalogue
