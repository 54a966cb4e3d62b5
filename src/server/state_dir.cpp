#include "server/state_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "io/file.h"

namespace doorward::server {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Result<StateDir> choose_state_dir(const std::string& given) {
  std::string path = given;
  if (path.empty()) path = variable("DOORWARD_STATE");
  // A relative $XDG_STATE_HOME is to be ignored (XDG Base Directory Specification 0.8).
  if (const std::string base = variable("XDG_STATE_HOME"); path.empty() && base.starts_with('/')) {
    path = base + "/doorward";
  }
  if (const std::string home = variable("HOME"); path.empty() && home.starts_with('/')) {
    path = home + "/.local/state/doorward";
  }
  if (path.empty()) {
    return fail(ErrorKind::invalid,
                "no state directory: HOME is not set; pass --state DIR or set DOORWARD_STATE");
  }
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error)
    return fail(ErrorKind::invalid,
                "the state directory " + path + " has no absolute path: " + error.message());
  std::string clean = absolute.lexically_normal().string();
  while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return StateDir{std::move(clean)};
}

Status prepare_state_dir(const StateDir& state) {
  if (auto made = io::make_directory(state.path, 0700); !made) return made;
  struct stat facts {};
  if (stat(state.path.c_str(), &facts) != 0) {
    return fail(ErrorKind::unavailable, "the state directory " + state.path + ": " + std::strerror(errno));
  }
  if (!S_ISDIR(facts.st_mode))
    return fail(ErrorKind::invalid, state.path + " is no directory; choose another --state");
  if (facts.st_uid != geteuid()) {
    return fail(ErrorKind::denied,
                "the state directory " + state.path +
                    " belongs to another user; run as that user or choose another --state");
  }
  if ((facts.st_mode & 0077) != 0) {
    return fail(ErrorKind::denied,
                "other users can enter the state directory " + state.path + "; run chmod 700 on it");
  }
  for (const std::string& folder : {state.log(), state.keys()}) {
    if (auto made = io::make_directory(folder, 0700); !made) return made;
  }
  return {};
}

}  // namespace doorward::server
