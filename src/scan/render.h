#pragma once

#include <string>

#include "scan/report.h"

namespace doorward::scan {

/// The report as JSON, `schema` `doorward.scan/1` (docs/scan.md).
std::string render_json(const Report& report);

/// As SARIF 2.1.0, one result a finding. Paths below `root` are relative to it (`%SRCROOT%`), as code scanning wants
/// them; others are absolute. Fingerprints stay the same from run to run: they depend on neither line nor order.
std::string render_sarif(const Report& report, const std::string& root);

/// As Markdown for a comment on a pull request or a job's summary: everything that comes from servers and files is
/// escaped, so that it neither formats, links nor mentions.
std::string render_markdown(const Report& report);

/// Text as Markdown shows it literally, on one line.
std::string markdown_text(std::string_view text);

/// How a server is reached by whom, for people: `Cursor, Claude Code`.
std::string clients_of(const Report& report, const Server& server);

/// How it stands with a server, in a word or two: `asked`, `from the catalogue`, `not started`, `through Doorward`, ...
std::string state_of(const Server& server);

}  // namespace doorward::scan
