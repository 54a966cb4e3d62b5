#pragma once

#include "catalogue/catalogue_file.h"

namespace doorward::catalogue {

/// Searches the full-text indexes, stage after stage: what has the words as its whole name, then what has
/// them in its name, then what has them anywhere; within a stage by place (catalogue/terms.h).
class Search {
 public:
  explicit Search(File& file) : file_(file), records_(file) {}

  Result<Page<ToolRecord>> tools(const Query& query);
  Result<Page<ServerRecord>> servers(const Query& query);

 private:
  struct Found;
  Result<Found> find(const Query& query, bool of_tools);

  File& file_;
  Records records_;
};

}  // namespace doorward::catalogue
