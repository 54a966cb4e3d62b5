#pragma once

#include <string>

#include "scan/report.h"

namespace doorward::cli {

/// A scan's report for a terminal; text from outside is escaped (safe_text).
std::string scan_view(const scan::Report& report, bool color);

/// What is started or asked for a server, on one line: `npx -y files-mcp /home/me`, then names of variables.
std::string launch_line(const scan::Launch& launch);

/// A severity in its colour.
std::string severity_word(Severity severity, bool color);

}  // namespace doorward::cli
