#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/look_alike.h"
#include "catalogue/stack.h"
#include "scan/finding.h"
#include "scan/scan.h"

namespace doorward::scan {

/// A client with servers: what an agent in it can call.
struct Agent {
  std::string client;  ///< id
  std::string label;
  std::vector<std::size_t> servers;  ///< those that it calls itself, not through Doorward; indices into Scan::servers
  std::size_t through_doorward = 0;
  std::size_t tools = 0;
  std::size_t for_good = 0;  ///< tools that delete or overwrite for good, or move money
  catalogue::StackReport stack;  ///< in the order of `servers`
};

/// What a scan says.
struct Report {
  const Scan* scan = nullptr;
  std::string headline;  ///< one true line
  std::size_t tools = 0;
  std::array<std::size_t, kCategories.size()> by_category{};
  std::array<std::size_t, kSeverities.size()> by_severity{};
  std::vector<Agent> agents;
  std::vector<Finding> findings;  ///< worst first
  /// The worst of what was found and of what active servers' tools can do; nothing where there was nothing.
  std::optional<Severity> worst;
  bool unreachable = false;
  bool invalid = false;  ///< a file could not be read
};

/// What the names of a server are confusingly like. `slug`: its own in the catalogue, or empty.
using LooksLike =
    std::function<std::vector<catalogue::LookAlike>(const catalogue::Listing& listing, std::string_view slug)>;

/// Judges a scan. `scan` outlives the report.
Report judge(const Scan& scan, const LooksLike& looks_like = {});

/// What the headline and tables say of a tool: the word that decided, its signals.
std::string reason_of(const risk::Classification& classification);

}  // namespace doorward::scan
