#pragma once

namespace doorward::io {

/// argv[0] of an execution of this program that supervises a child; argv[1] is the child's program, the rest
/// its arguments. Descriptors 0, 1 and 2 are the child's, kControlFd the pipe from the gateway. See child.h.
extern const char kSupervisorName[];
inline constexpr int kControlFd = 3;

/// Bytes on the control pipe. Its end means kControlKill.
inline constexpr char kControlTerm = 'T';  ///< SIGTERM to the child's process group
inline constexpr char kControlKill = 'K';  ///< SIGKILL to every descendant

}  // namespace doorward::io
