#include "audit/value_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "audit/segment.h"
#include "json/reader.h"

namespace doorward::audit {
namespace {

constexpr std::string_view kSuffix = ".jsonl";

std::uint64_t number_of(std::string_view path) {
  const std::size_t at = path.rfind('-');
  std::uint64_t number = 0;
  if (at != std::string_view::npos) std::from_chars(path.data() + at + 1, path.data() + path.size(), number);
  return number;
}

}  // namespace

std::vector<std::string> list_value_files(const std::string& writer_directory, std::string_view prefix) {
  std::vector<std::string> paths;
  DIR* directory = ::opendir(writer_directory.c_str());
  if (directory == nullptr) return paths;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name(entry->d_name);
    if (name.starts_with(prefix) && name.ends_with(kSuffix))
      paths.push_back(writer_directory + "/" + entry->d_name);
  }
  ::closedir(directory);
  std::sort(paths.begin(), paths.end(),
            [](const std::string& a, const std::string& b) { return number_of(a) < number_of(b); });
  return paths;
}

ValueFile::ValueFile(FileOps& files, std::string directory, std::string_view prefix)
    : files_(files), directory_(std::move(directory)), prefix_(prefix) {}

ValueFile::~ValueFile() {
  if (fd_ >= 0) files_.close(fd_);
}

void ValueFile::add(std::string_view entry) {
  pending_.append("{").append(entry).append("}\n");
}

Status ValueFile::fail_with(int code) {
  rotate();
  pending_.insert(0, unsynced_);
  unsynced_.clear();
  return fail(code == ENOSPC || code == EDQUOT ? ErrorKind::exhausted : ErrorKind::unavailable,
              "cannot write recorded values to " + path_ + ": " + std::strerror(code) +
                  "; free space or check the disk");
}

Status ValueFile::write() {
  if (pending_.empty()) return {};
  if (fd_ < 0) {
    const std::vector<std::string> files = list_value_files(directory_, prefix_);
    const std::uint64_t number = files.empty() ? 1 : number_of(files.back()) + 1;
    path_ = directory_ + "/" + std::string(prefix_) + std::to_string(number) + std::string(kSuffix);
    const int fd = files_.open(path_, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
    if (fd < 0) return fail_with(-fd);
    fd_ = fd;
  }
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t done = files_.write(fd_, rest.data(), rest.size());
    if (done == -EINTR) continue;
    if (done <= 0) return fail_with(done == 0 ? EIO : static_cast<int>(-done));
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
  unsynced_ += pending_;
  pending_.clear();
  return {};
}

Status ValueFile::sync() {
  if (unsynced_.empty()) return {};
  if (const int code = -files_.fdatasync(fd_); code != 0) return fail_with(code);
  unsynced_.clear();
  return {};
}

void ValueFile::rotate() {
  if (fd_ >= 0) files_.close(fd_);
  fd_ = -1;
}

Result<std::uint64_t> erase_values(const std::string& log_directory, std::string_view call_id,
                                   std::string_view path, std::string_view closed) {
  Result<std::vector<std::string>> writers = list_writers(log_directory);
  if (!writers) return std::unexpected(writers.error());
  for (const std::string& writer : *writers) {
    if (writer != closed && writer_active(log_directory + "/" + writer)) {
      return fail(ErrorKind::conflict,
                  "the log writer " + writer + " is running; stop it before values are erased");
    }
  }
  FileOps& files = FileOps::system();
  json::Reader reader;
  std::uint64_t erased = 0;
  for (const std::string& writer : *writers) {
    std::vector<std::string> names = list_value_files(log_directory + "/" + writer);
    std::ranges::copy(list_value_files(log_directory + "/" + writer, "arguments-"), std::back_inserter(names));
    for (const std::string& name : names) {
      Result<MappedFile> file = MappedFile::open(name);
      if (!file) return std::unexpected(file.error());
      std::string kept;
      std::uint64_t hits = 0;
      std::string_view bytes = file->bytes();
      std::string_view line;
      while (next_line(bytes, line)) {
        const auto entry = reader.read(line);
        const auto equals = [&entry](std::string_view key, std::string_view text) {
          return entry && entry->find(key).is(json::Type::string) && entry->find(key).string() == text;
        };
        if (equals("id", call_id) && (path.empty() || equals("path", path))) {
          ++hits;
        } else {
          kept.append(line).append("\n");
        }
      }
      if (hits == 0) continue;
      erased += hits;
      const std::string draft = name + ".new";
      const int fd = files.open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
      const bool stored = fd >= 0 &&
                          files.write(fd, kept.data(), kept.size()) == static_cast<ssize_t>(kept.size()) &&
                          files.fdatasync(fd) == 0;
      if (fd >= 0) files.close(fd);
      if (!stored || files.rename(draft, name) != 0 ||
          files.sync_directory(log_directory + "/" + writer) != 0) {
        return fail(ErrorKind::unavailable,
                    "cannot rewrite " + name + "; free space or check its permissions");
      }
    }
  }
  return erased;
}

}  // namespace doorward::audit
