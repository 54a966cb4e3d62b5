#pragma once

#include <cstdint>

namespace doorward::io {

/// What this thread asked of the kernel through streams and pipes: the hot-path test reads it before and
/// after.
struct SyscallCounts {
  std::uint64_t moved = 0;  ///< calls that moved at least one byte
  std::uint64_t idle = 0;   ///< calls that found nothing to do: would_block, end of stream, error
};

inline constinit thread_local SyscallCounts syscall_counts;

}  // namespace doorward::io
