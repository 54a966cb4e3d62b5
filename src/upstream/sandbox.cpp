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

bool is_inside(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace

Status sandbox(io::SpawnOptions& options, const std::string& search_path, const std::string& hidden) {
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
  const std::string own = hidden.empty() ? std::string() : absolute(hidden);
  if (own == folder) {
    return fail(ErrorKind::invalid,
                "a sandboxed server may write in its working directory, which is the gateway's state directory here; "
                "name another one");
  }
  std::vector<std::string> arguments = {
      "--unshare-user-try", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session",
      "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"};
  // What is mounted later lies over what was mounted before: the inner of two nested folders comes last.
  const bool inner = is_inside(own, folder);
  if (!own.empty() && !inner) arguments.insert(arguments.end(), {"--tmpfs", own});
  arguments.insert(arguments.end(), {"--bind", folder, folder});
  if (inner) arguments.insert(arguments.end(), {"--tmpfs", own});
  arguments.insert(arguments.end(), {"--chdir", folder, "--", options.program});
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  options.arguments = std::move(arguments);
  options.program = bwrap->path;
  return {};
}

}  // namespace doorward::upstream
