#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "catalogue/catalogue_file.h"
#include "catalogue/terms.h"

namespace doorward::catalogue {

/// A tool as the index has it or is to have it.
struct Indexed {
  std::int64_t id = 0;
  std::int64_t server = 0;
  std::string slug;
  std::string name;
  std::string definition;  ///< JSON text
  Category category = Category::other;
  Severity severity = Severity::low;
  SignalBits signals = 0;
};

/// Keeps the full-text indexes as the tables are. An index holds no text, so whoever takes a document out
/// must say what it held: call `remove` before the tables change. Inside a transaction.
class Index {
 public:
  explicit Index(File& file) : file_(file) {}

  Status add(const Indexed& tool) { return put("INSERT INTO tool_index (rowid, terms) VALUES (?, ?)", tool); }
  Status remove(const Indexed& tool) {
    return put("INSERT INTO tool_index (tool_index, rowid, terms) VALUES ('delete', ?, ?)", tool);
  }
  /// Counts a server's tools anew and brings its own document up to date.
  Status renew_server(std::int64_t server);

 private:
  Status put(const char* sql, const Indexed& tool);

  File& file_;
  json::Reader reader_;
};

}  // namespace doorward::catalogue
