#pragma once

#include "catalogue/record.h"
#include "json/writer.h"

namespace doorward::catalogue {

/// Appends the members of a tool as lists show it: server, tool, category, severity, confidence, the ids of
/// its signals, the first 400 bytes of its description, and what a person said of it.
void write_summary(json::Writer& writer, const ToolRecord& tool);
/// Appends the members of a tool alone: the summary's, with signals and evidence in full, the definition, its
/// key and the times (microseconds since 1970).
void write_members(json::Writer& writer, const ToolRecord& tool);

/// Appends the members of a server: what its sources say, and counts of its tools.
void write_members(json::Writer& writer, const ServerRecord& server);

}  // namespace doorward::catalogue
