#pragma once

#include <cstdint>

#include "catalogue/catalogue_file.h"
#include "catalogue/index.h"

namespace doorward::catalogue {

/// Classifies tools anew by today's rules, with what people said in force. Inside a transaction.
class Reclassifier {
 public:
  explicit Reclassifier(File& file) : file_(file), index_(file) {}

  /// At most so many of those that older rules classified.
  Result<Reclassified> run(std::size_t most);
  /// One tool, and its server's counts.
  Status classify(std::int64_t tool);

 private:
  struct Outcome {
    std::int64_t server = 0;
    bool changed = false;
    bool riskier = false;
    bool moved = false;  ///< the server's counts or facets are others now
  };
  Result<Outcome> renew(std::int64_t tool);

  File& file_;
  Index index_;
  json::Reader reader_;
};

}  // namespace doorward::catalogue
