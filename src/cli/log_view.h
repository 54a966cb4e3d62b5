#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json/value.h"

namespace doorward::cli {

/// The head of the table that log_row fills, ended by LF. On a terminal of so many columns (0: none) that is too narrow for it the
/// table has no rules, and then shorter reasons, names and times; ids stay whole.
std::string log_head(bool color, std::size_t columns = 0);

/// Whether a record has a line of its own in the table: one line a call, and a second one where it failed behind the gateway.
bool is_row(json::Value record);

/// One record as a line of the table, ended by LF: time, agent, server and tool, decision, why (60 characters at most), id, rule.
/// What came from outside is escaped, so that no record writes to the terminal.
std::string log_row(json::Value record, bool color, std::size_t columns = 0);

/// One record whole, a line a member (`grant.label  ci`), ended by an empty line.
std::string log_detail(json::Value record);

/// The words of all pages for a decision as operations name it: `Rate-limited` for `rate_limited`; others as they are.
std::string decision_words(std::string_view word);

/// Text without what a terminal would act on or not show: everything that is not printable ASCII (controls, line ends,
/// bidirectional and zero-width characters, other scripts) becomes an escape of JSON's. Quotes and backslashes stay as
/// they are, for a value is spelled as JSON where it comes from.
std::string safe_text(std::string_view text);

}  // namespace doorward::cli
