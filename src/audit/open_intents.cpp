#include "audit/open_intents.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>

#include "audit/descriptor.h"

namespace doorward::audit {
namespace {

constexpr char kMagic[8] = {'D', 'W', 'O', 'P', 'E', 'N', '0', '1'};

}  // namespace

struct OpenIntents::Page {
  char magic[8];
  std::atomic<std::uint64_t> epoch;
  std::atomic<std::uint64_t> seq;
  std::atomic<std::uint64_t> check;  ///< epoch ^ ~seq, stored last
};

Result<std::unique_ptr<OpenIntents>> OpenIntents::create(const std::string& path) {
  const auto error = [&path](int code) {
    return fail(code == ENOSPC ? ErrorKind::exhausted : ErrorKind::unavailable,
                "cannot make " + path + ": " + std::strerror(code) + "; free space or check the permissions");
  };
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return error(errno);
  if (const int code = ::posix_fallocate(fd.get(), 0, sizeof(Page)); code != 0) return error(code);
  void* map = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (map == MAP_FAILED) return error(errno);
  std::unique_ptr<OpenIntents> intents(new OpenIntents);
  intents->page_ = static_cast<Page*>(map);
  std::memcpy(intents->page_->magic, kMagic, sizeof kMagic);
  return intents;
}

OpenIntents::~OpenIntents() {
  if (page_ != nullptr) ::munmap(page_, sizeof(Page));
}

RecordPlace OpenIntents::recover(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char bytes[sizeof(Page)];
  if (!fd || ::read(fd.get(), bytes, sizeof bytes) != static_cast<ssize_t>(sizeof bytes)) return {};
  std::uint64_t words[4];
  std::memcpy(words, bytes, sizeof words);
  if (std::memcmp(bytes, kMagic, sizeof kMagic) != 0 || words[3] != (words[1] ^ ~words[2])) return {};
  return {words[1], words[2]};
}

void OpenIntents::opened(std::string_view id, RecordPlace place) {
  const std::size_t hash = std::hash<std::string_view>{}(id);
  order_.push_back({hash, place});
  open_.insert(hash);
}

void OpenIntents::closed(std::string_view id) {
  if (const auto found = open_.find(std::hash<std::string_view>{}(id)); found != open_.end())
    open_.erase(found);
}

void OpenIntents::publish(RecordPlace end) {
  while (!order_.empty() && !open_.contains(order_.front().id)) order_.pop_front();
  const RecordPlace oldest = order_.empty() ? end : order_.front().place;
  if (page_->epoch.load(std::memory_order_relaxed) == oldest.epoch &&
      page_->seq.load(std::memory_order_relaxed) == oldest.seq) {
    return;
  }
  page_->epoch.store(oldest.epoch, std::memory_order_release);
  page_->seq.store(oldest.seq, std::memory_order_release);
  page_->check.store(oldest.epoch ^ ~oldest.seq, std::memory_order_release);
}

}  // namespace doorward::audit
