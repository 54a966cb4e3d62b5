#pragma once

#include <string>

#include "audit/descriptor.h"
#include "base/result.h"

namespace doorward::audit {

/// A writer's directory, held by this process until destroyed (or dead).
struct WriterLock {
  std::string writer;  ///< `<role>-<8 random characters>`, the directory's name
  std::string directory;
  Descriptor lock;
};

/// Takes the first free writer of a role (so that what a dead process left is recovered), or makes a new one.
/// Makes the log directory if missing.
Result<WriterLock> lock_writer(const std::string& log_directory, const std::string& role);

}  // namespace doorward::audit
