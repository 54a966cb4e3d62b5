#include "audit/segment_writer.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "audit/merkle.h"
#include "audit/segment.h"
#include "base/encoding.h"

namespace doorward::audit {
namespace {

constexpr unsigned kMode = 0600;

bool lacks_space(int code) {
  return code == ENOSPC || code == EDQUOT;
}

}  // namespace

SegmentWriter::SegmentWriter(FileOps& files, std::string directory, std::uint64_t epoch)
    : files_(files), directory_(std::move(directory)), epoch_(epoch) {}

SegmentWriter::~SegmentWriter() {
  if (fd_ >= 0) files_.close(fd_);
}

Error SegmentWriter::error(const char* what, int code) {
  ++failures_;
  const bool space = lacks_space(code);
  return {space ? ErrorKind::exhausted : ErrorKind::unavailable,
          "cannot " + std::string(what) + " the log segment " + path_ + ": " + std::strerror(code) +
              (space ? "; free space on that file system"
                     : "; check the disk and the permissions of the log directory")};
}

int SegmentWriter::write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = files_.write(fd, bytes.data(), bytes.size());
    if (done == -EINTR) continue;
    if (done < 0) return static_cast<int>(-done);
    if (done == 0) return EIO;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return 0;
}

Status SegmentWriter::open_segment() {
  path_ = segment_path(directory_, epoch_, written_);
  const int fd = files_.open(path_, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, kMode);
  if (fd < 0) return std::unexpected(error("open", -fd));
  if (const int code = -files_.sync_directory(directory_); code != 0) {
    files_.close(fd);
    files_.remove(path_);
    return std::unexpected(error("name", code));
  }
  if (fd_ >= 0) files_.close(fd_);
  fd_ = fd;
  first_ = written_;
  size_ = 0;
  synced_size_ = 0;
  return {};
}

Status SegmentWriter::write() {
  if (Status mended = repair(); !mended) return mended;
  if (pending_.empty()) return {};
  if (fd_ < 0) {
    if (Status opened = open_segment(); !opened) return opened;
  }
  if (const int code = write_all(fd_, pending_); code != 0) {
    torn_ = true;
    poisoned_ = poisoned_ || !lacks_space(code);
    return std::unexpected(error("write", code));
  }
  size_ += pending_.size();
  written_ += pending_records_;
  pending_records_ = 0;
  if (unsynced_.empty()) {
    unsynced_.swap(pending_);
  } else {
    unsynced_ += pending_;
  }
  pending_.clear();
  return {};
}

Status SegmentWriter::sync() {
  if (Status mended = repair(); !mended) return mended;
  if (unsynced_.empty()) return {};
  if (const int code = -files_.fdatasync(fd_); code != 0) {
    poisoned_ = true;
    return std::unexpected(error("sync", code));
  }
  synced_size_ = size_;
  synced_ = written_;
  unsynced_.clear();
  return {};
}

Status SegmentWriter::rotate() {
  const int old = fd_;
  fd_ = -1;
  const std::string old_path = path_;
  if (Status opened = open_segment(); !opened) {
    fd_ = old;
    path_ = old_path;
    return opened;
  }
  if (old >= 0) files_.close(old);
  return {};
}

Status SegmentWriter::repair() {
  if (poisoned_) {
    if (Status replaced = replace(); !replaced) return replaced;
  }
  if (!cut_path_.empty()) return cut_old();
  if (!torn_) return {};
  if (const int code = -files_.truncate(fd_, static_cast<off_t>(size_)); code != 0) {
    return std::unexpected(error("cut back", code));
  }
  torn_ = false;
  return {};
}

Status SegmentWriter::cut_old() {
  const int fd = files_.open(cut_path_, O_WRONLY, kMode);
  if (fd < 0) return std::unexpected(error("cut back", -fd));
  const int code = -files_.truncate(fd, static_cast<off_t>(cut_size_));
  files_.close(fd);
  if (code != 0) return std::unexpected(error("cut back", code));
  cut_path_.clear();
  return {};
}

/// Reads what was synced back from the file: whole lines, in sequence, each naming the hash of the one
/// before, up to the one that the first unsynced line names.
Status SegmentWriter::verify_synced() const {
  if (synced_size_ == 0) return {};
  const auto damaged = [this] {
    return fail(ErrorKind::corrupt,
                "the log segment " + path_ +
                    " no longer holds what was synced to it; the disk lost "
                    "data: stop Doorward, run `doorward audit verify`, and restore from a copy");
  };
  Result<MappedFile> file = MappedFile::open(path_);
  if (!file) return std::unexpected(file.error());
  if (file->bytes().size() < synced_size_) return damaged();
  std::string_view bytes = file->bytes().substr(0, synced_size_);
  std::string_view line;
  Sha256 hash;
  std::string expected;
  std::uint64_t seq = first_;
  while (next_line(bytes, line)) {
    const std::optional<RecordHead> head = parse_head(line);
    if (!head || head->epoch != epoch_ || head->seq != seq || (!expected.empty() && head->prev != expected)) {
      return damaged();
    }
    expected = to_hex(leaf_hash(hash, line));
    ++seq;
  }
  if (!bytes.empty() || seq != synced_) return damaged();
  const std::string& following = unsynced_.empty() ? pending_ : unsynced_;
  if (following.empty()) return {};
  const std::optional<RecordHead> head =
      parse_head(std::string_view(following).substr(0, following.find('\n')));
  if (!head || head->prev != expected) return damaged();
  return {};
}

/// The kernel may have dropped the pages whose sync failed and call them clean. So nothing of that file
/// counts behind the last good sync: those lines are written anew to a file of their own, and synced, before
/// it gets its name and the old file is cut. A crash between the two leaves lines in both, which recovery
/// cuts.
Status SegmentWriter::replace() {
  if (!cut_path_.empty()) {
    if (Status cut = cut_old(); !cut) return cut;
  }
  if (Status intact = verify_synced(); !intact) {
    ++failures_;
    return intact;
  }
  const std::string target = segment_path(directory_, epoch_, synced_);
  const std::string part = target + std::string(kPartSuffix);
  const int fd = files_.open(part, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, kMode);
  if (fd < 0) return std::unexpected(error("replace", -fd));
  const auto abandon = [&](int code) -> Status {
    files_.close(fd);
    files_.remove(part);
    return std::unexpected(error("replace", code));
  };
  if (const int code = write_all(fd, unsynced_); code != 0) return abandon(code);
  if (const int code = write_all(fd, pending_); code != 0) return abandon(code);
  if (const int code = -files_.fdatasync(fd); code != 0) return abandon(code);
  if (const int code = -files_.rename(part, target); code != 0) return abandon(code);
  if (synced_size_ > 0) {
    cut_path_ = path_;
    cut_size_ = synced_size_;
  }
  if (fd_ >= 0) files_.close(fd_);
  fd_ = fd;
  path_ = target;
  first_ = synced_;
  size_ = unsynced_.size() + pending_.size();
  written_ += pending_records_;
  pending_records_ = 0;
  pending_.clear();
  torn_ = false;
  poisoned_ = false;
  unsynced_.clear();
  synced_size_ = size_;
  synced_ = written_;
  if (const int code = -files_.sync_directory(directory_); code != 0) {
    poisoned_ = true;
    return std::unexpected(error("name", code));
  }
  return {};
}

}  // namespace doorward::audit
