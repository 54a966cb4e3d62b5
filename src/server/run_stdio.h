#pragma once

#include <expected>
#include <string>
#include <vector>

#include "server/config.h"
#include "server/serve.h"

namespace doorward::server {

/// What `doorward run` is started with.
struct RunOptions {
  std::string state;        ///< directory; empty: the default one
  std::string policy_file;  ///< the document that every call is judged by
  std::string server = "local";
  std::string grant = "run";  ///< label that the log and conditions on `grant.label` know the client by
  std::vector<std::string> command;
  NamedSecrets env;
};

/// Puts the gateway between one client on standard input and output and one server that it starts. Judges,
/// counts and records as `serve` does, as a log writer of its own in the state directory, beside a gateway
/// that may run there. The client speaks on `input` and hears on `output`, descriptors of any kind. Returns when the
/// client ends its input, or on SIGTERM and SIGINT.
std::expected<void, StartFailure> run_stdio(const RunOptions& options, int input, int output);

}  // namespace doorward::server
