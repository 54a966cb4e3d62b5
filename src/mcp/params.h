#pragma once

#include <optional>
#include <string>

#include "json/value.h"
#include "mcp/method.h"
#include "mcp/revision.h"

namespace doorward::mcp {

/// What is wrong with the members of a method's params under a revision, beside `_meta`: an unknown member, a
/// missing one, a wrong type (T046). One clause, or nothing. `params` may be nothing.
std::optional<std::string> params_fault(Method method, Revision revision, json::Value params);

}  // namespace doorward::mcp
