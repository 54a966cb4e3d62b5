#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/child.h"

namespace doorward::upstream {

/// Puts a child into a bubblewrap sandbox: `options` then start `bwrap`, which starts the program. Namespaces of
/// its own for processes, IPC and the host name; the whole file system read-only but for its working directory;
/// an empty /tmp and a minimal /dev of its own; `hidden` (with what the gateway keeps, its keys too) shown empty, unless it
/// is not there; a session of its own; gone with its parent. The network stays.
/// Fails with unavailable where bwrap is not in `search_path`; where the kernel refuses user namespaces, bwrap
/// says so on the standard error and the child ends. Needs a working directory that is neither `/` nor `hidden`.
Status sandbox(io::SpawnOptions& options, const std::string& search_path, const std::string& hidden);

}  // namespace doorward::upstream
