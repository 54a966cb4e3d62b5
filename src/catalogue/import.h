#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalogue/listing.h"

namespace doorward::catalogue {

/// What an adapter could not take, and why; the rest of the document is taken all the same.
struct Skipped {
  std::string where;  ///< JSON Pointer, or the record's name
  std::string why;
};

/// One page or dump of a source as listings.
struct Imported {
  std::vector<Listing> listings;
  std::vector<Skipped> skipped;
  std::string next;  ///< the cursor of the page that follows; empty: none
};

/// A shape in which others publish servers. Each reads hostile text: errors are values, sizes are bounded, nothing
/// is fetched. Pure; any thread.
struct Adapter {
  std::string_view id;     ///< `registry`, `toolhive`, `docker`, `smithery`, `mcpm`, `obot`
  std::string_view label;  ///< for people
  /// Whether the document looks like one of this shape.
  bool (*recognises)(std::string_view document);
  /// `invalid` where it is none at all.
  Result<Imported> (*read)(std::string_view document);
};

std::span<const Adapter> adapters();
const Adapter* find_adapter(std::string_view id);

}  // namespace doorward::catalogue
