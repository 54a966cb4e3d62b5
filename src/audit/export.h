#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/reader.h"

namespace doorward::audit {

/// How records leave for other tools (docs/audit-format.md, Export). Every format is lines of printable ASCII.
enum class ExportFormat : std::uint8_t {
  jsonl,  ///< the records byte for byte, so that proofs hold for them
  csv,    ///< RFC 4180, every cell quoted; a cell that a spreadsheet would compute begins with an apostrophe
  ocsf,   ///< OCSF 1.8.0, class 6003 API Activity, one JSON object a line
  cef,    ///< ArcSight Common Event Format, version 0
};
std::optional<ExportFormat> parse_export_format(std::string_view name);

/// What comes before the first record; empty but for CSV.
std::string_view export_head(ExportFormat format);

/// Appends the record and its newline. `version`: of Doorward.
void append_export(std::string& out, ExportFormat format, const RecordView& record, std::string_view version);

}  // namespace doorward::audit
