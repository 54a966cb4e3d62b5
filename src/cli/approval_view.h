#pragma once

#include <string>

#include "json/value.h"

namespace doorward::cli {

/// One request as a line of a table, and the table's head. Text from outside is escaped (safe_text).
std::string approval_line_head();
std::string approval_line(json::Value approval);

/// One request whole: who asks, why, what exactly. Every byte of the arguments is there, those that a terminal or an eye
/// could be misled by as `\u....` (attack case T305).
std::string approval_detail(json::Value approval);

/// Who still has to agree, as a clause.
std::string approval_missing(json::Value approval);

}  // namespace doorward::cli
