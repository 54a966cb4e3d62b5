#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/severity.h"
#include "catalogue/record.h"

namespace doorward::scan {

/// Whose deny list is written.
enum class DenyFormat : std::uint8_t {
  claude_code,  ///< `permissions.deny` of settings.json: JSON
  codex,        ///< `disabled_tools` of a server in config.toml: TOML
  doorward,     ///< a policy that hides the tools and allows the rest
};
std::string_view to_string(DenyFormat format);
std::optional<DenyFormat> parse_deny_format(std::string_view name);

struct DenyList {
  std::string text;                ///< of the file; empty where no tool is that severe
  std::size_t tools = 0;           ///< in it
  std::vector<std::string> notes;  ///< what a client will not match, for people
};

/// The tools of a server that are at least this severe, for a client's own list. `server`: its name in the client's
/// configuration. Names that the client spells otherwise are written as it spells them; what it cannot match is left
/// out and told.
DenyList deny_list(DenyFormat format, std::string_view server, std::span<const catalogue::ToolRecord> tools, Severity from);

}  // namespace doorward::scan
