#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace doorward::mcp {

/// The revisions of the Model Context Protocol that we speak, oldest first, so that `<` means older.
enum class Revision : std::uint8_t { v2024_11_05, v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };

inline constexpr std::array kRevisions = {Revision::v2024_11_05, Revision::v2025_03_26, Revision::v2025_06_18,
                                          Revision::v2025_11_25, Revision::v2026_07_28};

/// Such as `2025-11-25`.
std::string_view to_string(Revision revision);
/// Exact spelling only; nothing for anything else, also for revisions that exist but that we do not speak.
std::optional<Revision> parse_revision(std::string_view text);

/// How the two sides get to know each other.
enum class Era : std::uint8_t {
  legacy,  ///< an initialize handshake, then a session: 2025-11-25 and older
  modern,  ///< each request describes itself in `_meta`: 2026-07-28 and newer
};

constexpr Era era_of(Revision revision) {
  return revision < Revision::v2026_07_28 ? Era::legacy : Era::modern;
}

}  // namespace doorward::mcp
