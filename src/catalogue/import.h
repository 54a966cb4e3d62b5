#pragma once

#include <cstddef>
#include <functional>
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
  std::vector<Listing> listings;  ///< each server once
  std::vector<Skipped> skipped;
  std::size_t records = 0;  ///< that the document holds, skipped ones included
  std::size_t older = 0;    ///< of them, versions of a server of which the document has a newer one
  std::string next;         ///< the cursor of the page that follows; empty: none
};

/// Gives the text of a file that a source keeps beside its document (`tools.json`), by its path from there;
/// empty where there is none. May be empty itself: there is nothing beside the document.
using Beside = std::function<std::string(std::string_view path)>;

/// A shape in which others publish servers. Each reads hostile text: errors are values, sizes are bounded
/// (the document by the caller), nothing is fetched. Pure but for what `beside` does; any thread.
struct Adapter {
  std::string_view id;     ///< `registry`, `toolhive`, `docker`, `smithery`, `mcpm`, `obot`, `mcp`
  std::string_view label;  ///< for people
  /// Whether the document looks like one of this shape. Cheap, and not a promise that `read` takes it.
  bool (*recognises)(std::string_view document);
  /// `invalid` where it is none at all.
  Result<Imported> (*read)(std::string_view document, const Beside& beside);
};

std::span<const Adapter> adapters();
const Adapter* find_adapter(std::string_view id);
/// The adapter of the shape that a document looks like; null where it looks like none.
const Adapter* recognise(std::string_view document);

}  // namespace doorward::catalogue
