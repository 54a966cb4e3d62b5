#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "scan/report.h"
#include "scan/scan.h"

namespace doorward::scan {

/// What the catalogue in the state directory knows of scanned servers. Without one, or where it cannot be opened, it
/// knows nothing and says why.
class KnownServers {
 public:
  /// `state`: as choose_state_dir takes it. `make`: where there is no catalogue, one is made; else nothing is written.
  explicit KnownServers(const std::string& state, bool make = true);

  /// Tells the catalogue of every server that was listed.
  void remember(Scan& scan);
  /// Gives servers that were not listed the tools that the catalogue has of them, by package, URL or name, and every
  /// server its slug.
  void fill(Scan& scan);
  /// By the names of the catalogue; lives no longer than this.
  LooksLike looks_like();

  catalogue::Catalogue* catalogue() { return catalogue_.get(); }
  const std::vector<std::string>& troubles() const { return troubles_; }

 private:
  /// What people said of tools counts, whoever lists them.
  void take_overrides(Server& server);

  std::unique_ptr<catalogue::Catalogue> catalogue_;
  std::vector<std::string> troubles_;
};

}  // namespace doorward::scan
