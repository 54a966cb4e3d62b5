#pragma once

#include <string>
#include <string_view>

namespace doorward::cli {

class Session;

/// Where the gateway of this state directory listens, such as `http://127.0.0.1:8420`: as the running one
/// says, else the default.
std::string gateway_url(const Session& session);

}  // namespace doorward::cli
