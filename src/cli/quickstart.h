#pragma once

#include <functional>
#include <string>

#include "server/serve.h"

namespace doorward::cli {

class Session;

/// `quickstart`: on the first run makes the server `demo`, the policy `demo` and the grant `demo` in the
/// state directory; then serves, and prints the URL, the token (once), a client's configuration and three
/// commands to try.
void quickstart(Session& session, const std::string& listen);

/// Serves until the end and sets the exit code; `on_ready` may print more behind the ready line.
void run_gateway(Session& session, const server::ServeOptions& options,
                 const server::OnReady& on_ready);

}  // namespace doorward::cli
