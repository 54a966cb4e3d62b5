#include "mcp/revision.h"

#include <cstddef>

namespace doorward::mcp {

namespace {

constexpr std::array<std::string_view, kRevisions.size()> kNames = {"2024-11-05", "2025-03-26", "2025-06-18",
                                                                    "2025-11-25", "2026-07-28"};

}  // namespace

std::string_view to_string(Revision revision) {
  return kNames[static_cast<std::size_t>(revision)];
}

std::optional<Revision> parse_revision(std::string_view text) {
  for (const Revision revision : kRevisions) {
    if (text == to_string(revision)) return revision;
  }
  return std::nullopt;
}

}  // namespace doorward::mcp
