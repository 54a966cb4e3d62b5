#pragma once

#include <expected>
#include <optional>
#include <string>

#include "base/result.h"
#include "server/finding.h"
#include "server/state_dir.h"

namespace doorward::server {

/// Why an operation failed, as a command shows it.
struct ControlFailure {
  Error error;
  Findings findings;
};

/// The result of an operation as JSON text.
using ControlAnswer = std::expected<std::string, ControlFailure>;

/// Runs one operation: by the gateway on this state directory, if one runs there; else on the store, under
/// the state directory's lock. `request`: `{"op": ..., members}`. Blocks.
ControlAnswer run_operation(const StateDir& state, const std::string& request);

/// The same of the running gateway alone, and of a list one page only.
ControlAnswer ask_page(const StateDir& state, const std::string& request);

/// Asks the running gateway alone; unavailable where none runs.
ControlAnswer ask_gateway(const StateDir& state, const std::string& request);

}  // namespace doorward::server
