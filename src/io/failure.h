#pragma once

#include <expected>
#include <string>

#include "base/result.h"

namespace doorward::io {

/// A failure of a system call: `what` names the step and its object (`open /etc/x`), the kind and the text
/// follow from `error` (an errno), `next` says what to do.
std::unexpected<Error> system_failure(const std::string& what, int error, const std::string& next);

}  // namespace doorward::io
