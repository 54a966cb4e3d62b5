#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/catalogue.h"
#include "catalogue/page.h"

namespace doorward::catalogue {

struct SiteOptions {
  std::string directory;
  std::string base_url;  ///< where it will be published, for canonical links; empty: none are written
  std::vector<std::string>
      servers;  ///< whose tools get pages; empty: all, where the catalogue is small enough
  /// Tells how far it is: pages written, pages in all.
  std::function<void(std::size_t done, std::size_t all)> progress;
};

struct SiteReport {
  std::size_t pages = 0;
  std::size_t servers = 0;
  std::size_t tools = 0;
  std::size_t removed = 0;  ///< files of an earlier run that this one did not write
  bool all_tools = true;    ///< false: the bound left tools without a page
  std::size_t found_by_search = 0;
};

/// How many tools and servers get a page where none are named, and how many the search index holds.
inline constexpr std::size_t kMostSiteTools = 5'000;
inline constexpr std::size_t kMostSiteServers = 2'000;
inline constexpr std::size_t kMostSearchTools = 50'000;

/// The path of a page in the site's folder: `index.html`, `servers/<slug>.html`,
/// `servers/<slug>/<tool>.html`, `stacks/<slug>+<slug>.html`, `attacks/<id>.html`. A name that is no plain
/// file name gets one made of it and of the hash of the whole.
std::string site_path(const PageRef& page);

/// Writes the catalogue as a static site. Each file is replaced as a whole; `doorward-site.json` lists what
/// was written, and of an earlier run's list, what this one did not write is removed, never anything else.
/// Errors: those of files.
Result<SiteReport> write_site(Catalogue& catalogue, const SiteOptions& options);

}  // namespace doorward::catalogue
