#include "audit/writer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "audit/segment.h"
#include "base/random.h"

namespace doorward::audit {
namespace {

constexpr std::size_t kRandomCharacters = 8;

Error error(const std::string& path, const char* what) {
  return {errno == ENOSPC ? ErrorKind::exhausted : ErrorKind::unavailable,
          "cannot " + std::string(what) + " " + path + ": " + std::strerror(errno) +
              "; check the state directory's permissions and space"};
}

/// No descriptor where another process holds the lock.
Result<Descriptor> try_lock(const std::string& directory) {
  const std::string path = directory + "/lock";
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return std::unexpected(error(path, "open"));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return std::unexpected(error(path, "lock"));
  return Descriptor();
}

bool valid_role(const std::string& role) {
  return !role.empty() && role.size() <= 32 &&
         std::all_of(role.begin(), role.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

Result<WriterLock> lock_writer(const std::string& log_directory, const std::string& role) {
  if (!valid_role(role)) return fail(ErrorKind::invalid, "a log writer's role is 1 to 32 lower-case letters");
  if (::mkdir(log_directory.c_str(), 0700) != 0 && errno != EEXIST)
    return std::unexpected(error(log_directory, "make"));
  Result<std::vector<std::string>> writers = list_writers(log_directory);
  if (!writers) return std::unexpected(writers.error());
  for (const std::string& writer : *writers) {
    if (!writer.starts_with(role + "-")) continue;
    const std::string directory = log_directory + "/" + writer;
    Result<Descriptor> lock = try_lock(directory);
    if (!lock) return std::unexpected(lock.error());
    if (*lock) return WriterLock{writer, directory, std::move(*lock)};
  }
  while (true) {
    const std::string writer = role + "-" + random_id("").substr(0, kRandomCharacters);
    const std::string directory = log_directory + "/" + writer;
    if (::mkdir(directory.c_str(), 0700) != 0) {
      if (errno == EEXIST) continue;
      return std::unexpected(error(directory, "make"));
    }
    // Another process may find the new directory first.
    Result<Descriptor> lock = try_lock(directory);
    if (!lock) return std::unexpected(lock.error());
    if (*lock) return WriterLock{writer, directory, std::move(*lock)};
  }
}

}  // namespace doorward::audit
