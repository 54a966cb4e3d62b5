#pragma once

#include <string>

#include "cli/complete.h"

namespace doorward::cli {

/// The names of the gateway on a state directory, quickly: none where no gateway runs or it takes longer than a person
/// waits for a completion. Says nothing and starts nothing.
LiveNames live_names(const std::string& state_option);

}  // namespace doorward::cli
