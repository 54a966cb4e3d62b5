#include "clients/file_set.h"

#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "clients/tree.h"
#include "io/file.h"

namespace doorward::clients {
namespace {

constexpr mode_t kNewFile = 0600;

/// The file that a path stands for, links followed; of a missing one the path itself.
std::string real_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, error);
  return error ? path : real.string();
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : kNewFile;
}

Status still_says(const std::string& path, const FileEdit& edit) {
  const auto now = io::read_file(path, kLargestConfig);
  if (!now && edit.is_new && now.error().kind == ErrorKind::not_found) return {};
  if (now && !edit.is_new && *now == edit.before) return {};
  if (!now) return std::unexpected(now.error());
  return fail(ErrorKind::conflict, edit.path + " has changed meanwhile; close the client that writes it and try again");
}

Status write_one(const FileEdit& edit) {
  const std::string real = real_path(edit.path);
  if (const Status same = still_says(real, edit); !same) return same;
  const mode_t mode = mode_of(real);
  if (!edit.backup.empty()) {
    if (const Status kept = io::write_file_atomic(edit.backup, edit.before, mode); !kept) return kept;
  }
  if (edit.removes) {
    if (::unlink(real.c_str()) == 0) return {};
    return fail(ErrorKind::unavailable, edit.path + " cannot be removed");
  }
  if (const Status same = still_says(real, edit); !same) return same;
  return io::write_file_atomic(real, edit.after, mode);
}

void take_back(const FileEdit& edit) {
  const std::string real = real_path(edit.path);
  if (edit.is_new) {
    ::unlink(real.c_str());
  } else {
    (void)io::write_file_atomic(real, edit.before, mode_of(real));
  }
}

}  // namespace

std::string why_not_writable(const std::string& path) {
  struct stat info {};
  const std::string real = real_path(path);
  const std::string folder = real.substr(0, real.rfind('/') + 1);
  if (::stat(real.c_str(), &info) == 0) {
    // Root may write anything; a file that is closed to its own owner is closed on purpose all the same.
    if ((info.st_mode & S_IWUSR) == 0 || ::access(real.c_str(), W_OK) != 0) return "the file is read-only; make it writable first (chmod u+w)";
    if (info.st_uid != ::geteuid()) return "the file belongs to another user";
  }
  if (::access(folder.c_str(), F_OK) == 0 && ::access(folder.c_str(), W_OK) != 0) return "its folder cannot be written";
  return {};
}

Status write_files(const std::vector<FileEdit>& edits) {
  for (std::size_t i = 0; i < edits.size(); ++i) {
    Status written = {};
    if (edits[i].is_new) {
      const std::string real = real_path(edits[i].path);
      written = io::make_directory(real.substr(0, real.rfind('/')));
    }
    if (written) written = write_one(edits[i]);
    if (written) continue;
    if (!edits[i].backup.empty()) ::unlink(edits[i].backup.c_str());
    for (std::size_t done = i; done-- > 0;) {
      take_back(edits[done]);
      if (!edits[done].backup.empty()) ::unlink(edits[done].backup.c_str());
    }
    return written;
  }
  return {};
}

std::string backup_path(const std::string& path, std::int64_t now_s) {
  const auto seconds = static_cast<std::time_t>(now_s);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%dT%H%M%SZ", &parts);
  const std::string base = real_path(path) + ".doorward-backup-" + time;
  std::string chosen = base;
  for (int number = 2; ::access(chosen.c_str(), F_OK) == 0; ++number) chosen = base + "-" + std::to_string(number);
  return chosen;
}

}  // namespace doorward::clients
