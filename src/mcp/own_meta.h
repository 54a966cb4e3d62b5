#pragma once

#include <string>
#include <string_view>

#include "mcp/revision.h"

namespace doorward::mcp {

/// The gateway as it introduces itself to servers: an `Implementation` object.
inline constexpr std::string_view kOwnInfo = R"({"name":"doorward","version":")" DOORWARD_VERSION R"("})";

/// Appends the `_meta` object that describes a modern request of the gateway's own. `capabilities`: of the
/// client for which it asks, a JSON object.
void append_own_meta(std::string& out, Revision revision, std::string_view capabilities = "{}");

}  // namespace doorward::mcp
