#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/severity.h"

namespace doorward::scan {

/// What a scan can find besides what tools do. The ids stand in reports and never change their meaning.
struct Rule {
  std::string_view id;
  std::string_view title;
  Severity severity;      ///< the usual one
  std::string_view help;  ///< what it means and what to do
};
std::span<const Rule> rules();
const Rule& rule(std::string_view id);  ///< `id` is one of rules()

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// One finding of a scan.
struct Finding {
  std::string_view rule;  ///< an id of rules()
  Severity severity = Severity::low;
  std::string server;  ///< its name in the scan; empty: of a file or of all
  std::string tool;
  std::string text;       ///< one or two sentences; may hold words of servers and files
  std::size_t file = kNone;  ///< index into Scan::files
  std::size_t line = 1;
  std::string mark;       ///< what tells it from others of its rule, the same from run to run
};

}  // namespace doorward::scan
