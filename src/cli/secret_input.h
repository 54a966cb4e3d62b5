#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace doorward::cli {

class Session;

/// A secret that never stands on the command line: asked for twice at a terminal without showing it, or else one line of
/// standard input. Nothing after having failed the session.
std::optional<std::string> read_secret(Session& session, std::string_view what);

}  // namespace doorward::cli
