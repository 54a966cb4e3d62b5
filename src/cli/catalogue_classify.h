#pragma once

namespace doorward::cli {

class Session;

/// `catalogue classify`: classifies the tools on standard input, a JSON object a line, and writes one line for each
/// that is not empty, in their order; what came in one piece is answered before more is read. A bad line gives a line
/// `{"line":N,"error":"..."}`, is told on standard error, and makes the exit code 3. `brief`: category and severity
/// alone.
void classify_tools(Session& session, bool brief);

}  // namespace doorward::cli
