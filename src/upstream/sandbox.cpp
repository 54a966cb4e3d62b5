#include "upstream/sandbox.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>

namespace doorward::upstream {
namespace {

/// The folder as an absolute path without links; empty where there is none.
std::string absolute(const std::string& folder) {
  char resolved[PATH_MAX];
  return ::realpath(folder.empty() ? "." : folder.c_str(), resolved) != nullptr ? resolved : "";
}

}  // namespace

Status sandbox(io::SpawnOptions& options, const std::string& search_path) {
  Result<io::Program> bwrap = io::find_program("bwrap", search_path);
  if (!bwrap) {
    return fail(ErrorKind::unavailable,
                "the server is to run in a sandbox, but bwrap is not installed; install bubblewrap, or set "
                "sandbox: none");
  }
  const std::string folder = absolute(options.directory);
  if (folder.empty() || folder == "/") {
    return fail(ErrorKind::invalid,
                "a sandboxed server may write in its working directory, which cannot be /; name another one");
  }
  std::vector<std::string> arguments = {
      "--unshare-user-try", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session",
      "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--bind", folder, folder,
      "--chdir", folder, "--", options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  options.arguments = std::move(arguments);
  options.program = bwrap->path;
  return {};
}

}  // namespace doorward::upstream
