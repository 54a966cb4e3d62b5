#include "server/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace doorward::server {
namespace {

constexpr std::int64_t kQuietUs = 200'000;
constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB;

}  // namespace

FileWatch::FileWatch(io::Loop& loop, std::function<void()> on_change)
    : loop_(loop), on_change_(std::move(on_change)), timer_(io::call<&FileWatch::quiet>, this) {}

FileWatch::~FileWatch() {
  if (fd_) loop_.remove(fd_.get(), *this);
}

Status FileWatch::start() {
  fd_ = io::Fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd_) return fail(ErrorKind::exhausted, std::string("inotify: ") + std::strerror(errno));
  return loop_.add(fd_.get(), *this);
}

void FileWatch::set(const std::vector<std::string>& files) {
  std::map<std::string, std::set<std::string, std::less<>>> wanted;
  for (const std::string& file : files) {
    const std::filesystem::path path(file);
    wanted[path.parent_path().string()].insert(path.filename().string());
  }
  for (auto it = folders_.begin(); it != folders_.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    inotify_rm_watch(fd_.get(), it->second);
    names_.erase(it->second);
    it = folders_.erase(it);
  }
  for (auto& [folder, names] : wanted) {
    const int watch = inotify_add_watch(fd_.get(), folder.c_str(), kEvents | IN_ONLYDIR);
    if (watch < 0) continue;
    folders_[folder] = watch;
    names_[watch] = std::move(names);
  }
}

void FileWatch::on_ready(std::uint32_t) {
  alignas(inotify_event) char buffer[8192];
  bool concerned = false;
  for (;;) {
    const ssize_t got = read(fd_.get(), buffer, sizeof(buffer));
    if (got <= 0) break;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      const std::string_view name = event->len == 0 ? std::string_view() : std::string_view(event->name);
      const auto names = names_.find(event->wd);
      // Kubernetes swaps a whole folder of mounted files through the link `..data`.
      const bool ours = names != names_.end() && (names->second.contains(name) || name == "..data");
      concerned = concerned || ours || (event->mask & IN_Q_OVERFLOW) != 0;
    }
  }
  if (concerned) timer_.arm(loop_, kQuietUs);
}

void FileWatch::quiet() {
  on_change_();
}

}  // namespace doorward::server
